package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Patience is how long a call waits at most when its context has no end.
const Patience = time.Minute

// Machine is a virtual machine that runs.
type Machine struct {
	dir    string
	own    bool // the folder was made for it
	fonts  []Glyphs
	keys   string // the screen whose keyboard Type types on, "" for the newest one
	qmp    *qmp
	serial *Serial
	stderr *tail
	cmd    *exec.Cmd
	done   chan struct{} // closed when QEMU has ended

	mu      sync.Mutex
	plugged map[string][]part
}

// Start starts a machine, which ends at the latest when ctx does. It runs when
// Start returns; nothing of it has been lost on the serial console.
func Start(ctx context.Context, c Config) (*Machine, error) {
	if err := Look(c); err != nil {
		return nil, err
	}
	m := &Machine{dir: c.Dir, fonts: c.Fonts, done: make(chan struct{}), stderr: &tail{}, plugged: map[string][]part{}}
	if c.Dir == "" {
		dir, err := os.MkdirTemp("", "vm")
		if err != nil {
			return nil, fmt.Errorf("start the machine: %w", err)
		}
		m.dir, m.own = dir, true
	}
	if err := m.start(ctx, c); err != nil {
		m.Close()
		return nil, fmt.Errorf("start the machine: %w%s", err, m.stderr)
	}
	return m, nil
}

func (m *Machine) start(ctx context.Context, c Config) error {
	b, err := c.board()
	if err != nil {
		return err
	}
	var lines [2]net.Listener
	var paths [2]string
	for i, name := range []string{"qmp", "serial"} {
		if lines[i], paths[i], err = listen(name); err != nil {
			return err
		}
		defer lines[i].Close()
	}
	args, err := c.args(b, m.dir, paths[0], paths[1])
	if err != nil {
		return err
	}
	if err := m.run(ctx, b.program, args); err != nil {
		return err
	}
	short, cancel := patient(ctx)
	defer cancel()
	control, err := m.accept(short, lines[0])
	if err != nil {
		return err
	}
	line, err := m.accept(short, lines[1])
	if err != nil {
		return err
	}
	m.serial = listenSerial(line)
	if m.qmp, err = speak(short, control); err != nil {
		return err
	}
	return m.furnish(short, c, b)
}

// furnish plugs in what is plugged in from the start, and lets the machine run.
func (m *Machine) furnish(ctx context.Context, c Config, b board) error {
	if c.Keyboard == USBKeyboard {
		own := c.own(b)
		m.plugged[own.Name] = own.parts()
		if own.Typed {
			m.keys = "screen"
		}
	}
	if c.Boot != nil && c.BootAs == USBStick {
		s := *c.Boot
		m.plugged[s.Name] = s.parts(false)
	}
	for _, s := range c.Sticks {
		if err := m.PlugStick(ctx, s); err != nil {
			return err
		}
	}
	for _, d := range c.Other {
		if err := m.Plug(ctx, d); err != nil {
			return err
		}
	}
	return m.Do(ctx, "cont", nil, nil)
}

// run starts QEMU on a thread of its own that lives as long as it, so that the
// kernel can be told to end QEMU when this program ends without a word.
func (m *Machine) run(ctx context.Context, program string, args []string) error {
	m.cmd = exec.CommandContext(ctx, program, args...)
	m.cmd.Stderr = m.stderr
	m.cmd.WaitDelay = time.Second
	started := make(chan error)
	go func() {
		err := startBound(m.cmd)
		started <- err
		if err == nil {
			_ = m.cmd.Wait() // how it ended is in ProcessState, and why in an event
			close(m.done)
		}
	}()
	err := <-started
	if err != nil {
		m.cmd = nil
	}
	return err
}

// accept waits for QEMU's connection, as long as QEMU runs.
func (m *Machine) accept(ctx context.Context, l net.Listener) (net.Conn, error) {
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-m.done:
		case <-ctx.Done():
		case <-stop:
		}
		l.Close()
	}()
	conn, err := l.Accept()
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if errors.Is(err, net.ErrClosed) {
		return nil, errors.New("QEMU has ended")
	}
	return conn, err
}

// listen listens on a socket with a short path: such paths end at 104 characters.
func listen(name string) (net.Listener, string, error) {
	dir, err := os.MkdirTemp("", "vm")
	if err != nil {
		return nil, "", err
	}
	path := filepath.Join(dir, name)
	l, err := net.Listen("unix", path)
	if err != nil {
		os.Remove(dir)
		return nil, "", err
	}
	return folded{l, dir}, path, nil
}

// folded is a listener that takes its folder away with it.
type folded struct {
	net.Listener
	dir string
}

func (f folded) Close() error {
	err := f.Listener.Close()
	os.RemoveAll(f.dir)
	return err
}

// Do gives QEMU a command of its protocol, and reads the answer into result
// unless that is nil.
func (m *Machine) Do(ctx context.Context, command string, arguments, result any) error {
	ctx, cancel := patient(ctx)
	defer cancel()
	return m.qmp.do(ctx, command, arguments, result)
}

// Serial is the machine's serial console. Prefer Expect, whose errors show more.
func (m *Machine) Serial() *Serial { return m.serial }

// Expect waits until a text is said on the serial console.
func (m *Machine) Expect(ctx context.Context, text string) (string, error) {
	heard, err := m.serial.Expect(ctx, text)
	return heard, m.Explain(err)
}

// Explain adds to an error what the machine showed last, and how it has ended where
// it has.
func (m *Machine) Explain(err error) error {
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	screen := "not to be had"
	if lines, failed := m.ScreenText(ctx); failed == nil {
		screen = strings.TrimRight(strings.Join(lines, "\n"), "\n")
	}
	ended := ""
	if m.Ended() {
		end, _ := m.Wait(ctx)
		ended = "\nthe machine: " + string(end)
	}
	return fmt.Errorf("%w\nserial console:\n%s\nscreen:\n%s%s%s", err, lastLines(m.serial.Transcript(), 25), screen, ended, m.stderr)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// patient bounds a context that has no end.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, Patience)
}

// tail keeps the last of what QEMU complains of.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-4096):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text := bytes.TrimSpace(t.text); len(text) > 0 {
		return "\nQEMU: " + string(text)
	}
	return ""
}
