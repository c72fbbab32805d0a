package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// The lock is one of the kernel's on .signer/lock, so it ends with the process
// that has it, and a file that is left behind locks nothing. What the file says
// is for people, and believed only while the lock is held. The file stays: were
// it deleted, two could hold locks on two files of one name.
//
// It is golang.org/x/sys and package syscall, not github.com/gofrs/flock: that
// opens the file by its path, which may lead through a link out of the folder.

// ErrLocked means that another command works on this repository.
var ErrLocked = errors.New("another command works on this repository")

// Holder says who holds the lock. It is what somebody else's process wrote.
type Holder struct {
	Command string    `json:"command"`
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Since   time.Time `json:"since"`
}

// String is the holder for people: its texts are foreign, and shown quoted.
func (h Holder) String() string {
	if h.PID == 0 {
		return "a process that does not say its name"
	}
	return fmt.Sprintf("%q, process %d on %q, since %s", h.Command, h.PID, h.Host, h.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
}

const (
	lockPause     = 50 * time.Millisecond
	maxHolderSize = 4 << 10
)

type lock struct{ file *os.File }

// barredError is a folder that cannot be written.
type barredError struct{ err error }

func (e *barredError) Error() string { return e.err.Error() }

// acquire takes the lock, or waits for it when somebody is told so.
func (r *Repository) acquire(ctx context.Context) (*lock, error) {
	f, err := r.openLock()
	if err != nil {
		return nil, err
	}
	if err := r.waitFor(ctx, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l := &lock{f}
	if err := l.sign(r.holder()); err != nil {
		return nil, errors.Join(barring(fmt.Errorf("lock the repository: %w", err)), l.release())
	}
	return l, nil
}

func (r *Repository) openLock() (*os.File, error) {
	err := r.dir.MkdirAll(ourFolder)
	var f *os.File
	if err == nil {
		f, err = r.dir.OpenOrNew(lockName, 0o644)
	}
	if err != nil {
		return nil, barring(fmt.Errorf("lock the repository: %w", err))
	}
	return f, nil
}

// barring tells a folder that cannot be written from other faults. A full disk
// is one too: there is nothing to be done but to read.
func barring(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOSPC) {
		return &barredError{err}
	}
	return err
}

func (r *Repository) waitFor(ctx context.Context, f *os.File) error {
	for told := false; ; told = true {
		got, err := tryLock(f)
		switch {
		case err != nil:
			return fmt.Errorf("lock the repository: %w", err)
		case got:
			return nil
		case r.options.Waiting == nil:
			return fmt.Errorf("%w: %s\nhint: try again when it has ended", ErrLocked, readHolder(f))
		case !told:
			r.options.Waiting(readHolder(f))
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return fmt.Errorf("%w: %s: %w", ErrLocked, readHolder(f), context.Cause(ctx))
		}
	}
}

func (r *Repository) holder() Holder {
	host, _ := os.Hostname() // without it the file says less
	return Holder{Command: r.doing(), PID: os.Getpid(), Host: host, Since: r.options.Now.UTC().Truncate(time.Second)}
}

// sign writes who holds the lock. It is not made durable: it means nothing after
// the process.
func (l *lock) sign(h Holder) error {
	b, err := json.Marshal(h)
	if err == nil {
		err = l.file.Truncate(0)
	}
	if err == nil {
		_, err = l.file.WriteAt(append(b, '\n'), 0)
	}
	return err
}

// release empties the file, so that it does not name somebody who is gone.
func (l *lock) release() error {
	err := l.file.Truncate(0)
	return errors.Join(err, l.file.Close()) // which ends the lock
}

// readHolder reads what another process wrote. What cannot be read is nobody.
func readHolder(f *os.File) (h Holder) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, maxHolderSize))
	if err == nil {
		err = json.Unmarshal(b, &h)
	}
	if err != nil {
		return Holder{}
	}
	return h
}
