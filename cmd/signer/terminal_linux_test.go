package main

import (
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a new one of 80 by 24, as its user and as its program have it.
func terminal(t testing.TB) (user, program *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	side, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = side.Close() })
	if err := unix.IoctlSetWinsize(int(side.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	return master, side
}

// TestWhoLeavesAtAPassphraseSeesWhatTheyType: Ctrl+C leaves a reading under way
// that has switched the terminal's echo off.
func TestWhoLeavesAtAPassphraseSeesWhatTheyType(t *testing.T) {
	_, side := terminal(t)
	shows := func() bool {
		state, err := unix.IoctlGetTermios(int(side.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return state.Lflag&unix.ECHO != 0
	}
	restore := asItWas(side)
	read := secretReader(stdio{in: side, out: io.Discard})
	go func() { _, _ = read("") }()
	for began := time.Now(); shows(); time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("a passphrase is read in sight")
		}
	}
	restore()
	if !shows() {
		t.Error("what is typed after the program is not seen")
	}
}
