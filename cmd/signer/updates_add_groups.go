//go:build !airgap

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/release"
)

// Several targets on one command line. Rules, so that nothing is published as what
// it is not:
//
//   - --target begins a target; what follows is for that one;
//   - what stands before the first --target is for all; a target's own goes before
//     it, and its own tags are added to those;
//   - a name, a platform or a version that is given once in all is for all;
//   - everything else that could mean two things is refused: a value twice for one
//     target, tags for some of the targets only.
//
// With one target that is what fleetctl has.

// adding is what the options of add say, in the order in which they came.
type adding struct {
	common  group // before the first --target
	targets []group
	given   map[string][]string // all values of an option

	manifest string
	force    bool
}

// group is a target, or what holds for all of them.
type group struct {
	file   string
	values map[string]string // name, platform, version
	tags   []string
}

// option is one that counts for the group that it stands in.
func (a *adding) option(name, value, text string) option {
	return option{name: name, value: value, text: text, many: true, set: func(s string) error { return a.take(name, s) }}
}

func (a *adding) take(name, value string) error {
	if a.given == nil {
		a.given = map[string][]string{}
	}
	a.given[name] = append(a.given[name], value)
	if name == "target" {
		a.targets = append(a.targets, group{file: value})
		return nil
	}
	g := &a.common
	if n := len(a.targets); n > 0 {
		g = &a.targets[n-1]
	}
	if name == "tag" {
		g.tags = append(g.tags, splitTags(value)...)
		return nil
	}
	if before, twice := g.values[name]; twice && before != value {
		return fmt.Errorf("%q and %q for one target\nhint: each --target begins the next target, and what is for it follows", before, value)
	}
	if g.values == nil {
		g.values = map[string]string{}
	}
	g.values[name] = value
	return nil
}

// splitTags cuts at commas, as fleetctl's command line does.
func splitTags(value string) []string {
	tags := strings.Split(value, ",")
	for i := range tags {
		tags[i] = strings.TrimSpace(tags[i])
	}
	return tags
}

// sources are the targets, each with all that it needs; none with a manifest.
func (a *adding) sources() ([]release.Source, error) {
	switch {
	case a.manifest != "" && len(a.given) > 0:
		return nil, errors.New("--manifest says all there is to say of the targets: leave out --target, --platform, --name, --version and --tag")
	case a.manifest != "":
		return nil, nil
	case len(a.targets) == 0:
		return nil, errors.New("which file?\nhint: --target FILE, or several in a --manifest")
	}
	if err := a.tagsForAll(); err != nil {
		return nil, err
	}
	var sources []release.Source
	for _, g := range a.targets {
		s := release.Source{File: g.file, Tags: unique(append(slices.Clone(a.common.tags), g.tags...))}
		for _, field := range []struct {
			name string
			into *string
		}{{"platform", &s.Platform}, {"name", &s.Name}, {"version", &s.Version}} {
			value, err := a.value(g, field.name)
			if err != nil {
				return nil, err
			}
			*field.into = value
		}
		if s.File == "" {
			return nil, errors.New("--target: the name of the file is empty")
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// value is what a target has of its own, or what all have.
func (a *adding) value(g group, name string) (string, error) {
	own, given := g.values[name]
	forAll, common := a.common.values[name]
	switch {
	case given && common && own != forAll && len(a.targets) == 1:
		return "", fmt.Errorf("--%s: %q and %q for one target", name, forAll, own)
	case given:
		return own, nil
	case common:
		return forAll, nil
	}
	all := a.given[name]
	switch {
	case len(all) == 1:
		return all[0], nil
	case len(all) == 0 && len(a.targets) == 1:
		return "", fmt.Errorf("--%s is missing", name)
	case len(all) == 0:
		return "", fmt.Errorf("--%s is missing\nhint: given once, it is for all targets", name)
	}
	return "", fmt.Errorf("--%s is given %d times, and not for --target %s\nhint: what is for one target follows its --target", name, len(all), g.file)
}

// tagsForAll refuses tags of some targets: nobody can tell whether they were meant
// for all, and a channel is what clients run.
func (a *adding) tagsForAll() error {
	with := func(g group) bool { return len(g.tags) > 0 }
	some := slices.IndexFunc(a.targets, with)
	none := slices.IndexFunc(a.targets, func(g group) bool { return !with(g) })
	if some < 0 || none < 0 || with(a.common) {
		return nil
	}
	return fmt.Errorf("--tag is given for --target %s, and not for --target %s\nhint: tags for all stand before the first --target; else each target needs its own, or a --manifest",
		a.targets[some].file, a.targets[none].file)
}

func unique(words []string) []string {
	var once []string
	for _, w := range words {
		if !slices.Contains(once, w) {
			once = append(once, w)
		}
	}
	return once
}
