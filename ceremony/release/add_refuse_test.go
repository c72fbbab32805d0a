package release

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"signer/ceremony/tuf"
)

// What is refused is refused before anybody types, and nothing is changed.
func TestAddRefuses(t *testing.T) {
	good := built(t, "orbit", "first")
	arm := builtFrom(t, "orbit-arm64", elfHead(elfARM64, 0))
	nothing, other := builtFrom(t, "nothing", nil), built(t, "other", "second")
	with := func(file string, change func(*Source)) Source {
		s := orbit(file)
		change(&s)
		return s
	}
	fresh := initialized(t)
	for what, c := range map[string]struct {
		sources []Source
		want    error
		text    string
		forced  string // what a forced add warns of
	}{
		"arm64 as linux": {[]Source{orbit(arm)}, ErrMixUp, "it is a program for Linux on arm64 (ELF), and linux is for Linux on amd64 (ELF)\nhint: nothing was changed; --force", "arm64"},
		"linux as macos": {[]Source{with(good, func(s *Source) { s.Platform = "macos" })}, ErrMixUp, "macos is for macOS", "macos"},
		"empty":          {[]Source{orbit(nothing)}, ErrMixUp, "it is empty", "empty"},
		"empty, unknown": {[]Source{with(nothing, func(s *Source) { s.Platform = "plan9" })}, ErrMixUp, "not known", "not known"},
		"darwin":         {[]Source{with(good, func(s *Source) { s.Platform = "darwin" })}, ErrMixUp, "did you mean macos?", "not known"},
		"all at once":    {[]Source{orbit(arm), orbit(good), with(nothing, func(s *Source) { s.Name = "x" })}, ErrMixUp, "empty", ""},
		"no source":      {nil, ErrCount, "0 targets, and from one to 500", ""},
		"too many":       {make([]Source, 501), ErrCount, "501 targets", ""},
		"slash":          {[]Source{with(good, func(s *Source) { s.Tags = []string{"a/b"} })}, ErrName, `the tag "a/b"`, ""},
		"twice":          {[]Source{orbit(good), with(other, func(s *Source) { s.Tags = nil })}, ErrName, "would both be orbit/linux/1.2.3/orbit", ""},
		"case":           {[]Source{orbit(good), with(good, func(s *Source) { s.Tags = []string{"Stable"}; s.Version = "2" })}, ErrName, "orbit/linux/Stable/orbit", ""},
		"absent":         {[]Source{orbit(good + "x")}, fs.ErrNotExist, good + "x", ""},
		"folder":         {[]Source{orbit(filepath.Dir(good))}, tuf.ErrNotFile, filepath.Dir(good), ""},
	} {
		t.Run(what, func(t *testing.T) {
			dir := copyOf(t, fresh)
			before := contents(t, dir)
			p := &phrases{}
			got, err := tryAdd(t, dir, testOptions("updates add"), AddOptions{}, p, c.sources...)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%+v, %v\nwant %v", got, err, c.text)
			}
			if len(p.asked) > 0 || !maps.Equal(before, contents(t, dir)) {
				t.Errorf("asked for %q, and there is %q", p.asked, slices.Sorted(maps.Keys(contents(t, dir))))
			}
			forced, err := tryAdd(t, dir, testOptions("updates add"), AddOptions{Force: true}, p, c.sources...)
			if passed := err == nil; passed != (c.forced != "") {
				t.Errorf("forced: %v", err)
			}
			if !strings.Contains(strings.Join(forced.Warnings, "\n"), c.forced) {
				t.Errorf("forced without a word: %q", forced.Warnings)
			}
		})
	}
}

func TestAddRefusesAListedNameInOtherLetters(t *testing.T) {
	dir := initialized(t)
	file := built(t, "orbit", "first")
	named := func(name string) Source {
		return Source{File: file, Name: name, Platform: "linux", Version: "1.2.3"}
	}
	added(t, dir, named("orbit"), named("r&d"), named("größe")) // targets.json has \u0026 for &
	before := contents(t, dir)
	for name, listed := range map[string]string{"Orbit": "orbit", "R&D": "r&d", "GRÖßE": "größe"} {
		p := &phrases{}
		_, err := tryAdd(t, dir, testOptions("updates add"), AddOptions{Force: true}, p, named("new"), named(name))
		if want := name + "/linux/1.2.3/" + name + " is " + listed + "/linux/1.2.3/" + listed + " but for case"; !errors.Is(err, ErrName) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if len(p.asked) > 0 || !maps.Equal(before, contents(t, dir)) {
			t.Errorf("asked for %q, or something was changed", p.asked)
		}
	}
	added(t, dir, named("orbit"), named("r&d"), named("größe"), named("orbi"), named("orbit2"))
}

func TestAddRefusesAFileThatIsBeingWritten(t *testing.T) {
	fresh := initialized(t)
	for what, write := range map[string]func(string) error{
		"longer":  func(name string) error { return appendTo(name, "more") },
		"shorter": func(name string) error { return os.Truncate(name, 70) },
		"other":   func(name string) error { return os.WriteFile(name, bytes.Repeat([]byte{'x'}, 64+len("first")), 0o700) },
	} {
		for _, dry := range []bool{false, true} {
			dir := copyOf(t, fresh)
			before := contents(t, dir)
			file := built(t, "orbit", "first")
			o := testOptions("updates add")
			o.DryRun = dry
			r := opened(t, dir, o)
			r.step = func(step string) error {
				if step == "copy targets" {
					return write(file)
				}
				return nil
			}
			_, err := r.Add(t.Context(), []Source{orbit(file)}, AddOptions{}, &phrases{})
			if !errors.Is(err, errChanging) || !strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("%s, dry %v: %v", what, dry, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if !maps.Equal(before, contents(t, dir)) {
				t.Errorf("%s, dry %v: there is %q", what, dry, slices.Sorted(maps.Keys(contents(t, dir))))
			}
		}
	}
}

func appendTo(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func TestAddThatFailsChangesNothing(t *testing.T) {
	fresh := initialized(t)
	forgotten := errors.New("nobody knows it")
	for what, c := range map[string]struct {
		atCopy func(context.CancelCauseFunc) error
		pass   *phrases
		want   string
	}{
		"full disk": {func(context.CancelCauseFunc) error { return syscall.ENOSPC }, &phrases{}, "nothing was changed; make room on the disk"},
		"interrupted": {func(cancel context.CancelCauseFunc) error {
			cancel(errors.New("interrupted"))
			return nil
		}, &phrases{}, "interrupted"},
		"no passphrase": {func(context.CancelCauseFunc) error { return nil },
			&phrases{wrong: map[tuf.Role][]string{tuf.RoleSnapshot: {"x"}}, refuse: forgotten}, forgotten.Error()},
	} {
		dir := copyOf(t, fresh)
		before := contents(t, dir)
		r := opened(t, dir, testOptions("updates add"))
		ctx, cancel := context.WithCancelCause(t.Context())
		r.step = func(step string) error {
			if step == "copy targets" {
				return c.atCopy(cancel)
			}
			return nil
		}
		_, err := r.Add(ctx, []Source{orbit(built(t, "orbit", "first"))}, AddOptions{}, c.pass)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if !maps.Equal(before, contents(t, dir)) {
			t.Errorf("%s: there is %q", what, slices.Sorted(maps.Keys(contents(t, dir))))
		}
	}
}
