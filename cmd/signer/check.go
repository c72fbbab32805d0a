package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// runCheck reads folders and says what they are. With several the worst decides
// the exit status.
func runCheck(_ context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(std.err)
	flags.Usage = func() { _, _ = fmt.Fprintln(std.err, "hint: signer help check") }
	asJSON := flags.Bool("json", false, "")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if flags.NArg() == 0 {
		_, _ = fmt.Fprintln(std.err, "signer: check: which folder?\nhint: signer check DIR")
		return exitUsage
	}
	var reports []ceremony.Report
	worst := exitGood
	for _, dir := range flags.Args() {
		r, err := check(dir, time.Now())
		if err != nil {
			worst = worse(worst, fail(std, err))
			continue
		}
		reports = append(reports, r)
		worst = worse(worst, exitFor(r.Verdict))
	}
	if err := show(reports, *asJSON, std); err != nil {
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
