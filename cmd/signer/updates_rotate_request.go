//go:build !airgap

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"signer/ceremony"
	"signer/ceremony/release"
	"signer/ceremony/tuf"
)

// rotationRequest brings the new key of a rotation to those who hold the root keys.
// It lies beside its place, whole, before the key is committed; then a rename is
// all that is left to do.
type rotationRequest struct {
	*rotateWork
	rand io.Reader

	dir       *tuf.Dir
	name      string // in dir
	temporary string // in dir; empty when there is none
}

// Prepare implements release.Request.
func (q *rotationRequest) Prepare(r release.Requested) (file string, err error) {
	rehearsal, err := q.open()
	if err != nil {
		return "", fmt.Errorf("request the new key: %w", err)
	}
	b, err := q.write(r, rehearsal)
	if err == nil {
		err = q.putBeside(b)
	}
	if err != nil {
		return "", fmt.Errorf("request the new key: %w", err)
	}
	return q.place(), nil
}

// place is where the request goes, as people named it.
func (q *rotationRequest) place() string {
	if q.file != "" {
		return q.file
	}
	return filepath.Join(q.transfer, ceremony.RequestName)
}

// open opens the folder that the request goes to, and reports whether it, or the
// repository, is of a rehearsal.
func (q *rotationRequest) open() (rehearsal bool, err error) {
	folder := filepath.Dir(q.place())
	if q.transfer != "" {
		err = isNoWorkplace(ceremony.Transfer, folder)
		if err == nil {
			err = apart(q.path, folder)
		}
	} else {
		err = isUnpublished(folder)
	}
	if err != nil {
		return false, err
	}
	q.name = filepath.Base(q.place())
	if q.dir, err = tuf.OpenDir(folder); err != nil {
		return false, err
	}
	p := &places{}
	if q.transfer != "" {
		if err := p.fits(q.dir, ceremony.Transfer, nil); err != nil {
			return false, fmt.Errorf("%q: %w", folder, err)
		}
	}
	rehearsal, err = onRehearsalDrive(filepath.Join(q.path, "repository"))
	return rehearsal || p.rehearsal, err
}

// isUnpublished refuses a folder whose files reach clients, or hold keys.
func isUnpublished(folder string) error {
	real, err := resolved(folder)
	if err != nil {
		return err
	}
	for dir := real; ; dir = filepath.Dir(dir) {
		if isPublished(dir) || filepath.Base(dir) == keysFolder {
			return fmt.Errorf("%q lies in %q, where nothing but a repository's own files belong: %w", folder, dir, errUnsafe)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// write makes the request. One that is there already, for the same keys and root,
// is left as it is: it may be on its way.
func (q *rotationRequest) write(r release.Requested, rehearsal bool) ([]byte, error) {
	about, err := ceremony.NewKeyRequest(r.Root, q.holder, q.now)
	if err != nil {
		return nil, err
	}
	about.Repository, about.Rehearsal = r.Repository, rehearsal
	for _, k := range r.Keys {
		if err := about.Add(r.Role, k, q.rand); err != nil {
			return nil, err
		}
	}
	there, err := q.dir.ReadFile(q.name, ceremony.MaxRequestSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return about.Encode()
	case err != nil:
		return nil, err
	}
	old, err := ceremony.ParseKeyRequest(there)
	switch {
	case err != nil || !asksForSame(old.Keys, about.Keys):
		return nil, fmt.Errorf("%q is there already, and asks for something else: %w\nhint: move it away, or name another place", q.place(), errUnsafe)
	case old.Root == about.Root && old.Holder == about.Holder && old.Rehearsal == about.Rehearsal && provenAll(old.Keys):
		return there, nil
	}
	return about.Encode()
}

func asksForSame(a, b []ceremony.RequestedKey) bool {
	return slices.EqualFunc(a, b, func(a, b ceremony.RequestedKey) bool { return a.Role == b.Role && a.Key.SameKey(b.Key) })
}

func provenAll(keys []ceremony.RequestedKey) bool {
	return !slices.ContainsFunc(keys, func(k ceremony.RequestedKey) bool { return !k.Proven() })
}

// putBeside writes the request under a name that every tool passes over.
func (q *rotationRequest) putBeside(b []byte) error {
	if q.dryRun {
		return tryToWrite(filepath.Dir(q.place()))
	}
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s%d", tuf.TemporaryPrefix, n)
		err := q.dir.WriteNew(tuf.File{Name: name, Data: b, Perm: 0o644})
		if errors.Is(err, fs.ErrExist) && n < 100 { // of a run that was cut off
			continue
		}
		if err != nil {
			return err
		}
		q.temporary = name
		return q.readBack(b)
	}
}

// readBack reads it as the ceremony will.
func (q *rotationRequest) readBack(b []byte) error {
	read, err := q.dir.ReadFile(q.temporary, ceremony.MaxRequestSize)
	if err == nil && !bytes.Equal(read, b) {
		err = errors.New("read the request again: it has other bytes")
	}
	if err == nil {
		_, err = ceremony.ParseKeyRequest(read)
	}
	return err
}

// Place implements release.Request.
func (q *rotationRequest) Place() error {
	if err := q.dir.Rename(q.temporary, q.name); err != nil {
		return err
	}
	q.temporary = ""
	return q.dir.Sync(".")
}

// Drop implements release.Request.
func (q *rotationRequest) Drop() {
	if q.dir == nil {
		return
	}
	if q.temporary != "" {
		_ = q.dir.Remove(q.temporary) // a stray that every tool passes over
	}
	_ = q.dir.Close() // all writes are durable, and were read back
	q.dir = nil
}
