package release

// How a file comes into the repository. It is read once, whatever the number of
// its channels: piece by piece it is copied into scratch, once for each channel,
// and while the next piece is copied the one before is hashed, from the copy: what
// is hashed is what is published, whatever happens to the source meanwhile.
//
// Each channel has a file of its own and not a link, for fleetctl overwrites files
// in place; see scratch.again. Where the file system can, as Btrfs and XFS, the
// kernel lets them share their blocks (copy_file_range, which os.File.ReadFrom
// calls).

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"os"
)

// pieceSize is a multiple of the blocks that file systems share.
const pieceSize = 4 << 20

// errChanging is a source that somebody writes to.
var errChanging = errors.New("it was written to after it was looked at")

// content is what was read of a source.
type content struct {
	length int64
	sum    [sha512.Size]byte
	copies []string // in scratch; none in a dry run
}

// store reads a source, and leaves copies of it in scratch.
func (a *adding) store(ctx context.Context, f *sourceFile) (c content, err error) {
	if a.r.options.DryRun {
		c, err = hashed(ctx, f.file, a.progress.moved)
	} else {
		c, err = a.copied(ctx, f)
	}
	if err != nil {
		return content{}, err
	}
	return c, f.unchanged(c.length)
}

// unchanged refuses a file that is being built: half of it was read perhaps.
func (s *sourceFile) unchanged(length int64) error {
	after, err := s.file.Stat()
	if err == nil && (length != s.info.Size() || after.Size() != length || !after.ModTime().Equal(s.info.ModTime())) {
		err = errChanging
	}
	return bare(err)
}

// hashed reads without writing.
func hashed(ctx context.Context, f *os.File, moved func(int64)) (content, error) {
	sum := sha512.New()
	for length := int64(0); ; {
		n, err := io.CopyN(sum, f, pieceSize)
		length += n
		moved(n)
		switch {
		case err == io.EOF:
			return content{length: length, sum: [sha512.Size]byte(sum.Sum(nil))}, nil
		case err == nil:
			err = context.Cause(ctx)
		}
		if err != nil {
			return content{}, bare(err)
		}
	}
}

// copied writes the copies, and hashes the first.
func (a *adding) copied(ctx context.Context, f *sourceFile) (content, error) {
	into, err := a.openCopies(a.lacking(f))
	defer into.close()
	if err != nil {
		return content{}, err
	}
	pieces, sum := make(chan int64, 4), make(chan summed, 1)
	go func() { sum <- sumPieces(into.again, pieces) }()
	err = into.fill(ctx, f.file, func(n int64) {
		pieces <- n
		a.progress.moved(n)
	})
	close(pieces)
	synced := make(chan error, 1)
	go func() { synced <- into.sync(err) }() // the disk writes while the rest is hashed
	s := <-sum
	if err := errors.Join(<-synced, bare(s.err)); err != nil {
		return content{}, err
	}
	return content{length: s.length, sum: s.sum, copies: into.names}, nil
}

type summed struct {
	length int64
	sum    [sha512.Size]byte
	err    error
}

// sumPieces hashes what lies in the file, as far as it is said to.
func sumPieces(f io.ReaderAt, pieces <-chan int64) (s summed) {
	sum, buffer := sha512.New(), make([]byte, 256<<10)
	for n := range pieces {
		if s.err != nil {
			continue
		}
		var done int64
		done, s.err = io.CopyBuffer(sum, io.NewSectionReader(f, s.length, n), buffer)
		if s.length += done; s.err == nil && done < n {
			s.err = fmt.Errorf("a copy in scratch: %w", io.ErrUnexpectedEOF)
		}
	}
	s.sum = [sha512.Size]byte(sum.Sum(nil))
	return s
}

// copies are files of scratch that are being written.
type copies struct {
	scratch scratch
	names   []string
	files   []*os.File
	again   *os.File // reads the first
}

func (a *adding) openCopies(count int) (c *copies, err error) {
	c = &copies{scratch: a.scratch}
	for range max(count, 1) {
		name, f, err := c.scratch.create()
		if err != nil {
			return c, err
		}
		c.names, c.files = append(c.names, name), append(c.files, f)
	}
	c.again, err = a.r.dir.Open(newFolder + "/" + c.names[0])
	return c, err
}

// fill copies the source to its end. Whoever asks is told of each piece that lies
// in all copies.
func (c *copies) fill(ctx context.Context, source *os.File, lies func(int64)) error {
	for at := int64(0); ; {
		n, err := io.CopyN(c.files[0], source, pieceSize)
		end := err == io.EOF
		if end {
			err = nil
		}
		for _, other := range c.files[1:] {
			if err == nil {
				err = c.repeat(other, at, n)
			}
		}
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return bare(err)
		}
		at += n
		lies(n)
		if end {
			return nil
		}
	}
}

// repeat appends a piece of the first copy to another.
func (c *copies) repeat(other *os.File, at, n int64) error {
	if _, err := c.again.Seek(at, io.SeekStart); err != nil {
		return err
	}
	_, err := io.CopyN(other, c.again, n)
	return err
}

// sync makes all copies durable and closes them, unless they are of no use.
func (c *copies) sync(failed error) error {
	if failed != nil {
		return failed
	}
	done := make(chan error)
	for _, f := range c.files {
		go func() { done <- c.scratch.finish(f) }()
	}
	var errs []error
	for range c.files {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
}

// close lets go of what is open still. What was not synced counts for nothing.
func (c *copies) close() {
	for _, f := range c.files {
		_ = f.Close()
	}
	if c.again != nil {
		_ = c.again.Close()
	}
}
