package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// parsed is a set of options of every kind, and what they were set to.
type parsed struct {
	path  string
	tags  []string
	force bool
	most  int
	keep  time.Duration
}

func (p *parsed) options() []option {
	return []option{textOption(&p.path, "path", "DIR", "").folder(), listOption(&p.tags, "tag", "TAG", "").called("t"),
		yesOption(&p.force, "force", ""), numberOption(&p.most, "most", "N", ""), spanOption(&p.keep, "keep", "SPAN", "").oneOf("14d")}
}

func TestOptionsAreWrittenAsPeopleDo(t *testing.T) {
	for _, args := range [][]string{
		{"--path", "D", "--tag", "a", "-t", "b", "--force", "--most", "3", "--keep", "2w", "word"},
		{"-path", "D", "word", "-tag=a", "-t=b", "-force=true", "-most=3", "-keep=14d"},
		{"--path=no", "--path=D", "--tag=a", "--t", "b", "--force", "--most=3", "--keep=336h", "--", "word"},
	} {
		var p parsed
		words, _, err := parse(p.options(), args, false)
		if err != nil || !slices.Equal(words, []string{"word"}) || p.path != "D" || !slices.Equal(p.tags, []string{"a", "b"}) || !p.force || p.most != 3 || p.keep != 14*day {
			t.Errorf("%q: %+v, words %q, %v", args, p, words, err)
		}
	}
}

func TestOptionsThatNobodyUnderstands(t *testing.T) {
	for args, want := range map[string]string{
		"--pth D":      "unknown option --pth\nhint: did you mean --path?",
		"--tags a":     "unknown option --tags\nhint: did you mean --tag?",
		"-pa D":        "unknown option --pa\nhint: did you mean --path?",
		"-x":           "unknown option --x",
		"--path":       "--path needs a value: DIR",
		"--most many":  `--most: "many" is no number`,
		"--force=yep":  `--force: "yep" is neither true nor false`,
		"--keep=soon":  `--keep: "soon" is no span of time: write it as 14d, 2w or 36h`,
		"--keep=-1d":   `--keep: "-1d" is no span of time: write it as 14d, 2w or 36h`,
		"--keep 9999w": `--keep: "9999w" is no span of time: write it as 14d, 2w or 36h`,
	} {
		if _, _, err := parse(new(parsed).options(), strings.Fields(args), false); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
	for _, args := range [][]string{{"-h"}, {"word", "--help"}, {"--force", "-help"}} {
		if _, _, err := parse(new(parsed).options(), args, false); !errors.Is(err, errHelp) {
			t.Errorf("%q: %v", args, err)
		}
	}
	if words, _, err := parse(nil, []string{"--", "--help", "-"}, false); err != nil || !slices.Equal(words, []string{"--help", "-"}) {
		t.Errorf("after --: %q, %v", words, err)
	}
}

func TestSpansReadAsTheyAreWritten(t *testing.T) {
	for text, span := range map[string]time.Duration{"14d": 14 * day, "36h": 36 * time.Hour, "10s": 10 * time.Second, "1m30s": 90 * time.Second, "1h30m": 90 * time.Minute, "10m": 10 * time.Minute} {
		if got, err := parseSpan(text); err != nil || got != span || spanText(span) != text {
			t.Errorf("%s: %v, %v, written %s", text, got, err, spanText(span))
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"publish", "pull", "check", "completion", "man"}
	for typed, want := range map[string]string{"chekc": "check", "publsh": "publish", "comp": "completion", "pul": "pull", "m": "", "xyz": "", "mna": "man", "": ""} {
		if got := nearest(typed, names); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
