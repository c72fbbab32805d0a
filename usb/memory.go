package usb

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"signer/ceremony"
)

// Memory is a shelf of virtual drives in memory. It outlives the tray, as drives
// outlive a power cut: open another tray on it. It belongs to one tray at a time.
type Memory struct{ drives map[string]memory }

// NewMemory has no drives yet.
func NewMemory() *Memory { return &Memory{drives: map[string]memory{}} }

// Clone is another shelf with the same drives as they are now. What is done to one
// does not show on the other: whoever tries many endings begins each from here.
func (m *Memory) Clone() *Memory {
	c := NewMemory()
	for label, files := range m.drives {
		c.drives[label] = maps.Clone(files) // the bytes of a file are never changed in place
	}
	return c
}

func (m *Memory) labels() ([]string, error) { return slices.Sorted(maps.Keys(m.drives)), nil }

func (m *Memory) open(label string) (store, error) {
	if files, ok := m.drives[label]; ok {
		return files, nil
	}
	return nil, fs.ErrNotExist
}

func (m *Memory) make(label string) (store, error) {
	if m.drives[label] == nil {
		m.drives[label] = memory{}
	}
	return m.drives[label], nil
}

// memory is the files and folders of one drive, by name.
type memory map[string]memoryFile

type memoryFile struct {
	data []byte
	mode fs.FileMode
}

func (m memory) entry(name string) (ceremony.Entry, error) {
	f, ok := m[name]
	if !ok {
		return ceremony.Entry{}, fs.ErrNotExist
	}
	return ceremony.Entry{Name: path.Base(name), Size: int64(len(f.data)), Mode: f.mode}, nil
}

func (m memory) children(dir string) ([]ceremony.Entry, error) {
	var entries []ceremony.Entry
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if path.Dir(name) == dir {
			e, err := m.entry(name)
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (m memory) read(name string, limit int64) ([]byte, error) {
	f, ok := m[name]
	switch {
	case !ok:
		return nil, fs.ErrNotExist
	case !f.mode.IsRegular():
		return nil, ceremony.ErrNotFile
	case int64(len(f.data)) > limit:
		return nil, ceremony.ErrTooLarge
	}
	return slices.Clone(f.data), nil
}

func (m memory) mkdir(name string) error {
	m[name] = memoryFile{mode: fs.ModeDir | 0o755}
	return nil
}

func (m memory) create(name string, perm fs.FileMode) error {
	if _, ok := m[name]; ok {
		return fs.ErrExist
	}
	m[name] = memoryFile{mode: perm}
	return nil
}

func (m memory) write(name string, data []byte) error {
	f, ok := m[name]
	if !ok {
		return fs.ErrNotExist
	}
	f.data = slices.Clone(data)
	m[name] = f
	return nil
}

func (m memory) zero(name string, size int64) error { return m.write(name, make([]byte, size)) }

func (m memory) rename(from, to string) error {
	m[to] = m[from]
	delete(m, from)
	return nil
}

func (m memory) remove(name string) error {
	for other := range m {
		if strings.HasPrefix(other, name+"/") {
			return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrExist}
		}
	}
	delete(m, name)
	return nil
}

func (m memory) sync(string) error { return nil }
func (m memory) close() error      { return nil }

func (m memory) clear() error {
	clear(m)
	return nil
}
