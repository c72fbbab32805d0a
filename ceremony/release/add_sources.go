package release

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"signer/ceremony/tuf"
)

// maxSources is how many files are added at once: each stays open from the first
// look at it until it was copied.
const maxSources = 500

// adding is what one Add works on.
type adding struct {
	r       *Repository
	options AddOptions
	files   []*sourceFile

	// Of the copying.
	scratch  scratch
	progress *progressing
}

// open looks at all sources, and tells all that is wrong with them at once.
func (a *adding) open(sources []Source) error {
	if len(sources) == 0 || len(sources) > maxSources {
		return fmt.Errorf("%w: %d targets, and from one to %d can be added at once", ErrCount, len(sources), maxSources)
	}
	var wrong []error
	for _, s := range sources {
		f, err := a.openOne(s)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%q for %s: %w", s.File, s.Platform, err))
			continue
		}
		a.files = append(a.files, f)
	}
	return withHint(errors.Join(append(wrong, a.twice()...)...))
}

func (a *adding) openOne(s Source) (*sourceFile, error) {
	paths, err := TargetPaths(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrName, err)
	}
	p, known := findPlatform(s.Platform)
	if err := a.unless(!known, func() error { return unknownPlatform(s.Platform) }, s); err != nil {
		return nil, err
	}
	f := &sourceFile{Source: s}
	for _, path := range paths {
		f.channels = append(f.channels, channel{path: path})
	}
	if err := f.open(); err != nil {
		return nil, err
	}
	wrong := ""
	if known || f.looks.kind == empty {
		wrong = p.objection(f.looks, s.file())
	}
	if err := a.unless(wrong != "", func() error { return errors.New(wrong) }, s); err != nil {
		return nil, errors.Join(err, f.close())
	}
	if f.looks.kind == pe && !strings.HasSuffix(s.file(), ".exe") {
		a.r.warn("%q is a program for Windows, and is published as %s, without .exe: clients ask for %[2]s.exe.", s.File, s.file())
	}
	return f, nil
}

// unless refuses what is suspect, or notes that it was forced.
func (a *adding) unless(suspect bool, why func() error, s Source) error {
	if !suspect {
		return nil
	}
	if !a.options.Force {
		return fmt.Errorf("%w: %w", ErrMixUp, why())
	}
	a.r.warn("%q is taken for %s by force: %v.", s.File, s.Platform, why())
	return nil
}

// twice finds what would be published under one name, or under names that are one
// file on a Mac and on Windows.
func (a *adding) twice() (wrong []error) {
	first := map[string]string{}
	for _, f := range a.files {
		for _, c := range f.channels {
			other, taken := first[caseless(c.path)]
			if taken {
				wrong = append(wrong, fmt.Errorf("%w: %q and %q would both be %s", ErrName, other, f.File, c.path))
			}
			first[caseless(c.path)] = f.File
		}
	}
	return wrong
}

// compare looks up what is listed under the names now.
func (a *adding) compare(rel *tuf.Release) error {
	var paths []string
	for _, f := range a.files {
		for i, c := range f.channels {
			f.channels[i].was, f.channels[i].listed = rel.Target(c.path)
			paths = append(paths, c.path)
		}
	}
	if path, listed, found := rel.SameButCase(paths...); found {
		return fmt.Errorf("%w: %s is %s but for case, which is listed: on a Mac and on Windows they are one file", ErrName, path, listed)
	}
	return nil
}

func (a *adding) close() {
	for _, f := range a.files {
		_ = f.close()
	}
}

// withHint says what helps against what was found.
func withHint(err error) error {
	switch {
	case errors.Is(err, ErrMixUp) && !errors.Is(err, ErrPrivate):
		return fmt.Errorf("%w\nhint: nothing was changed; --force adds it as it is", err)
	case err != nil:
		return fmt.Errorf("%w\nhint: nothing was changed", err)
	}
	return nil
}

// caseless is the same for names that are one file on a Mac or on Windows.
func caseless(s string) string {
	return strings.Map(func(r rune) rune {
		smallest := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			smallest = min(smallest, f)
		}
		return smallest
	}, s)
}
