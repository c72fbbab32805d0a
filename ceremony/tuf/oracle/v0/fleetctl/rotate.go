package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/theupdateframework/go-tuf"
)

// rotate revokes the keys that the role's key file holds, makes another, and
// signs everything again. The old private keys stay in the file.
func (c *call) rotate() (err error) {
	if len(c.args) != 1 {
		return errors.New("rotate needs a role")
	}
	role := c.args[0]
	repo, err := c.open()
	if err != nil {
		return err
	}
	store := c.store()
	if err := c.check(roles...); err != nil {
		return err
	}
	old, err := store.GetSigners(role)
	if err != nil {
		return err
	}
	for _, folder := range c.kept() {
		if err := keep(folder); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, c.settle(err == nil)) }()
	for _, key := range old {
		err := repo.RevokeKeyWithExpires(role, key.PublicData().IDs()[0], time.Now().Add(rootLasts))
		if err != nil && !errors.As(err, &tuf.ErrKeyNotFound{}) { // revoked before, and still in the file
			return err
		}
	}
	if err := generate(repo, role); err != nil {
		return err
	}
	if err := repo.Sign("root.json"); err != nil {
		return err
	}
	return publish(repo, nil, nil)
}

const kept = ".backup"

// kept are the folders that rotate puts back when it fails; staged is not one.
func (c *call) kept() []string {
	return []string{filepath.Join(c.path, "repository"), filepath.Join(c.path, "keys")}
}

func keep(folder string) error {
	if err := os.Mkdir(filepath.Join(folder, kept), 0o744); err != nil {
		return err
	}
	return copyAll(folder, filepath.Join(folder, kept))
}

// settle ends a rotation that went well, or puts back what was kept.
func (c *call) settle(well bool) error {
	for _, folder := range c.kept() {
		if !well {
			if err := putBack(folder); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(filepath.Join(folder, kept)); err != nil {
			return err
		}
	}
	if !well {
		fmt.Println("Rolling back changes.")
	}
	return nil
}

func putBack(folder string) error {
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(folder, kept, filepath.Base(name))); err == nil {
			continue
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return copyAll(filepath.Join(folder, kept), folder)
}

func copyAll(from, to string) error {
	names, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(name)), content, info.Mode().Perm()); err != nil {
			return err
		}
	}
	return nil
}
