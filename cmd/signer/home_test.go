package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signer/ceremony"
	"signer/usb"
)

// atHome answers the home screen of a live system in lines.
func atHome(t *testing.T, l live, answers string) (status int, out, err string) {
	t.Helper()
	if l.open == nil {
		l.open = func() (liveDrives, error) {
			v, err := usb.OpenVirtual("", nil, usb.VirtualOptions{Memory: usb.NewMemory()})
			return closed{v}, err
		}
	}
	var stdout, stderr bytes.Buffer
	status = l.command().start(t.Context(), "signer home", []string{"--line"}, stdio{in: strings.NewReader(answers), out: &stdout, err: &stderr})
	return status, strings.Join(strings.Fields(stdout.String()), " "), stderr.String()
}

type closed struct{ *usb.Virtual }

func (closed) Close() error { return nil }

func quiet() ([]string, error) { return nil, nil }

func TestHomeOnALiveSystem(t *testing.T) {
	status, out, err := atHome(t, live{network: quiet}, fmt.Sprintln(len(ceremony.Catalog())+1))
	if status != exitGood || err != "" || !strings.Contains(out, ". End this program") || strings.Contains(out, "Switch off") {
		t.Errorf("status %d, %s\n%s", status, err, out)
	}
	env := live{network: quiet}.env(nil)
	if !env.Live || env.Rehearsal || env.Image != nil || len(env.Before) != 1 || !strings.Contains(env.Before[0], "another system") {
		t.Errorf("records of a live system do not tell of it: %+v", env)
	}
}

func TestHomeStopsBesideANetwork(t *testing.T) {
	status, out, err := atHome(t, live{network: func() ([]string, error) { return []string{"wlan0"}, nil }}, "1\n")
	if status != exitRefused || !strings.Contains(err, "wlan0") {
		t.Errorf("status %d, %s", status, err)
	}
	for _, want := range []string{"A network interface is up: wlan0.", "Switch Wi-Fi off and pull the cable", "1. End this program"} {
		if !strings.Contains(out, want) {
			t.Errorf("it is not said that %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "What is to be done?") {
		t.Errorf("the menu was shown:\n%s", out)
	}
}

func TestHomeNeedsRoot(t *testing.T) {
	open := func() (liveDrives, error) { return openLive(1000) }
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux, and says so")
	}
	status, out, err := atHome(t, live{open: open, network: quiet}, "")
	if status != exitFailed || out != "" || !strings.HasPrefix(err, "signer: real drives need root\nhint: sudo signer home") {
		t.Errorf("status %d, %q, %q", status, out, err)
	}
}

func TestHomeSaysWhyDrivesCannotBeOpened(t *testing.T) {
	open := func() (liveDrives, error) { return nil, errors.New("lock memory: operation not permitted") }
	status, _, err := atHome(t, live{open: open, network: quiet}, "")
	if status != exitFailed || err != "signer: lock memory: operation not permitted\n" {
		t.Errorf("status %d, %q", status, err)
	}
}

// waiting is a ceremony that waits, and how it ended after how long.
func waiting(t *testing.T, network func() ([]string, error), patience time.Duration) (up *ceremony.NetworkUp, after time.Duration) {
	t.Helper()
	began := time.Now()
	err := watched(func(ctx context.Context, _ ceremony.Env, _ ceremony.Operator) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(patience):
			return nil
		}
	})(t.Context(), ceremony.Env{Network: network}, nil)
	if err != nil && !errors.As(err, &up) {
		t.Fatal(err)
	}
	return up, time.Since(began)
}

func TestANetworkEndsWhatIsPlayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		up, after := waiting(t, func() ([]string, error) {
			if time.Since(began) < 10*time.Second {
				return nil, nil
			}
			return []string{"eth0", "wlan0"}, nil
		}, time.Hour)
		if up == nil || !slices.Equal(up.Names, []string{"eth0", "wlan0"}) || after > 11*time.Second {
			t.Errorf("an interface of the tenth second ends it after %v: %v", after, up)
		}
		if up, after = waiting(t, func() ([]string, error) { return []string{"eth0"}, nil }, time.Hour); up == nil || after != 0 {
			t.Errorf("one that was there before ends it after %v: %v", after, up)
		}
	})
}

func TestWithoutANetworkNothingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which waits for the watching to end, too
		if up, after := waiting(t, quiet, time.Hour); up != nil || after != time.Hour {
			t.Errorf("ended after %v: %v", after, up)
		}
	})
}

// Who cannot tell whether there is a network does not go on as if there were none.
func TestANetworkThatCannotBeSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unseen := errors.New("list network interfaces: too many open files")
		looks := 0
		if up, after := waiting(t, func() ([]string, error) {
			if looks++; looks%blindFor == 0 {
				return nil, nil
			}
			return nil, unseen
		}, time.Hour); up != nil {
			t.Errorf("what failed now and then ended it after %v: %v", after, up)
		}
		up, after := waiting(t, func() ([]string, error) { return nil, unseen }, time.Hour)
		if up == nil || !strings.Contains(up.Error(), unseen.Error()) || after > blindFor*lookEvery {
			t.Errorf("what fails for ever ends it after %v: %v", after, up)
		}
	})
}
