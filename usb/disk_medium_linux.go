package usb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"signer/ceremony"
)

// realMedium is a mounted real drive.
type realMedium struct {
	sync.Mutex
	r      *Real
	p      *plugged
	disk   *os.File // to flush its cache
	part   string   // device of the file system: "sda1"
	dir    string   // where it is mounted
	root   *os.Root
	write  bool
	closed bool
	left   bool // unmounted, or about to be by the kernel
	gone   atomic.Bool
}

func (m *realMedium) name() string { return called(m.value()) }

func (m *realMedium) value() ceremony.Drive {
	m.r.mu.Lock()
	defer m.r.mu.Unlock()
	return m.p.value()
}

func (m *realMedium) ready() error {
	switch {
	case m.gone.Load():
		return ceremony.ErrGone
	case m.closed:
		return fs.ErrClosed
	}
	return nil
}

// Real drives fail by themselves, and tell when they are full.
func (m *realMedium) at(Op, string) error      { return nil }
func (m *realMedium) reading(Op, string) error { return nil }
func (m *realMedium) room(int64) error         { return nil }
func (m *realMedium) remember(string)          {}
func (m *realMedium) renamed(_, _ string)      {}

// flush writes out the file system, and then has the drive empty its own cache,
// which the first does not (measured: vfat flushes it for one file at a time).
func (m *realMedium) flush() error {
	root, err := m.root.Open(".")
	if err != nil {
		return err
	}
	defer root.Close()
	if err := unix.Syncfs(int(root.Fd())); err != nil {
		return err
	}
	if err := m.disk.Sync(); err != nil {
		return err
	}
	if m.r.sys.seq(m.p.name) != m.p.seq {
		return ceremony.ErrGone // the kernel tells of a failed writing once, and somebody may have heard it
	}
	return nil
}

func (m *realMedium) explain(err error) error { return m.r.explain(m.p, err) }

// close unmounts the drive. Whatever fails, it is not mounted any more.
func (m *realMedium) close() error {
	if err := m.ready(); err != nil {
		m.leave()
		return err
	}
	m.closed = true
	defer m.leave()
	var err error
	if m.write {
		err = m.flush()
	}
	err = errors.Join(err, m.root.Close(), m.unmount())
	if err == nil {
		err = m.drop()
	}
	if err == nil {
		_, err = m.r.unused(m.p) // or the computer's own system came in between
	}
	return m.explain(err)
}

func (m *realMedium) unmount() error {
	err := unix.Unmount(m.dir, 0)
	if err != nil {
		err = errors.Join(fmt.Errorf("unmount it: %w", err), unix.Unmount(m.dir, unix.MNT_DETACH))
	}
	return errors.Join(err, os.Remove(m.dir))
}

// pulled ends the volume of a drive that is not there any more. Somebody may be
// in the middle of using it, and is not waited for.
func (m *realMedium) pulled() {
	m.gone.Store(true)
	go func() {
		m.Lock()
		defer m.Unlock()
		m.leave()
	}()
}

// leave lets go of the drive. Its lock is held.
func (m *realMedium) leave() {
	if m.left {
		return
	}
	m.left = true
	if !m.closed {
		_ = m.root.Close()
		_ = unix.Unmount(m.dir, unix.MNT_DETACH)
		_ = os.Remove(m.dir)
	}
	_ = m.disk.Close()
	m.r.release(m.p)
}

// explain says what an error means. The first that a pulled drive shows is an
// i/o error, and that it is gone a moment later.
func (r *Real) explain(p *plugged, err error) error {
	switch {
	case err == nil:
		return nil
	case r.isGone(p, err):
		return ceremony.ErrGone
	case errors.Is(err, unix.ENOSPC):
		return ceremony.ErrFull
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EACCES): // which nobody else says to root
		return ErrReadOnly
	}
	return err
}

// pulledErrors are what a drive gives while it is being taken out.
var pulledErrors = []error{unix.EIO, unix.ENXIO, unix.ENODEV, unix.ENOMEDIUM, unix.ESHUTDOWN, unix.EROFS}

// farewell is how long the kernel may take to say that a drive is gone; it was
// measured to take 0.13 s, and a slow computer has its time too.
const farewell = 3 * time.Second

func (r *Real) isGone(p *plugged, err error) bool {
	if errors.Is(err, ceremony.ErrGone) {
		return true
	}
	if !slices.ContainsFunc(pulledErrors, func(e error) bool { return errors.Is(err, e) }) {
		return r.sys.seq(p.name) != p.seq
	}
	for began := time.Now(); time.Since(began) < farewell; time.Sleep(pause) {
		if r.sys.seq(p.name) != p.seq {
			return true
		}
	}
	return false
}
