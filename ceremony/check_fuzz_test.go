package ceremony_test

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// memoryTree is a tree of files alone.
type memoryTree map[string][]byte

func (m memoryTree) List() ([]tuf.Entry, error) {
	folders := map[string]bool{}
	for name := range m {
		for dir := filepath.ToSlash(filepath.Dir(name)); dir != "."; dir = filepath.ToSlash(filepath.Dir(dir)) {
			folders[dir] = true
		}
	}
	var list []tuf.Entry
	for dir := range folders {
		list = append(list, tuf.Entry{Name: dir, Mode: fs.ModeDir | 0o755})
	}
	for name, data := range m {
		list = append(list, tuf.Entry{Name: name, Size: int64(len(data)), Mode: 0o644})
	}
	slices.SortFunc(list, func(a, b tuf.Entry) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func (m memoryTree) ReadFile(name string, limit int64) ([]byte, error) {
	switch b, ok := m[name]; {
	case !ok:
		return nil, fs.ErrNotExist
	case int64(len(b)) > limit:
		return nil, tuf.ErrTooLarge
	default:
		return b, nil
	}
}

// FuzzCheck puts any bytes in the place of any file: a check never panics, and
// what it shows is plain.
func FuzzCheck(f *testing.F) {
	w := newWorld(f, usb.VirtualOptions{})
	if err := w.run(f, nil); err != nil {
		f.Fatal(err)
	}
	drives := map[string]map[string][]byte{"signing": w.files(f, "signing"), "repository": w.files(f, "repository")}
	for label, files := range drives {
		for name, data := range files {
			if !strings.HasSuffix(name, "/") {
				f.Add(label, name, data)
				f.Add(label, name, data[:len(data)/2])
			}
		}
	}
	f.Fuzz(func(t *testing.T, label, name string, data []byte) {
		files, ok := drives[label]
		if !ok || !fs.ValidPath(name) || name == "." {
			t.Skip("no drive of ours, or no name")
		}
		tree := memoryTree{}
		for n, b := range files {
			if !strings.HasSuffix(n, "/") {
				tree[n] = b
			}
		}
		same := string(tree[name]) == string(data)
		tree[name] = data
		r := ceremony.Check(tree, noon)
		if !same && !tuf.Harmless(name) && r.Verdict == ceremony.Good && !strings.HasPrefix(name, "ledger/") {
			t.Errorf("%q was replaced, and all is good", name)
		}
		pageIsPlain(t, r)
	})
}
