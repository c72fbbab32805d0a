package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"signer/ceremony"
	"signer/ceremony/secret/leak"
	"signer/ceremony/tuf"
)

// TestRequestOpensNoPipe: opening one waits for ever.
func TestRequestOpensNoPipe(t *testing.T) {
	d := newDesk(t, created(t, 1))
	d.root = d.at("pipe")
	if err := syscall.Mkfifo(d.root, 0o644); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.play(t.Context()) }()
	select {
	case err := <-done:
		if !errors.Is(err, tuf.ErrNotFile) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it waits at a pipe")
	}
}

// TestRequestFindsOutEarlyThatADriveIsReadOnly: before anybody types. Nobody can
// write a file into /proc/self, root neither.
func TestRequestFindsOutEarlyThatADriveIsReadOnly(t *testing.T) {
	d := newDesk(t, created(t, 1))
	d.transfer, d.in = "/proc/self", ""
	refused(t, d, nil, `transfer drive "/proc/self": open /proc/self/`)
}

// TestRequestAtATerminal: passphrases are asked for twice and never shown; what
// will not do is asked for again.
func TestRequestAtATerminal(t *testing.T) {
	d := newDesk(t, created(t, 1))
	user, side := terminal(t)
	prompts, said := io.Pipe()
	all := locks()
	typed := []string{"weak", all[0], all[1], all[0], all[0], all[0], all[1], all[1], all[2], all[2]}
	shown := make(chan string)
	go func() { shown <- answer(user, side, prompts, typed) }()
	err := d.run(t.Context(), stdio{in: side, out: &d.out, err: said})
	_ = said.Close()
	page := <-shown
	if err != nil {
		t.Fatalf("%v\n%s", err, page)
	}
	if _, err := side.WriteString("END"); err != nil {
		t.Fatal(err)
	}
	if echo := readUntil(t, user, "END"); strings.Trim(echo, "\r\n") != "END" {
		t.Errorf("the terminal has shown %q", echo)
	}
	for _, want := range []string{"That will not do: it could be guessed", "The two were not the same", "it is that of the targets key too"} {
		if !strings.Contains(page, want) {
			t.Errorf("not said: %q in\n%s", want, page)
		}
	}
	for i, role := range tuf.OnlineRoles() {
		file, err := os.ReadFile(d.at("signing/keys/" + string(role) + ".json"))
		if err == nil {
			_, err = leak.Unlock(file, []byte(all[i]))
		}
		if err != nil {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// answer types a line at each prompt, once it is not shown, and gives back all
// that the program said.
func answer(user, side *os.File, prompts io.Reader, lines []string) string {
	var page bytes.Buffer
	b := make([]byte, 4096)
	for {
		n, err := prompts.Read(b)
		page.Write(b[:n])
		if err != nil {
			return page.String()
		}
		if strings.HasSuffix(page.String(), ": ") && len(lines) > 0 && hides(side) {
			_, _ = user.WriteString(lines[0] + "\n") // without it the reader waits, and the test ends
			lines = lines[1:]
		}
	}
}

// hides waits until a terminal does not show what is typed.
func hides(side *os.File) bool { return echoes(side, false) }

// echoes waits until a terminal shows what is typed, or does not.
func echoes(side *os.File, want bool) bool {
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(time.Millisecond) {
		state, err := unix.IoctlGetTermios(int(side.Fd()), unix.TCGETS)
		if err == nil && state.Lflag&unix.ECHO != 0 == want {
			return true
		}
	}
	return false
}

func readUntil(t *testing.T, user *os.File, end string) string {
	t.Helper()
	var all []byte
	b := make([]byte, 4096)
	for !strings.HasSuffix(string(all), end) {
		n, err := user.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b[:n]...)
	}
	return string(all)
}

// TestRequestStoppedAtAPassphrase: Ctrl+C is heard while one is being typed.
func TestRequestStoppedAtAPassphrase(t *testing.T) {
	d := newDesk(t, created(t, 1))
	before := d.list(t)
	user, side := terminal(t)
	ctx, stop := context.WithCancel(t.Context())
	go func() { hides(side); stop() }()
	defer func() { // the reading goes on until the program ends, or somebody presses Enter
		_, _ = user.WriteString("\n")
		if !echoes(side, true) {
			t.Error("the reading does not end")
		}
	}()
	if err := d.run(ctx, stdio{in: side, out: &d.out, err: io.Discard}); !errors.Is(err, ceremony.ErrStop) || !equalMaps(before, d.list(t)) {
		t.Errorf("%v; there are %q", err, keysOf(d.list(t)))
	}
}
