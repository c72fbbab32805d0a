package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// places are the two folders that are written to: private keys into one, and
// what may be seen by everybody into the other.
type places struct {
	signing, transfer *tuf.Dir
	rehearsal         bool // one of them is a drive of a rehearsal
}

func (p *places) close() {
	for _, dir := range []*tuf.Dir{p.signing, p.transfer} {
		if dir != nil {
			_ = dir.Close() // all writes are durable, and were read back
		}
	}
}

// places looks at both folders before anybody types.
func (r keyRequest) places() (*places, error) {
	err := isNoWorkplace(ceremony.Signing, r.signing)
	if err == nil {
		err = isNoWorkplace(ceremony.Transfer, r.transfer)
	}
	if err == nil {
		err = apart(r.signing, r.transfer)
	}
	if err != nil {
		return nil, err
	}
	p := &places{}
	names := []string{}
	for _, role := range r.roles {
		names = append(names, keyFileName(role))
	}
	if p.signing, err = p.open(r.signing, ceremony.Signing, names...); err == nil {
		p.transfer, err = p.open(r.transfer, ceremony.Transfer, ceremony.RequestName)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// open opens the folder of a drive that files of these names shall go to.
func (p *places) open(name string, role ceremony.DriveRole, files ...string) (*tuf.Dir, error) {
	dir, err := tuf.OpenDir(name)
	if err != nil {
		return nil, fmt.Errorf("open the %s drive: %w", role, err)
	}
	if err = p.fits(dir, role, files); err == nil {
		err = tryToWrite(name)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s drive %q: %w", role, name, err), dir.Close())
	}
	return dir, nil
}

func (p *places) fits(dir *tuf.Dir, role ceremony.DriveRole, files []string) error {
	manifest, err := manifestOf(dir)
	if err != nil {
		return err
	}
	if manifest != nil {
		p.rehearsal = p.rehearsal || manifest.Rehearsal
		if manifest.Role != role {
			return fmt.Errorf("it is a %s drive: %w", manifest.Role, ceremony.ErrForbidden)
		}
	}
	if !role.MayHoldKeys() {
		if free, err := isFree(dir, keysFolder); err != nil {
			return err
		} else if !free {
			return fmt.Errorf("it has %s: %w", keysFolder, ceremony.ErrForbidden)
		}
	}
	for _, f := range files {
		if free, err := isFree(dir, f); err != nil {
			return err
		} else if !free {
			return fmt.Errorf("%q is there already: name another folder, or move the file away: %w", f, errUnsafe)
		}
	}
	return nil
}

// manifestOf is what a folder says it is; nil when it says nothing.
func manifestOf(dir *tuf.Dir) (*ceremony.Manifest, error) {
	const most = 1 << 20
	b, err := dir.ReadFile(ceremony.ManifestName, most)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ceremony.ParseManifest(b)
}

// isFree reports whether nothing has this name. It reads no byte, and follows no
// link on the way.
func isFree(dir *tuf.Dir, name string) (bool, error) {
	_, err := dir.ReadFile(name, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err == nil, errors.Is(err, tuf.ErrTooLarge), name == keysFolder && errors.Is(err, tuf.ErrNotFile):
		return false, nil
	}
	return false, err
}

// tryToWrite finds out what a person should not learn after typing passphrases.
func tryToWrite(dir string) error {
	f, err := os.CreateTemp(dir, tuf.TemporaryPrefix)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
