package release

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"signer/ceremony/tuf/oracle"
)

// mounted mounts a file system of its own on a folder.
func mounted(t *testing.T, dir, options string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", dir, "tmpfs", 0, options); err != nil {
		oracle.Missing(t, fmt.Sprintf("a file system can be mounted by root only: %v", err))
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// TestFullDisk: with no page free, with one, and so on, until all fits. The folder
// is as it was each time, and the error says what to do.
func TestFullDisk(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk")
	const page = 4096
	mounted(t, disk, "size=512k")
	copyTo(t, beforeEverything(t), filepath.Join(disk, "repo"))
	dir, ballast := filepath.Join(disk, "repo"), filepath.Join(disk, "ballast")
	before := contents(t, dir)
	refusals := 0
	for free := 0; ; free++ {
		fill(t, disk, ballast, free*page)
		err := func() error {
			r, err := Open(t.Context(), dir, testOptions("everything"))
			if err != nil {
				return err
			}
			defer r.Close()
			c, err := everythingIn(r)
			if err != nil {
				return err
			}
			return r.commit(t.Context(), c)
		}()
		if err == nil {
			break
		}
		refusals++
		if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrUnfinished) {
			t.Errorf("%d pages free: %v", free, err)
		}
		sameFiles(t, fmt.Sprintf("%d pages free", free), contents(t, dir), before)
	}
	sameFiles(t, "with room", contents(t, dir), afterEverything(before))
	if refusals < 5 {
		t.Errorf("only %d disks were full", refusals)
	}
}

// fill leaves this much room.
func fill(t *testing.T, disk, ballast string, free int) {
	t.Helper()
	if err := os.RemoveAll(ballast); err != nil {
		t.Fatal(err)
	}
	var s unix.Statfs_t
	if err := unix.Statfs(disk, &s); err != nil {
		t.Fatal(err)
	}
	if size := int(s.Bavail)*int(s.Bsize) - free; size > 0 {
		if err := os.WriteFile(ballast, make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOtherFileSystem: a folder below that is another file system, or the same one
// mounted twice, is found before anything is decided.
func TestOtherFileSystem(t *testing.T) {
	for name, mount := range map[string]func(t *testing.T, dir string){
		"another": func(t *testing.T, dir string) { mounted(t, filepath.Join(dir, "repository", "targets"), "size=64k") },
		"the same twice": func(t *testing.T, dir string) {
			there := inMemory(t)
			at := filepath.Join(dir, "repository", "targets")
			if err := unix.Mount(there, at, "", unix.MS_BIND, ""); err != nil {
				oracle.Missing(t, fmt.Sprintf("a file system can be mounted by root only: %v", err))
			}
			t.Cleanup(func() {
				if err := unix.Unmount(at, 0); err != nil {
					t.Error(err)
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := beforeEverything(t)
			mount(t, dir)
			before := contents(t, dir)
			r := opened(t, dir, testOptions("everything"))
			err := r.commit(t.Context(), everything(t, r))
			if !errors.Is(err, syscall.EXDEV) || !strings.Contains(err.Error(), "is on another file system") {
				t.Errorf("%v", err)
			}
			sameFiles(t, name, contents(t, dir), before)
			if left, err := os.ReadDir(filepath.Join(dir, "repository", "targets")); err != nil || len(left) > 0 {
				t.Errorf("left are %v, %v", left, err)
			}
		})
	}
}

// TestReadOnly: what only reads works, and what would write says so before it asks
// for any passphrase.
func TestReadOnly(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk")
	mounted(t, disk, "size=512k")
	copyTo(t, initialized(t), filepath.Join(disk, "repo"))
	if err := unix.Mount("none", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	r := opened(t, filepath.Join(disk, "repo"), testOptions("updates timestamp"))
	p := &phrases{}
	if _, err := r.Timestamp(t.Context(), time.Time{}, p); !errors.Is(err, ErrReadOnly) || !errors.Is(err, syscall.EROFS) || len(p.asked) > 0 {
		t.Errorf("%v, asked for %q", err, p.asked)
	}
	if _, err := r.Roots(); err != nil {
		t.Error(err)
	}
	if _, err := r.ExportTimestampKey(); err != nil {
		t.Error(err)
	}
	o := testOptions("updates timestamp")
	o.DryRun = true
	if _, err := opened(t, filepath.Join(disk, "repo"), o).Timestamp(t.Context(), time.Time{}, p); err != nil {
		t.Errorf("a dry run: %v", err)
	}
}

// TestReadOnlyAfterACut: what was decided has to be finished before anything is
// read.
func TestReadOnlyAfterACut(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk")
	mounted(t, disk, "size=512k")
	cut, _ := decided(t)
	copyTo(t, cut, filepath.Join(disk, "repo"))
	if err := unix.Mount("none", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), filepath.Join(disk, "repo"), testOptions("updates roots")); !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("%v", err)
	}
}
