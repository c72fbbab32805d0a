package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/secret/leak"
	"signer/ceremony/tuf"
)

// slip is a random generator that does something at one of its reads.
type slip struct {
	io.Reader
	reads, at int
	do        func() error
}

func (s *slip) Read(b []byte) (int, error) {
	if s.reads++; s.reads == s.at {
		if err := s.do(); err != nil {
			return 0, err
		}
	}
	return s.Reader.Read(b)
}

// TestRequestLeavesAllOrNothing: wherever it fails, or is stopped, there is no
// key without a request, and what others wrote meanwhile stays.
func TestRequestLeavesAllOrNothing(t *testing.T) {
	drives := created(t, 1)
	broken := errors.New("the generator is broken")
	failures := 0
	for at := 1; ; at++ {
		d := newDesk(t, drives)
		before := d.list(t)
		d.rand = &slip{Reader: d.rand, at: at, do: func() error { return broken }}
		err := d.play(t.Context())
		if err == nil {
			break
		}
		failures++
		if after := d.list(t); !errors.Is(err, broken) || !equalMaps(before, after) || !strings.Contains(err.Error(), "nothing was left behind") {
			t.Errorf("failed at read %d: %v; there are %q", at, err, keysOf(after))
		}
	}
	if failures < 9 { // key, salt and nonce, proof: of each of three keys
		t.Errorf("only %d failures were played", failures)
	}
}

func TestRequestStoppedHalfWay(t *testing.T) {
	drives := created(t, 1)
	for at := 1; at <= 9; at++ {
		d := newDesk(t, drives)
		before := d.list(t)
		ctx, stop := context.WithCancel(t.Context())
		d.rand = &slip{Reader: d.rand, at: at, do: func() error { stop(); return nil }}
		if err := d.play(ctx); !errors.Is(err, ceremony.ErrStop) || !equalMaps(before, d.list(t)) {
			t.Errorf("stopped at read %d: %v; there are %q", at, err, keysOf(d.list(t)))
		}
	}
}

func TestRequestReplacesNothingThatComesMeanwhile(t *testing.T) {
	drives := created(t, 1)
	for _, theirs := range []string{"transfer/request.json", "signing/keys/timestamp.json"} {
		d := newDesk(t, drives)
		d.rand = &slip{Reader: d.rand, at: 2, do: func() error { d.lay(t, theirs, "theirs"); return nil }}
		err := d.play(t.Context())
		b, readErr := os.ReadFile(d.at(theirs))
		if !errors.Is(err, fs.ErrExist) || readErr != nil || string(b) != "theirs" {
			t.Errorf("%s: %v; it is %q, %v", theirs, err, b, readErr)
		}
		if _, err := os.Stat(d.at("signing/keys/targets.json")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a key is left behind: %v", theirs, err)
		}
	}
}

// again gives the same bytes at each read.
type again struct{}

func (again) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestRequestNoticesAGeneratorThatRepeats(t *testing.T) {
	drives := created(t, 1)
	d := newDesk(t, drives)
	d.rand = again{}
	refused(t, d, nil, "the random generator gave a key that is known already")
}

// TestNoSecretInWhatRequestLeaves plays requests that work and that do not, and
// looks for their passphrases and private keys in all that they left.
func TestNoSecretInWhatRequestLeaves(t *testing.T) {
	drives := created(t, 1)
	var known []leak.Secret
	for _, pass := range append(locks(), "hunter2 hunter2") {
		known = append(known, leak.Secret{Name: "passphrase", Bytes: []byte(pass)})
	}
	for name, change := range map[string]func(*desk){
		"as text": func(*desk) {},
		"as JSON": func(d *desk) { d.json = true },
		"from variables": func(d *desk) {
			d.env, d.in = []string{"TUF_TARGETS_PASSPHRASE=" + locks()[0]}, strings.Join(locks()[1:], "\n")+"\n"
		},
		"weak":           func(d *desk) { d.in = "hunter2 hunter2\n" },
		"the same twice": func(d *desk) { d.in = strings.Repeat(locks()[0]+"\n", 3) },
		"a key is there": func(d *desk) { d.lay(t, "signing/keys/targets.json", "theirs") },
		"contradictory": func(d *desk) {
			d.env = []string{"TUF_TARGETS_PASSPHRASE=" + locks()[0], "FLEET_TARGETS_PASSPHRASE=" + locks()[1]}
		},
		"broken half way": func(d *desk) { d.rand = &slip{Reader: d.rand, at: 5, do: func() error { return errors.New("broken") }} },
	} {
		d := newDesk(t, drives)
		change(d)
		if err := d.play(t.Context()); err != nil {
			fail(stdio{err: &d.err}, err)
		}
		secrets := slices.Clone(known)
		for i, role := range tuf.OnlineRoles() {
			if file, err := os.ReadFile(d.at("signing/keys/" + string(role) + ".json")); err == nil && string(file) != "theirs" {
				opened, err := leak.Unlock(file, []byte(locks()[i]))
				if err != nil {
					t.Fatal(err)
				}
				secrets = append(secrets, opened...)
			}
		}
		if name == "as text" && len(secrets) != len(known)+3 {
			t.Fatalf("%d secrets are known: this test would look for too little", len(secrets))
		}
		left := d.list(t)
		left["standard output"], left["standard error"] = d.out.String(), d.err.String()
		for place, text := range left {
			if found := leak.Find([]byte(place+"\n"+text), secrets); len(found) > 0 {
				t.Errorf("%s: %s has %q", name, place, found)
			}
		}
	}
}
