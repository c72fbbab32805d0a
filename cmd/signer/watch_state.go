//go:build !airgap

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// rememberedFormat names the form of the state file.
const rememberedFormat = "signer-watched-v1"

// maxRemembered is what is read of a state file. It holds the metadata whole, for
// what a client that had updated does depends on all of it.
const maxRemembered = 512 << 20

// errWentBack is what only a client that had updated notices.
var errWentBack = errors.New("it is not what was seen before")

// remembered is what was seen of repositories the last time that they were good.
type remembered struct {
	Format       string      `json:"format"`
	Repositories []lastSight `json:"repositories"`
}

type lastSight struct {
	URL       string    `json:"url"`
	Seen      time.Time `json:"seen"`
	Base      int64     `json:"base"`
	Roots     [][]byte  `json:"roots"`
	Targets   []byte    `json:"targets"`
	Snapshot  []byte    `json:"snapshot"`
	Timestamp []byte    `json:"timestamp"`
}

func (b lastSight) published() tuf.Published {
	return tuf.Published{Base: b.Base, Roots: b.Roots, Targets: b.Targets, Snapshot: b.Snapshot, Timestamp: b.Timestamp}
}

// readRemembered reads a state file. One that is not there yet, or has no name, is
// empty; any other that cannot be read is an error, for who could spoil it could
// hide a rollback.
func readRemembered(name string) (*remembered, error) {
	empty := &remembered{Format: rememberedFormat, Repositories: []lastSight{}}
	if name == "" {
		return empty, nil
	}
	b, err := readUpTo(name, maxRemembered)
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	read, err := parseRemembered(b)
	if err != nil {
		return nil, fmt.Errorf("watch: read %q: %w", name, err)
	}
	return read, nil
}

func parseRemembered(b []byte) (*remembered, error) {
	w := new(remembered)
	if err := tuf.DecodeStrict(bytes.TrimSpace(b), maxRemembered, w); err != nil {
		return nil, fmt.Errorf("not a state file of watch: %w", err)
	}
	if w.Format != rememberedFormat {
		return nil, fmt.Errorf("not a state file of watch that this program reads: its format is %q", w.Format)
	}
	for _, b := range w.Repositories {
		if len(b.Roots) == 0 || b.Base < 1 {
			return nil, errors.New("not a state file of watch: a repository in it has no root")
		}
	}
	return w, nil
}

func (w *remembered) write(name string) error {
	b, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return writeWhole(name, append(b, '\n'))
}

// remember keeps what was seen in place of what was seen before.
func (w *remembered) remember(url string, seen time.Time, p tuf.Published) {
	w.Repositories = slices.DeleteFunc(w.Repositories, func(b lastSight) bool { return b.URL == url })
	w.Repositories = append(w.Repositories, lastSight{url, seen, p.Base, trimmedRoots(p.Roots), p.Targets, p.Snapshot, p.Timestamp})
}

// trimmedRoots are roots without what a terminal adds: the root file may have been
// printed, and the same root read from the server another time.
func trimmedRoots(roots [][]byte) (all [][]byte) {
	for _, b := range roots {
		all = append(all, bytes.TrimSpace(b))
	}
	return all
}

// play plays the clients: with what was seen before, one that had updated then.
func (w *remembered) play(url string, found tuf.Published, now time.Time, note func(string)) (tuf.Simulation, error) {
	at := slices.IndexFunc(w.Repositories, func(b lastSight) bool { return b.URL == url })
	if at < 0 {
		return tuf.Simulate(found, now)
	}
	before := w.Repositories[at]
	found.Roots = trimmedRoots(found.Roots)
	if latest := before.Base + int64(len(before.Roots)) - 1; latest < found.Base {
		note(fmt.Sprintf("The state file remembers root %d, which is older than the root file: what was seen before was not compared.", latest))
		return tuf.Simulate(found, now)
	}
	if err := otherFiles(before.published(), found); err != nil {
		return tuf.Simulation{}, wentBack(before, err)
	}
	simulated, err := tuf.SimulateAfter(before.published(), found, now)
	if err == nil || errors.Is(err, tuf.ErrExpired) {
		return simulated, err
	}
	if _, anew := tuf.Simulate(found, now); anew != nil && !errors.Is(anew, tuf.ErrExpired) {
		return simulated, anew // it stops every client
	}
	return simulated, wentBack(before, err)
}

func wentBack(before lastSight, err error) error {
	return fmt.Errorf("%w, on %s: %w", errWentBack, before.Seen.Format("Mon 2 Jan 2006 15:04 UTC"), err)
}

// otherFiles finds two files of one version that say different things. No client sees
// both; who has the key made both. Where a role got other keys its versions may
// begin anew.
func otherFiles(before, after tuf.Published) error {
	was, is, err := latestRoots(before, after)
	if err != nil {
		return err
	}
	olds, _, err := onlineEnvelopes(before)
	if err != nil {
		return err
	}
	news, _, err := onlineEnvelopes(after)
	if err != nil {
		return err
	}
	for _, role := range tuf.OnlineRoles() {
		old, fresh := olds[role], news[role]
		if old.Version == fresh.Version && old.Digest() != fresh.Digest() && slices.Equal(was.Roles[role].KeyIDs, is.Roles[role].KeyIDs) {
			return fmt.Errorf("%s %d (%s) was seen, and another is there now (%s): %w", role, old.Version, old.Digest(), fresh.Digest(), errOtherFile)
		}
	}
	return nil
}

// errOtherFile is a fork of an online file.
var errOtherFile = errors.New("another file of the same version")

func latestRoots(before, after tuf.Published) (was, is *tuf.Root, err error) {
	if was, err = tuf.ParseRoot(before.Roots[len(before.Roots)-1], tuf.History); err != nil {
		return nil, nil, err
	}
	is, err = tuf.ParseRoot(after.Roots[len(after.Roots)-1], tuf.History)
	return was, is, err
}

// onlineEnvelopes are the online files, as history has them.
func onlineEnvelopes(p tuf.Published) (map[tuf.Role]tuf.Envelope, *tuf.Targets, error) {
	targets, err := tuf.ParseTargets(p.Targets, tuf.History)
	if err != nil {
		return nil, nil, err
	}
	snapshot, err := tuf.ParseSnapshot(p.Snapshot, tuf.History)
	if err != nil {
		return nil, nil, err
	}
	timestamp, err := tuf.ParseTimestamp(p.Timestamp, tuf.History)
	if err != nil {
		return nil, nil, err
	}
	return map[tuf.Role]tuf.Envelope{tuf.RoleTargets: targets.Envelope, tuf.RoleSnapshot: snapshot.Envelope, tuf.RoleTimestamp: timestamp.Envelope}, targets, nil
}
