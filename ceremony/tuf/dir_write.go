package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// TemporaryPrefix begins the name of a file that is being written, and a number
// ends it: v0 tools take every *.json for metadata.
const TemporaryPrefix = ".signer-tmp-"

// ErrOtherRoot means a root of the same version with other bytes. Clients notice
// no second root of a version, so it is never put in place of the first.
var ErrOtherRoot = errors.New("another root of this version is there already")

// CheckRoots refuses files that would put other bytes in place of a root, or an
// older root.json in place of a newer one.
func CheckRoots(t Tree, files []File) error {
	entries, err := t.List()
	if err != nil {
		return err
	}
	var latest int64
	fresh := map[string][]byte{}
	for _, f := range files {
		version, ok := rootVersion(f.Name)
		if !ok {
			continue
		}
		fresh[f.Name], latest = f.Data, max(latest, version)
	}
	for _, e := range entries {
		version, ok := rootVersion(e.Name)
		if !ok {
			continue
		}
		data, replaced := fresh[e.Name]
		if !replaced {
			if version > latest && latest > 0 {
				return fmt.Errorf("%q is there, and the root to be written is %d: %w", e.Name, latest, ErrRollback)
			}
			continue
		}
		old, err := t.ReadFile(e.Name, MaxRootSize)
		if err != nil {
			return err
		}
		if !bytes.Equal(old, data) {
			return fmt.Errorf("%q (%s) in place of %s: %w", e.Name, DigestOf(data), DigestOf(old), ErrOtherRoot)
		}
	}
	return nil
}

// rootVersion reads repository/<N>.root.json.
func rootVersion(name string) (int64, bool) {
	base, ok := strings.CutPrefix(name, repositoryDir+"/")
	if !ok {
		return 0, false
	}
	return versionOf(base, RoleRoot)
}

// Write puts the files in place, one after the other. Before the first, CheckRoots
// has its say. Whatever happens, each file is absent, as it was, or whole; one
// that is there with these bytes and permissions is left alone.
func (d *Dir) Write(files []File) error {
	if err := CheckRoots(d, files); err != nil {
		return fmt.Errorf("write files: %w", err)
	}
	for _, f := range files {
		if err := d.write(f); err != nil {
			return fmt.Errorf("write %q: %w", f.Name, err)
		}
	}
	return nil
}

func (d *Dir) write(f File) error {
	dir := path.Dir(f.Name)
	if err := d.mkdirAll(dir); err != nil {
		return err
	}
	if same, err := d.holds(f); same || err != nil {
		return err
	}
	name, err := d.writeTemporary(dir, f)
	if err != nil {
		return err
	}
	if err := d.root.Rename(name, f.Name); err != nil {
		return errors.Join(cause(err), d.root.Remove(name))
	}
	return d.syncFolder(dir)
}

// holds reports whether the file is there as it is to be. Something else than a
// file is not replaced.
func (d *Dir) holds(f File) (bool, error) {
	info, err := d.lookAt(f.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, ErrNotFile
	}
	if info.Size() != int64(len(f.Data)) || info.Mode().Perm() != f.Perm {
		return false, nil
	}
	old, err := d.readFile(f.Name, info.Size())
	return bytes.Equal(old, f.Data), err
}

// writeTemporary writes a new file in the same folder, durably.
func (d *Dir) writeTemporary(dir string, f File) (name string, err error) {
	var file *os.File
	for i := 1; ; i++ {
		name = path.Join(dir, TemporaryPrefix+strconv.Itoa(i))
		file, err = d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.Perm)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) || i == maxTemporary {
			return "", cause(err)
		}
	}
	_, err = file.Write(f.Data)
	if err == nil {
		err = file.Chmod(f.Perm) // whatever the umask is
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, d.root.Remove(name))
	}
	return name, nil
}

func (d *Dir) mkdirAll(dir string) error {
	info, err := d.lookAt(dir)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return ErrNotFile
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := path.Dir(dir)
	if err := d.mkdirAll(parent); err != nil {
		return err
	}
	if err := d.root.Mkdir(dir, 0o755); err != nil {
		return cause(err)
	}
	return d.syncFolder(parent)
}

// syncFolder makes a new name durable. Windows has no such thing for folders.
func (d *Dir) syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := d.open(dir, fs.FileMode.IsDir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
