package usb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"signer/ceremony"
)

// Real is the real USB drives of this computer. It is a ceremony's Drives, and
// safe for use by several goroutines. One goroutine of its own hears the kernel's
// messages and looks at what is plugged in, so that nobody waits for a drive who
// only wants to know which are there.
type Real struct {
	o       RealOptions
	sys     sysfs
	dev     string // "/dev"
	run     string // where drives are mounted
	guard   *guard
	listen  func() (*uevents, error)
	events  *uevents
	closing chan struct{}
	heard   sync.WaitGroup
	mu      sync.Mutex
	plugged []*plugged // in the order of plugging
	changed chan struct{}
}

// OpenReal finds the drives that are plugged in, and watches for others. It needs
// root.
func OpenReal(o RealOptions) (*Real, error) {
	r := &Real{o: o, sys: "/sys", dev: "/dev", run: "/run/signer", guard: newGuard("/sys"), listen: listenUevents}
	if err := r.start(); err != nil {
		return nil, fmt.Errorf("open real drives: %w", err)
	}
	return r, nil
}

// start listens before it looks, so that nothing comes in between.
func (r *Real) start() error {
	events, err := r.listen()
	if err != nil {
		return err
	}
	r.events, r.closing = events, make(chan struct{})
	if err := r.scan(); err != nil {
		return errors.Join(err, events.close())
	}
	if r.o.Disk == "" {
		mounts, err := os.ReadFile("/proc/self/mountinfo")
		if err != nil {
			r.log("find what the system has mounted: %v", err)
		}
		r.ownDisks(r.inUse, string(mounts))
	}
	r.heard.Go(r.hear)
	return nil
}

// Close ends the watching. Volumes are closed before.
func (r *Real) Close() error {
	r.mu.Lock()
	if !r.isClosing() {
		close(r.closing)
	}
	err := r.events.close()
	r.mu.Unlock()
	r.heard.Wait()
	return err
}

// List says what is plugged in now.
func (r *Real) List() []ceremony.Drive { return r.list((*plugged).isDrive) }

func (r *Real) list(wanted func(*plugged) bool) []ceremony.Drive {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []ceremony.Drive
	for _, p := range r.plugged {
		if wanted(p) {
			list = append(list, p.value())
		}
	}
	return list
}

// Changed returns a channel that is closed at the next plugging or unplugging, of
// a drive, a disc or the boot drive, and when a device is turned away.
func (r *Real) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.changed
}

// tell wakes those who wait for a change. The lock is held.
func (r *Real) tell() {
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// take finds the drive of a plugging that is still in, for one use of it at a
// time; release gives it back.
func (r *Real) take(ctx context.Context, d ceremony.Drive) (*plugged, error) {
	return r.takeOne(ctx, d, (*plugged).isDrive)
}

func (r *Real) takeOne(ctx context.Context, d ceremony.Drive, wanted func(*plugged) bool) (*plugged, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.plugged {
		if !wanted(p) || p.plugging() != d.Plugging {
			continue
		}
		if p.taken {
			return nil, errors.New("it is mounted already")
		}
		p.taken = true
		return p, nil
	}
	return nil, ceremony.ErrGone
}

func (r *Real) release(p *plugged) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.taken, p.medium = false, nil
}

// node is the device file of a disk or partition. The kernel makes it itself
// (devtmpfs).
func (r *Real) node(name string) string { return filepath.Join(r.dev, name) }

func (r *Real) log(format string, values ...any) {
	if r.o.Log != nil {
		r.o.Log(fmt.Sprintf(format, values...))
	}
}
