package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// checking is what the options of check say.
type checking struct{ json bool }

func checkCommand() command {
	var c checking
	return command{name: "check", args: "DIR…", does: "read a drive or a repository, and change nothing",
		text: `DIR is a drive, a folder with keys/, repository/ and staged/, or a repository/
folder. Nothing is written, and no passphrase is asked for.

With several folders, the worst decides the exit status.`,
		options: []option{yesOption(&c.json, "json", "The report as JSON.")},
		examples: []meaning{{"A drive that came back", "signer check /media/usb"},
			{"What a releaser works on", "signer check --json ~/updates"}},
		completes: completes{folders: true}, run: c.run}
}

// run reads folders and says what they are. With several the worst decides the
// exit status.
func (c *checking) run(_ context.Context, dirs []string, std stdio) int {
	if len(dirs) == 0 {
		return wrongUsage("", "check: which folder?\nhint: signer check DIR", std)
	}
	var reports []ceremony.Report
	worst := exitGood
	for _, dir := range dirs {
		r, err := check(dir, time.Now())
		if err != nil {
			worst = worse(worst, fail(std, err))
			continue
		}
		reports = append(reports, r)
		worst = worse(worst, exitFor(r.Verdict))
	}
	if err := show(reports, c.json, std); err != nil {
		return worse(worst, fail(std, err))
	}
	return worst
}

func check(dir string, now time.Time) (ceremony.Report, error) {
	opened, err := tuf.OpenDir(dir)
	if err != nil {
		return ceremony.Report{}, fmt.Errorf("check %q: %w", dir, err)
	}
	defer func() { _ = opened.Close() }() // nothing was written
	r := ceremony.Check(folder{opened, usb.KeepsModes(dir)}, now)
	r.Folder = dir
	return r, nil
}

// folder is a tree that knows whether its modes mean anything.
type folder struct {
	*tuf.Dir
	modes bool
}

func (f folder) KeepsModes() bool { return f.modes }

// show writes the reports: as JSON an array of them, else a page for each.
func show(reports []ceremony.Report, asJSON bool, std stdio) error {
	if asJSON {
		return showJSON(reports, std)
	}
	var page strings.Builder
	for i, r := range reports {
		if i > 0 {
			page.WriteString("\n")
		}
		if len(reports) > 1 {
			page.WriteString(ceremony.Foreign(r.Folder) + "\n")
		}
		page.WriteString(r.Text())
	}
	_, err := io.WriteString(std.out, page.String())
	return err
}

func showJSON(reports []ceremony.Report, std stdio) error {
	list := []json.RawMessage{}
	for _, r := range reports {
		b, err := r.JSON()
		if err != nil {
			return err
		}
		list = append(list, b)
	}
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return fmt.Errorf("write reports: %w", err)
	}
	_, err = std.out.Write(append(b, '\n'))
	return err
}

// exitFor is the exit status for a verdict.
func exitFor(verdict ceremony.Gravity) int {
	switch verdict {
	case ceremony.Good:
		return exitGood
	case ceremony.Soon, ceremony.Expired:
		return exitExpired
	case ceremony.Refused:
		return exitRefused
	}
	return exitFailed
}

// worse is the exit status that outweighs: refused, then failed, then expired.
func worse(a, b int) int {
	weight := map[int]int{exitGood: 0, exitExpired: 1, exitFailed: 2, exitRefused: 3}
	if weight[a] >= weight[b] {
		return a
	}
	return b
}
