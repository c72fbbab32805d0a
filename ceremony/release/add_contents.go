package release

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"syscall"
)

// contents copies what has to be copied, and names what has to be moved.
func (a *adding) contents(ctx context.Context) (payloads []payload, err error) {
	p := a.progress()
	for _, f := range a.files {
		p.next(f)
		if err = a.r.before("copy " + f.File); err == nil {
			f.content, err = a.r.store(ctx, f.file, a.lacking(f), p.moved)
		}
		if err != nil {
			return nil, full(fmt.Errorf("copy %q: %w", f.File, err))
		}
		_ = f.close() // it was only read
		if payloads, err = a.place(payloads, f); err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

// lacking is how many copies will be needed, as far as that is known: in whose
// place nothing lies of the same length.
func (a *adding) lacking(f *sourceFile) (count int) {
	for _, c := range f.channels {
		info, err := a.r.dir.Stat(a.name(f, c))
		if err != nil || info.Size() != f.size {
			count++
		}
	}
	return count
}

// place gives each name a copy, but for those that hold it already.
func (a *adding) place(payloads []payload, f *sourceFile) ([]payload, error) {
	free := f.copies
	for _, c := range f.channels {
		p := payload{name: a.name(f, c), length: f.length, sha512: f.sum}
		there, err := a.r.holds(p)
		if err != nil {
			return nil, err
		}
		if there {
			continue
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
				t.Same = c.was.Length == f.length && t.SHA512 == hex.EncodeToString(c.was.Hashes["sha512"]) && t.Was == f.Version
				t.Replaced = !t.Same
			}
			all = append(all, t)
		}
	}
	return all
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

// progressing tells of bytes as they are copied.
type progressing struct {
	tell func(Progress)
	now  Progress
}

func (a *adding) progress() *progressing {
	p := &progressing{tell: a.r.options.Progress}
	for _, f := range a.files {
		p.now.Total += f.size
	}
	return p
}

func (p *progressing) next(f *sourceFile) { p.now.Doing = "copying " + filepath.Base(f.File) }

func (p *progressing) moved(n int64) {
	p.now.Done += n
	if p.tell != nil {
		p.tell(p.now)
	}
}
