package release

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"signer/ceremony/tuf"
)

// Another process of these tests works on the folder that this names.
const (
	childFolder = "SIGNER_TEST_FOLDER"
	childDoes   = "SIGNER_TEST_DOES"
	timestamps  = 5
)

func TestMain(m *testing.M) {
	dir, does := os.Getenv(childFolder), os.Getenv(childDoes)
	var err error
	switch does {
	case "":
		os.Exit(m.Run())
	case "hold":
		err = hold(dir)
	case "timestamps":
		err = signMany(dir)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// hold has the lock until its standard input ends.
func hold(dir string) error {
	r, err := Open(context.Background(), dir, testOptions("updates add"))
	if err != nil {
		return err
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return r.Close()
}

// signMany opens, signs and closes again and again.
func signMany(dir string) error {
	for range timestamps {
		o := testOptions("updates timestamp")
		o.Waiting = func(Holder) {}
		r, err := Open(context.Background(), dir, o)
		if err != nil {
			return err
		}
		if _, err := r.Timestamp(context.Background(), time.Time{}, &phrases{}); err != nil {
			return err
		}
		if err := r.Close(); err != nil {
			return err
		}
	}
	return nil
}

func child(t *testing.T, dir, does string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childFolder+"="+dir, childDoes+"="+does)
	return c
}

// heldElsewhere is another process that has the lock.
func heldElsewhere(t *testing.T, dir string) (c *exec.Cmd, end io.Closer) {
	t.Helper()
	c = child(t, dir, "hold")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "held\n" {
		t.Fatalf("it says %q, %v", said, err)
	}
	return c, in
}

func TestLockedByAnother(t *testing.T) {
	dir := initialized(t)
	c, _ := heldElsewhere(t, dir)
	_, err := Open(t.Context(), dir, testOptions("updates timestamp"))
	want := fmt.Sprintf(`"updates add", process %d on "`, c.Process.Pid)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "since 2026-11-22 14:05:00 UTC") {
		t.Errorf("%v", err)
	}
}

func TestWaitForAnother(t *testing.T) {
	dir := initialized(t)
	c, end := heldElsewhere(t, dir)
	told := 0
	o := testOptions("updates timestamp")
	o.Waiting = func(h Holder) {
		if told++; h.PID != c.Process.Pid || h.Command != "updates add" || !h.Since.Equal(testNow) {
			t.Errorf("told of %+v", h)
		}
		time.AfterFunc(3*lockPause, func() { _ = end.Close() })
	}
	r, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	dir := initialized(t)
	heldElsewhere(t, dir)
	stopped := errors.New("somebody pressed Ctrl+C")
	ctx, stop := context.WithCancelCause(t.Context())
	o := testOptions("updates timestamp")
	o.Waiting = func(Holder) { stop(stopped) }
	if _, err := Open(ctx, dir, o); !errors.Is(err, ErrLocked) || !errors.Is(err, stopped) {
		t.Errorf("%v", err)
	}
}

// TestKilledHolderHoldsNothing: its file is still there, and says its name.
func TestKilledHolderHoldsNothing(t *testing.T) {
	dir := initialized(t)
	c, _ := heldElsewhere(t, dir)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(lockName))); err != nil || !strings.Contains(string(b), "updates add") {
		t.Fatalf("the file says %q, %v: this test sees nothing", b, err)
	}
	timestampOf(t, dir, testOptions("updates timestamp"))
}

// TestTwoAtOnce: every command of two processes happens, one after the other.
func TestTwoAtOnce(t *testing.T) {
	dir := initialized(t)
	done := make(chan error)
	for range 2 {
		go func() {
			out, err := child(t, dir, "timestamps").CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
			done <- err
		}()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	rel, err := opened(t, dir, testOptions("look")).release()
	if err != nil {
		t.Fatal(err)
	}
	if got := rel.Version(tuf.RoleTimestamp); got != 1+2*timestamps {
		t.Errorf("the timestamp has version %d", got)
	}
}

// TestLockFileOfAnotherKind: what cannot be read names nobody, and a link is not
// followed.
func TestLockFileOfAnotherKind(t *testing.T) {
	dir := initialized(t)
	put(t, dir, lockName, "\x1b[2J not JSON")
	timestampOf(t, dir, testOptions("updates timestamp"))

	linked(t, dir, lockName)
	if _, err := Open(t.Context(), dir, testOptions("updates timestamp")); !errors.Is(err, tuf.ErrNotFile) {
		t.Errorf("a link in place of the lock: %v", err)
	}
	if text := (Holder{Command: "\x1b[2J", PID: 1, Host: "\u202e"}).String(); strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("a holder is shown as %q", text)
	}
}

// TestNothingIsPutIntoAnyFolder: who runs it in the wrong folder finds nothing of
// it there.
func TestNothingIsPutIntoAnyFolder(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "readme", "mine")
	if _, err := Open(t.Context(), dir, testOptions("updates timestamp")); !errors.Is(err, ErrNoRepository) || !strings.Contains(err.Error(), "--path") {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "nowhere"), testOptions("updates timestamp")); !errors.Is(err, ErrNoRepository) {
		t.Errorf("%v", err)
	}
}

// FuzzHolder: what another process wrote is read or is nobody, and shows as text.
func FuzzHolder(f *testing.F) {
	f.Add([]byte(`{"command":"updates add","pid":7,"host":"laptop","since":"2026-11-22T14:05:00Z"}`))
	f.Add([]byte("{\"command\":\"\\u001b[2J\",\"pid\":1,\"host\":\"\\u202e\"}"))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		name := filepath.Join(t.TempDir(), "lock")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if text := readHolder(file).String(); strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("a holder is shown as %q", text)
		}
	})
}
