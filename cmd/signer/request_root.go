package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// knownRoot is the root that keys are meant for, as the releaser's machine has it.
type knownRoot struct {
	*tuf.Root
	repository *tuf.Digest // of 1.root.json; nil when not all roots lie beside it
	rehearsal  bool        // it lies on a drive of a rehearsal
}

// readKnownRoot reads a root.json, or that of a repository folder or of a drive.
// It must be signed by its own keys, and by those of the roots beside it.
func readKnownRoot(name string) (knownRoot, error) {
	folder, file, err := whereRootIs(name)
	if err != nil {
		return knownRoot{}, fmt.Errorf("read root: %w", err)
	}
	dir, err := tuf.OpenDir(folder)
	if err != nil {
		return knownRoot{}, fmt.Errorf("read root: %w", err)
	}
	defer func() { _ = dir.Close() }() // nothing was written
	b, err := dir.ReadFile(file, tuf.MaxRootSize)
	if err != nil {
		return knownRoot{}, err
	}
	root, err := tuf.ParseRoot(b, tuf.History)
	if err == nil {
		_, err = root.VerifyBy(root, tuf.RoleRoot)
	}
	k := knownRoot{Root: root}
	if err == nil {
		k.repository, err = repositoryOf(dir, root)
	}
	if err == nil {
		k.rehearsal, err = onRehearsalDrive(folder)
	}
	if err != nil {
		return knownRoot{}, fmt.Errorf("read %q: %w", name, err)
	}
	return k, nil
}

// whereRootIs is the folder and the name of the file.
func whereRootIs(name string) (folder, file string, err error) {
	const latest = "root.json"
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return "", "", err
	case !info.IsDir():
		return filepath.Dir(name), filepath.Base(name), nil
	}
	if inner := filepath.Join(name, "repository"); isDir(inner) {
		return inner, latest, nil
	}
	return name, latest, nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// repositoryOf follows the roots beside this one from the first, whose digest
// names the repository. Who downloaded root.json alone does not know it.
func repositoryOf(dir *tuf.Dir, root *tuf.Root) (*tuf.Digest, error) {
	var chain *tuf.Chain
	for version := int64(1); version <= root.Version; version++ {
		b, err := dir.ReadFile(fmt.Sprintf("%d.root.json", version), tuf.MaxRootSize)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err == nil && version == 1 {
			chain, err = tuf.NewChain(b, tuf.History)
		} else if err == nil {
			err = chain.Append(b)
		}
		if err != nil {
			return nil, err
		}
	}
	if chain.Latest().Digest() != root.Digest() {
		return nil, fmt.Errorf("root.json and %d.root.json: %w", root.Version, tuf.ErrFork)
	}
	first := chain.First()
	return &first, nil
}

// onRehearsalDrive looks for the drive that a repository/ folder is on. What has
// no manifest, or none that can be read, is no drive of a rehearsal.
func onRehearsalDrive(folder string) (bool, error) {
	for _, place := range []string{folder, filepath.Join(folder, "..")} {
		dir, err := tuf.OpenDir(place)
		if err != nil {
			return false, err
		}
		manifest, err := manifestOf(dir)
		if err := errors.Join(err, dir.Close()); err != nil {
			return false, err
		}
		if manifest != nil && manifest.Rehearsal {
			return true, nil
		}
	}
	return false, nil
}

// days are the whole days that are left to the root.
func (k knownRoot) days(now time.Time) int {
	return int(math.Floor(k.Expires.Sub(now).Hours() / 24))
}

// sentence says which root it is, as people compare it.
func (k knownRoot) sentence(now time.Time) string {
	words := k.Digest().Words()
	s := fmt.Sprintf("Root %d (%s %s ...) ", k.Version, words[0], words[1])
	expires := k.Expires.UTC().Format("Mon 2 Jan 2006")
	switch days := k.days(now); {
	case !k.Expires.After(now):
		s += "expired on " + expires
	case days == 1:
		s += "expires on " + expires + ", in 1 day"
	default:
		s += fmt.Sprintf("expires on %s, in %d days", expires, days)
	}
	return ceremony.Foreign(s)
}
