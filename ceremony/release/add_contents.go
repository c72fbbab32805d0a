package release

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"syscall"
)

// makeRoom begins the copying: from here on it is done beside something else.
func (a *adding) makeRoom() (err error) {
	a.progress = &progressing{tell: a.r.options.Progress}
	for _, f := range a.files {
		a.progress.now.Total += f.info.Size()
	}
	if !a.r.options.DryRun {
		a.scratch, err = a.r.scratch()
	}
	if err == nil {
		err = a.r.before("copy targets")
	}
	return err
}

// contents copies what has to be copied, and names what has to be moved.
func (a *adding) contents(ctx context.Context) (payloads []payload, err error) {
	for _, f := range a.files {
		a.progress.next(f)
		if f.content, err = a.store(ctx, f); err != nil {
			return nil, fmt.Errorf("copy %q: %w", f.File, err)
		}
		_ = f.close() // it was only read
		if payloads, err = a.place(payloads, f); err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

// lacking is how many copies will be needed, as far as that can be told: where
// the source seems to lie already, there is none. Where it turns out to be another,
// the commit makes one more.
func (a *adding) lacking(f *sourceFile) (count int) {
	for _, c := range f.channels {
		if !c.listed || c.was.Length != f.info.Size() || !a.r.resembles(f, a.name(f, c)) {
			count++
		}
	}
	return count
}

// resembles compares a file with the source where builds differ: programs carry
// what tells them apart at the start, and archives at the end.
func (r *Repository) resembles(f *sourceFile, name string) bool {
	there, err := r.dir.Open(name)
	if err != nil {
		return false
	}
	defer there.Close()
	info, err := there.Stat()
	if err != nil || info.Size() != f.info.Size() {
		return false
	}
	const part = 64 << 10
	one, other := make([]byte, part), make([]byte, part)
	for _, at := range []int64{0, max(0, f.info.Size()-part)} {
		n, _ := f.file.ReadAt(one, at)
		m, _ := there.ReadAt(other, at)
		if !bytes.Equal(one[:n], other[:m]) {
			return false
		}
	}
	return true
}

// place gives each name a copy, but for those that hold it already.
func (a *adding) place(payloads []payload, f *sourceFile) ([]payload, error) {
	free := f.copies
	for _, c := range f.channels {
		p := payload{name: a.name(f, c), length: f.length, sha512: f.sum}
		if c.lists(f.content) {
			there, err := a.r.holds(p)
			if err != nil {
				return nil, err
			}
			if there {
				continue
			}
		}
		if len(free) > 0 {
			p.scratch, free = free[0], free[1:]
		} else if len(f.copies) > 0 {
			p.scratch = f.copies[0] // the commit makes another of it
		}
		payloads = append(payloads, p)
	}
	return payloads, nil
}

// holds reports whether the content lies in its place.
func (r *Repository) holds(p payload) (bool, error) {
	info, err := r.dir.Stat(p.name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != p.length {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	sum, _, err := r.digest(p.name)
	return sum == p.sha512, err
}

// name is where the file of a channel lies. With consistent snapshots its hash is
// part of the name, as v0.5.2 writes it.
func (a *adding) name(f *sourceFile, c channel) string {
	name := path.Join(repositoryFolder, payloadsFolder, c.path)
	if !a.r.root.Consistent {
		return name
	}
	return path.Join(path.Dir(name), hex.EncodeToString(f.sum[:])+"."+path.Base(name))
}

// full says what helps when there is no room.
func full(err error) error {
	hint := "nothing was changed"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		hint += "; make room on the disk of the repository and try again"
	}
	return fmt.Errorf("%w\nhint: %s", err, hint)
}

// added is what is told of each name.
func (a *adding) added() (all []AddedTarget) {
	for _, f := range a.files {
		for _, c := range f.channels {
			t := AddedTarget{Path: c.path, Source: f.File, Length: f.length, SHA512: hex.EncodeToString(f.sum[:]), Version: f.Version}
			if c.listed {
				t.Was = c.version()
				t.Same = c.lists(f.content) && t.Was == f.Version
				t.Replaced = !t.Same
			}
			all = append(all, t)
		}
	}
	return all
}

// lists reports whether the target was listed with this content.
func (c channel) lists(now content) bool {
	return c.listed && c.was.Length == now.length && bytes.Equal(c.was.Hashes["sha512"], now.sum[:])
}

// version is what the target was listed with; empty when that is no version.
func (c channel) version() string {
	var custom struct {
		Version string `json:"version"`
	}
	if json.Unmarshal(c.was.Custom, &custom) != nil {
		return ""
	}
	return custom.Version
}
