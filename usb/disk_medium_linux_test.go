package usb

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"signer/ceremony"
)

// TestWhatErrorsOfRealDrivesMean: a drive that goes gives an i/o error first; one
// that stays and gives it is broken.
func TestWhatErrorsOfRealDrivesMean(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		goes  time.Duration // after the error; never when 0
		want  error
		after time.Duration
	}{
		"an error while it is pulled": {unix.EIO, 130 * time.Millisecond, ceremony.ErrGone, 130 * time.Millisecond},
		"a broken drive":              {unix.EIO, 0, unix.EIO, farewell},
		"a full drive":                {unix.ENOSPC, 0, ceremony.ErrFull, 0},
		"a file system gone bad":      {unix.EROFS, 0, ErrReadOnly, farewell},
		"a locked drive":              {unix.EACCES, 0, ErrReadOnly, 0},
		"gone bad by pulling":         {unix.EROFS, time.Millisecond, ceremony.ErrGone, 10 * time.Millisecond},
		"a file that is not there":    {fs.ErrNotExist, 0, fs.ErrNotExist, 0},
		"nothing":                     {nil, 0, nil, 0},
	} {
		m := newSysfs(t)
		m.device(nil)
		m.disk(port+"/1-1:1.0", "sda", 9, 4096, nil)
		r, p := &Real{sys: sysfs(m.root)}, &plugged{disk: disk{name: "sda", seq: 9}}
		synctest.Test(t, func(t *testing.T) {
			if c.goes > 0 {
				time.AfterFunc(c.goes, func() { must(t, os.Remove(filepath.Join(m.root, "block/sda"))) })
			}
			began := time.Now()
			if got := r.explain(p, c.err); !errors.Is(got, c.want) {
				t.Errorf("%s: %v", name, got)
			}
			if took := time.Since(began); took < c.after || took > c.after+pause {
				t.Errorf("%s: it takes %v", name, took)
			}
		})
	}
}

func TestAnEndedCeremonyTakesNoRealDrive(t *testing.T) {
	m := newSysfs(t)
	m.device(nil)
	m.disk(port+"/1-1:1.0", "sda", 9, 4096, nil)
	r := madeUpDrives(t, m)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("power off")
	cancel(why)
	d := r.List()[0]
	if _, err := r.Open(ctx, d, false); !errors.Is(err, why) {
		t.Errorf("after the end of the ceremony: %v", err)
	}
	p, err := r.take(t.Context(), d)
	must(t, err)
	if _, err := r.Open(t.Context(), d, false); err == nil {
		t.Error("a drive is opened twice")
	}
	r.release(p)
	if _, err := r.take(t.Context(), d); err != nil {
		t.Errorf("a drive that was given back: %v", err)
	}
}
