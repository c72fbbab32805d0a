package usb_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"signer/image/qemu"
)

// patience is for a whole test: every instruction is emulated, on a computer that
// may do other things besides.
const patience = 25 * time.Minute

// machine is one in which testdata/guest uses real drives.
type machine struct {
	*testing.T
	qemu.Guest
	ctx context.Context
}

// startMachine starts one; change sets what it has from the start.
func startMachine(t *testing.T, change func(*qemu.Config)) *machine {
	t.Helper()
	c := qemu.NeedGuest(t, "..", "./usb/testdata/guest")
	change(&c)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	g, err := qemu.StartGuest(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return &machine{t, g, ctx}
}

// on is the machine in a part of the test.
func (m *machine) on(t *testing.T) *machine { return &machine{t, m.Guest, m.ctx} }

// do gives a command whose answer has to have this in it.
func (m *machine) do(command, want string) string {
	m.Helper()
	m.send(command)
	return m.answers(command, want)
}

// send gives a command, and does not wait for its answer.
func (m *machine) send(command string) {
	m.Helper()
	m.must(m.Serial().Send(command))
}

func (m *machine) answers(command, want string) string {
	m.Helper()
	got, err := m.Answer(m.ctx)
	m.must(err)
	m.Logf("%s: %s", command, got)
	if !strings.Contains(got, want) {
		m.Errorf("%s gives %q and not %q", command, got, want)
	}
	return got
}

func (m *machine) plug(s qemu.Stick) {
	m.Helper()
	m.must(m.PlugStick(m.ctx, s))
}

func (m *machine) unplug(name string) {
	m.Helper()
	m.must(m.UnplugStick(m.ctx, name))
}

func (m *machine) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// drive is one of this size. A tool of this computer may format it.
func drive(t *testing.T, size int64, tool ...string) string {
	t.Helper()
	f := sparse(t, size)
	if len(tool) > 0 {
		run(t, tool[0], append(tool[1:], f.Name())...)
	}
	return f.Name()
}

// slow serves a drive that says when it was written to so many times; from then on
// it takes its time, so that whoever pulls it is in the middle.
func (m *machine) slow(file string, writes int) (disk *qemu.Disk, written <-chan struct{}) {
	m.Helper()
	reached := make(chan struct{})
	disk, err := qemu.Serve(qemu.Contents{File: file, Before: func(number int, _ int64, data []byte) int {
		switch {
		case number == writes:
			close(reached)
		case number > writes:
			time.Sleep(100 * time.Millisecond)
		}
		return len(data)
	}})
	m.must(err)
	m.Cleanup(func() { _ = disk.Close() })
	return disk, reached
}
