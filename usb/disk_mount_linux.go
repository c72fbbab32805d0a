package usb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"signer/ceremony"
)

// Open mounts a drive that has a file system. What an earlier Open has cached of
// the drive is dropped before.
func (r *Real) Open(ctx context.Context, d ceremony.Drive, write bool) (ceremony.Volume, error) {
	p, err := r.take(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", called(d), err)
	}
	m, err := r.mount(p, write)
	if err != nil {
		r.release(p)
		return nil, fmt.Errorf("open %q: %w", called(d), r.explain(p, err))
	}
	return &volume{m: m, store: &folder{m.root}, write: write}, nil
}

func (r *Real) mount(p *plugged, write bool) (*realMedium, error) {
	switch {
	case p.wrong != nil && !isFailure(p.wrong):
		return nil, fmt.Errorf("%w: %w", ceremony.ErrForeign, p.wrong)
	case p.wrong != nil:
		return nil, p.wrong
	case p.found.Kind == "":
		return nil, ErrNoFileSystem
	case !p.found.Usable():
		return nil, fmt.Errorf("%w: it is %s", ceremony.ErrForeign, p.found.Kind)
	}
	disk, err := r.openDisk(p, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	m := &realMedium{r: r, p: p, disk: disk, write: write}
	if err := m.mount(); err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.medium = m
	if r.sys.seq(p.name) != p.seq { // pulled before anybody could tell it
		m.pulled()
	}
	return m, nil
}

// isFailure says whether a drive could not be read, other than that what it holds
// was not understood.
func isFailure(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// mount mounts the file system at a folder of its own, where nobody else looks.
func (m *realMedium) mount() error {
	part, err := m.r.unused(m.p)
	if err != nil {
		return err
	}
	m.part = part
	if err := m.drop(); err != nil {
		return err
	}
	m.dir = filepath.Join(m.r.run, m.p.plugging())
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return err
	}
	kind, options := optionsOf(m.p.found)
	if err := unix.Mount(m.r.node(part), m.dir, kind, m.flags(), options); err != nil {
		return errors.Join(fmt.Errorf("mount its %s: %w", m.p.found.Kind, err), os.Remove(m.dir))
	}
	if m.root, err = os.OpenRoot(m.dir); err != nil {
		return errors.Join(err, m.unmount())
	}
	return nil
}

// unused sees that nobody else has the disk or a part of it, and names the device
// of the part that has the file system. While the whole is open exclusively no
// part can be mounted, so it is closed again before.
func (r *Real) unused(p *plugged) (part string, err error) {
	disk, err := r.openDisk(p, unix.O_RDONLY|unix.O_EXCL)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	if part, ok := r.sys.partition(p.name, p.found.Offset); ok {
		return part, nil
	}
	if err := rereadTable(disk); err != nil {
		return "", err
	}
	return r.awaitPartition(p)
}

// awaitPartition waits until the kernel has the partition and its device file.
func (r *Real) awaitPartition(p *plugged) (string, error) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(pause) {
		if r.sys.seq(p.name) != p.seq {
			return "", ceremony.ErrGone
		}
		part, ok := r.sys.partition(p.name, p.found.Offset)
		if !ok {
			continue
		}
		if _, err := os.Stat(r.node(part)); err == nil {
			return part, nil
		}
	}
	return "", errors.New("the kernel does not see its partition")
}

// Device files come within milliseconds.
const (
	patience = 3 * time.Second
	pause    = 10 * time.Millisecond
)

// drop drops what is cached of the disk and of the partition: each has a cache of
// its own.
func (m *realMedium) drop() error {
	if err := dropCache(m.disk); err != nil || m.part == m.p.name {
		return err
	}
	part, err := os.OpenFile(m.r.node(m.part), unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	return errors.Join(dropCache(part), part.Close())
}

func (m *realMedium) flags() uintptr {
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME | unix.MS_DIRSYNC)
	if !m.write {
		flags |= unix.MS_RDONLY
	}
	return flags
}

// optionsOf gives files the mode 0600 and folders 0700: neither file system keeps
// modes, and both then take the change of a mode that says no more than these.
func optionsOf(f Found) (kind, options string) {
	const common = "errors=remount-ro,fmask=0177,dmask=0077"
	if f.Kind == "exFAT" {
		return "exfat", "iocharset=utf8," + common
	}
	return "vfat", "utf8=1,shortname=mixed," + common
}
