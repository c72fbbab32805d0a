//go:build !airgap

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
)

// watching is what the options of watch say, and where it looks.
type watching struct {
	roots                   []string
	state, metrics, dates   string
	json, quiet             bool
	root, targets, snapshot time.Duration // what is soon
	timestamp, timeout      time.Duration

	now    func() time.Time
	client *http.Client
	walk   remote.WalkOptions
}

func newWatching() *watching {
	soon := func(role tuf.Role) time.Duration { return time.Duration(ceremony.SoonDays(role)) * day }
	return &watching{root: soon(tuf.RoleRoot), targets: soon(tuf.RoleTargets), snapshot: soon(tuf.RoleSnapshot), timestamp: soon(tuf.RoleTimestamp),
		timeout: 5 * time.Minute, now: time.Now, client: remote.NewClient(), walk: remote.WalkOptions{UserAgent: userAgent()}}
}

func watchCommand() command {
	w := newWatching()
	return command{name: "watch", args: "URL…", does: "say for how long a published repository is good",
		text: `Reads repositories over HTTP as a client does that trusts the root FILE: the
next root until the server says 404, then timestamp, snapshot and targets. Every
signature is verified. It prints the days that each role has left, thresholds,
and numbers of keys. It asks for nothing and needs no terminal: it is for cron
and for CI. Each problem is one line on standard error.

With several addresses the worst decides the exit status: 3, not to be trusted,
is worse than 1, cannot be read, and that than 4, expired or soon to be.

With --state, it remembers what it has seen, and a repository that goes back to
older files, or shows others of the same version, is not to be trusted (3). When
that was meant, remove the state file.

docs/watching.md has examples for systemd, cron, GitHub Actions and AWS Lambda.`,
		options:  w.options(),
		examples: []meaning{{"What is left", "signer watch https://updates.example.org --root root.json"}, {"For cron: silent while all is good", "signer watch --quiet --root root.json --state watch.state https://updates.example.org"}},
		seeAlso:  []string{"check", "updates timestamp", "updates roots"}, run: w.run}
}

func (w *watching) options() []option {
	return []option{
		listOption(&w.roots, "root", "FILE", "The root.json to trust, of any version, or what updates roots printed. Once for all addresses, or once for each, in their order.").file().needed(),
		textOption(&w.state, "state", "FILE", "Remember here what was seen.").file(),
		yesOption(&w.json, "json", "The reports as JSON."),
		yesOption(&w.quiet, "quiet", "Problems only.").called("q"),
		textOption(&w.metrics, "prometheus", "FILE", "Write metrics here, for the textfile collector of node_exporter. The name must end in .prom.").file(),
		textOption(&w.dates, "ics", "FILE", "Write a calendar here: for each role the day to renew it by, with an alarm.").file(),
		spanOption(&w.root, "soon-root", "TIME", "How long before it expires root is due."),
		spanOption(&w.targets, "soon-targets", "TIME", "The same for targets."),
		spanOption(&w.snapshot, "soon-snapshot", "TIME", "The same for snapshot."),
		spanOption(&w.timestamp, "soon-timestamp", "TIME", "The same for timestamp."),
		spanOption(&w.timeout, "timeout", "TIME", "How long reading one repository may take."),
	}
}

func (w *watching) soon(role tuf.Role) time.Duration {
	return map[tuf.Role]time.Duration{tuf.RoleRoot: w.root, tuf.RoleTargets: w.targets, tuf.RoleSnapshot: w.snapshot, tuf.RoleTimestamp: w.timestamp}[role]
}

// userAgent tells servers who asks.
func userAgent() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		version = info.Main.Version
	}
	return "signer/" + version
}

// run looks at each repository, and writes down what it saw: first what is
// remembered, then what machines read, last the page.
func (w *watching) run(ctx context.Context, urls []string, std stdio) int {
	if wrong := w.wrong(urls); wrong != "" {
		return wrongUsage("", "watch: "+wrong, std)
	}
	pinned, err := w.pinned(len(urls))
	if err != nil {
		return fail(std, err)
	}
	seen, err := readRemembered(w.state)
	if err != nil {
		return fail(std, err)
	}
	worst := exitGood
	var sights []sight
	for i, url := range urls {
		s := w.look(ctx, url, pinned[i], seen)
		sights = append(sights, s)
		worst = worse(worst, exitFor(s.Verdict))
		for _, problem := range s.problems() {
			_, _ = fmt.Fprintf(std.err, "signer: watch %s: %s\n", s.URL, ceremony.Foreign(problem))
		}
	}
	for _, err := range w.write(sights, seen, std) {
		worst = worse(worst, fail(std, err))
	}
	return worst
}

// wrong says what is wrong with the words, and what would be right.
func (w *watching) wrong(urls []string) string {
	const usage = "\nhint: signer watch https://updates.example.org --root root.json"
	twice := map[string]bool{}
	for _, url := range urls {
		shown := shownURL(url)
		if twice[shown] {
			return shown + " is named twice"
		}
		twice[shown] = true
	}
	switch n := len(w.roots); {
	case len(urls) == 0:
		return "which repository?" + usage
	case n == 0:
		return "which root is to be trusted?" + usage
	case n != 1 && n != len(urls):
		return fmt.Sprintf("%d addresses and %d roots\nhint: --root once for all, or once for each address, in their order", len(urls), n)
	case w.metrics != "" && !strings.HasSuffix(w.metrics, ".prom"):
		return "--prometheus: node_exporter reads only files whose names end in .prom"
	case w.json && w.quiet:
		return "--json and --quiet exclude each other"
	}
	return ""
}

// pinned reads the roots to begin with, one for each address.
func (w *watching) pinned(n int) (all [][]byte, err error) {
	for _, name := range w.roots {
		b, err := readUpTo(name, tuf.MaxRootSize)
		if err != nil {
			return nil, fmt.Errorf("watch: read the root: %w", err)
		}
		all = append(all, b)
	}
	for len(all) < n {
		all = append(all, all[0])
	}
	return all, nil
}

// readUpTo reads a file whose size is known to be sane.
func readUpTo(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("read %q: %w: more than %d bytes", name, tuf.ErrTooLarge, limit)
	}
	return b, err
}

// write is all that the reports go to. One that fails does not keep the others.
func (w *watching) write(sights []sight, seen *remembered, std stdio) (errs []error) {
	now := w.now()
	try := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("watch: %s: %w", what, err))
		}
	}
	if w.state != "" {
		try("remember what was seen", seen.write(w.state))
	}
	if w.metrics != "" {
		try("write metrics", writeWhole(w.metrics, metricsOf(sights)))
	}
	if w.dates != "" {
		try("write the calendar", w.writeDates(sights, now))
	}
	switch {
	case w.json:
		try("write the reports", showSights(sights, std.out))
	case !w.quiet:
		_, err := io.WriteString(std.out, sightPages(sights))
		try("write the reports", err)
	}
	return errs
}

var errUnread = errors.New("a repository could not be read, and a calendar without it would take its days away: the file stays as it was")

// writeDates keeps a calendar that is complete.
func (w *watching) writeDates(sights []sight, now time.Time) error {
	var days []ceremony.CalendarDay
	for _, s := range sights {
		if len(s.Roles) == 0 {
			return errUnread
		}
		days = append(days, s.days(w.soon)...)
	}
	return writeWhole(w.dates, ceremony.Calendar(now, days))
}
