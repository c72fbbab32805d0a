//go:build amd64 || arm64

package proof_test

// A program is run with every system call in sight (ptrace(2)), so that it can be
// ended at each one that changes a folder, and so that what it has made durable
// is known. strace counts calls for each thread apart, and Go moves between
// threads: "the fifth rename" would be another one each time.

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"signer/ceremony/tuf/oracle"
)

// call is a system call that changes a folder, or makes a change durable.
type call struct {
	tid    int
	number uint64
	args   [6]uint64
	Name   string // rename
	Path   string // what it changes, relative to the folder
	To     string // of a rename or link
}

func (c call) String() string { return strings.TrimSpace(c.Name + " " + c.Path + " " + c.To) }

// watcher hears of calls before and after they happen.
type watcher interface {
	Before(call) (end bool) // true: the program ends here, and the call does not happen
	After(call)
}

// calls are those that matter, with where their file is named.
var calls = map[uint64]struct {
	name     string
	fd, path int // positions of a folder and a name in it, or path -1: fd is the file
	toFD     int // of a rename or link; 0: none
}{
	unix.SYS_OPENAT:          {"create", 0, 1, 0},
	unix.SYS_WRITE:           {"write", 0, -1, 0},
	unix.SYS_PWRITE64:        {"write", 0, -1, 0},
	unix.SYS_COPY_FILE_RANGE: {"copy", 2, -1, 0},
	unix.SYS_SENDFILE:        {"copy", 0, -1, 0},
	unix.SYS_IOCTL:           {"clone", 0, -1, 0},
	unix.SYS_FTRUNCATE:       {"truncate", 0, -1, 0},
	unix.SYS_FALLOCATE:       {"allocate", 0, -1, 0},
	unix.SYS_FCHMOD:          {"chmod", 0, -1, 0},
	unix.SYS_FCHMODAT:        {"chmod", 0, 1, 0},
	unix.SYS_FSYNC:           {"sync", 0, -1, 0},
	unix.SYS_FDATASYNC:       {"sync", 0, -1, 0},
	unix.SYS_RENAMEAT:        {"rename", 0, 1, 2},
	unix.SYS_RENAMEAT2:       {"rename", 0, 1, 2},
	unix.SYS_LINKAT:          {"link", 0, 1, 2},
	unix.SYS_SYMLINKAT:       {"symlink", 1, 2, 0},
	unix.SYS_MKDIRAT:         {"mkdir", 0, 1, 0},
	unix.SYS_UNLINKAT:        {"remove", 0, 1, 0},
}

// trace runs a program to its end, or to where the watcher ends it. It returns
// what the program said, and whether it ended by itself and well.
func trace(t *testing.T, w watcher, dir string, env []string, args ...string) (said string, well bool) {
	t.Helper()
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	done := make(chan error, 1)
	go func() {
		defer close(done)      // also where the watcher ends the test
		runtime.LockOSThread() // ptrace is between threads; the thread ends with this
		var err error
		well, err = follow(w, dir, &syscall.ProcAttr{
			Dir: dir, Env: append(os.Environ(), env...),
			Files: []uintptr{0, output.Fd(), output.Fd()},
			Sys:   &syscall.SysProcAttr{Ptrace: true, Setpgid: true},
		}, args)
		done <- err
	}()
	err, ended := <-done
	if !ended {
		t.FailNow()
	}
	if err == syscall.EPERM {
		oracle.Missing(t, "ptrace is not allowed here")
	}
	if err != nil {
		t.Fatalf("trace: %v", err)
	}
	return string(read(t, output.Name())), well
}

// follow waits for the program's threads, and lets each go on. They are a process
// group: what else was started from this thread, by another test, is not waited for.
func follow(w watcher, dir string, attr *syscall.ProcAttr, args []string) (well bool, err error) {
	program, _, err := syscall.StartProcess(args[0], args, attr)
	if err != nil {
		return false, err
	}
	known := map[int]bool{program: true}
	under := make(map[int]call) // by thread
	for first := true; ; first = false {
		var status syscall.WaitStatus
		tid, err := syscall.Wait4(-program, &status, syscall.WALL|syscall.WNOTHREAD, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return false, err
		case tid == program && (status.Exited() || status.Signaled()):
			return status.Exited() && status.ExitStatus() == 0, nil
		case !status.Stopped():
			continue
		}
		if first {
			err := syscall.PtraceSetOptions(program, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL)
			if err != nil {
				return false, err
			}
		}
		signal := 0
		switch stop := status.StopSignal(); {
		case stop == syscall.SIGTRAP|0x80:
			if atCall(w, dir, tid, under) {
				syscall.Kill(program, syscall.SIGKILL)
				continue
			}
		case stop == syscall.SIGTRAP: // exec, and new threads
		case stop == syscall.SIGSTOP && !known[tid]: // a new thread
		default:
			signal = int(stop)
		}
		known[tid] = true
		if err := syscall.PtraceSyscall(tid, signal); err != nil && err != syscall.ESRCH {
			return false, err
		}
	}
}

// atCall tells the watcher of a call, if it is one that matters.
func atCall(w watcher, dir string, tid int, under map[int]call) (end bool) {
	// struct ptrace_syscall_info: what, and from byte 24 the number and arguments.
	var info [88]byte
	const entry, exit = 1, 2
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), uintptr(len(info)), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return false // it is gone
	}
	switch info[0] {
	case entry:
		c := call{tid: tid, number: binary.NativeEndian.Uint64(info[24:])}
		for i := range c.args {
			c.args[i] = binary.NativeEndian.Uint64(info[32+8*i:])
		}
		delete(under, tid)
		if c.resolve(dir) {
			under[tid] = c
			return w.Before(c)
		}
	case exit:
		if c, ok := under[tid]; ok {
			delete(under, tid)
			w.After(c)
		}
	}
	return false
}

// resolve names the call and its files, if it changes the folder.
func (c *call) resolve(dir string) bool {
	known, ok := calls[c.number]
	switch {
	case !ok,
		c.number == unix.SYS_OPENAT && c.args[2]&(unix.O_CREAT|unix.O_TRUNC) == 0 && c.args[2]&unix.O_TMPFILE != unix.O_TMPFILE,
		c.number == unix.SYS_IOCTL && c.args[1] != unix.FICLONE:
		return false
	}
	c.Name = known.name
	c.Path, ok = c.file(dir, known.fd, known.path)
	if known.toFD > 0 {
		var inside bool
		c.To, inside = c.file(dir, known.toFD, known.toFD+1)
		ok = ok || inside
	}
	return ok
}

// file is one of the call's files, and whether it is in the folder.
func (c *call) file(dir string, fd, path int) (string, bool) {
	link := fmt.Sprintf("/proc/%d/cwd", c.tid)
	if at := int32(c.args[fd]); at != unix.AT_FDCWD {
		link = fmt.Sprintf("/proc/%d/fd/%d", c.tid, at)
	}
	name, err := os.Readlink(link)
	if err != nil {
		return "", false
	}
	if path >= 0 {
		if in := c.text(path); filepath.IsAbs(in) {
			name = in
		} else {
			name = filepath.Join(name, in)
		}
	}
	in, err := filepath.Rel(dir, name)
	return in, err == nil && filepath.IsLocal(in)
}

// text is a string of the program's.
func (c *call) text(i int) string {
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", c.tid))
	if err != nil {
		return ""
	}
	defer memory.Close()
	b := make([]byte, 4096)
	n, _ := memory.ReadAt(b, int64(c.args[i])) // its page may be the last one
	s, _, _ := strings.Cut(string(b[:n]), "\x00")
	return s
}
