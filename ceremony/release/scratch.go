package release

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// scratch is .signer/new, where content lies before it is committed. What is not
// committed goes when the repository is closed, or opened the next time.
type scratch struct{ r *Repository }

// scratch is ready to be written to, or the error says why not.
func (r *Repository) scratch() (scratch, error) {
	if err := r.writable(); err != nil {
		return scratch{}, err
	}
	if err := r.before("make scratch"); err != nil {
		return scratch{}, err
	}
	return scratch{r}, r.dir.MkdirAll(newFolder)
}

// create makes the next file. Whoever writes it ends with finish, and names it in
// a payload.
func (s scratch) create() (name string, f *os.File, err error) { return s.createFor(placePayload) }

// createFor makes a file that nobody could open meanwhile who may not read it.
func (s scratch) createFor(at place) (name string, f *os.File, err error) {
	s.r.used++
	name = strconv.Itoa(s.r.used)
	f, err = s.r.dir.CreateNew(newFolder+"/"+name, at.perm())
	return name, f, err
}

// finish makes what was written durable, and closes it.
func (s scratch) finish(f *os.File) error {
	err := f.Sync()
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write new content: %w", err)
	}
	return nil
}

// again makes another file with the content of one that is there.
//
// It is no hard link: go-tuf v0.5.2 replaces a file of the repository by cutting
// it off where it lies and writing into it. Measured: where 1.2.3 and stable were
// linked, fleetctl's next add to stable wrote 1.2.4 into 1.2.3 as well. Where the
// file system can, the copy shares its blocks.
func (s scratch) again(name string) (string, error) {
	from, err := s.r.dir.Open(newFolder + "/" + name)
	if err != nil {
		return "", err
	}
	defer from.Close()
	other, to, err := s.create()
	if err != nil {
		return "", err
	}
	if !clone(to, from) {
		if _, err := io.Copy(to, from); err != nil {
			return "", errors.Join(fmt.Errorf("copy new content: %w", err), to.Close())
		}
	}
	return other, s.finish(to)
}

// write makes a small file, durably.
func (s scratch) write(b []byte, at place) (string, error) {
	name, f, err := s.createFor(at)
	if err != nil {
		return "", err
	}
	if _, err := f.Write(b); err != nil {
		return "", errors.Join(fmt.Errorf("write new content: %w", err), f.Close())
	}
	return name, s.finish(f)
}

// digest reads a file of the folder in pieces.
func (r *Repository) digest(name string) (d fileDigest, length int64, err error) {
	f, err := r.dir.Open(name)
	if err != nil {
		return d, 0, err
	}
	defer f.Close()
	sum := sha512.New()
	length, err = io.Copy(sum, f)
	if err != nil {
		return d, 0, fmt.Errorf("read %q: %w", name, err)
	}
	return fileDigest(sum.Sum(nil)), length, nil
}
