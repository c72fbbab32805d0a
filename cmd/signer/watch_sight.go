//go:build !airgap

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
)

// sightFormat names the form of a sight as JSON.
const sightFormat = "signer-watch-v1"

// sight is what was seen of a repository. Its JSON names are stable; texts are for
// people, and may change.
type sight struct {
	Format  string    `json:"format"`
	URL     string    `json:"url"` // without a password
	Checked time.Time `json:"checked"`
	// Verdict is good, soon, expired, broken (it cannot be read) or refused (it is
	// not to be trusted).
	Verdict ceremony.Gravity    `json:"verdict"`
	Problem string              `json:"problem,omitempty"`
	Hint    string              `json:"hint,omitempty"`
	Roles   []ceremony.RoleSeen `json:"roles"` // none when it could not be read
	Targets int                 `json:"targets"`
	Bytes   int                 `json:"targets_bytes"` // of targets.json
	Notes   []string            `json:"notes"`
}

// look walks, plays clients on what was found, and judges the dates.
func (w *watching) look(ctx context.Context, address string, pinned []byte, seen *remembered) sight {
	s := sight{Format: sightFormat, URL: shownURL(address), Checked: w.now().UTC().Truncate(time.Second),
		Verdict: ceremony.Good, Roles: []ceremony.RoleSeen{}, Notes: []string{}}
	ctx, cancel := context.WithTimeoutCause(ctx, w.timeout, fmt.Errorf("it took longer than %s", spanText(w.timeout)))
	defer cancel()
	o := w.walk
	o.Notice = func(text string) { s.Notes = append(s.Notes, text) }
	found, err := remote.Walk(ctx, w.client, address, pinned, o)
	if err != nil {
		return s.failed(err)
	}
	if err := s.roles(found, w.soon); err != nil {
		return s.failed(err)
	}
	if err := s.play(found, seen); err != nil {
		return s.failed(err)
	}
	seen.remember(s.URL, s.Checked, found)
	return s
}

// shownURL is an address without its password.
func shownURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	return ceremony.Foreign(strings.TrimSuffix(u.Redacted(), "/"))
}

// failed says why it is broken, or not to be trusted.
func (s sight) failed(err error) sight {
	s.Problem, s.Hint = err.Error(), watchHint(err)
	s.Verdict = ceremony.Broken
	for _, refused := range []error{remote.ErrNotTrusted, tuf.ErrRollback, tuf.ErrFork, tuf.ErrThreshold, tuf.ErrDissent, errOtherFile} {
		if errors.Is(err, refused) {
			s.Verdict = ceremony.Refused
		}
	}
	return s
}

func watchHint(err error) string {
	hinted := new(remote.StatusError)
	switch {
	case errors.As(err, &hinted) && hinted.Hint() != "":
		return hinted.Hint()
	case errors.Is(err, remote.ErrPinned):
		return "--root takes a root.json of any version, or what signer updates roots prints"
	case errors.Is(err, errWentBack):
		return "clients that had updated stop too; if it was meant, remove the state file"
	case errors.Is(err, remote.ErrNotTrusted):
		return "publish nothing over it: compare it with your own folder (signer check), and ask who can write there"
	case errors.Is(err, remote.ErrNotRepository):
		return "the address is that of the folder with timestamp.json in it; what is absent must be 404, and no page"
	case errors.Is(err, remote.ErrMixed):
		return "a publish that broke off, or a cache that keeps one file longer than another: publish again, or empty the cache"
	}
	return ""
}

// roles says how long each role is good.
func (s *sight) roles(found tuf.Published, soon func(tuf.Role) time.Duration) error {
	root, err := tuf.ParseRoot(found.Roots[len(found.Roots)-1], tuf.History)
	if err != nil {
		return err
	}
	online, targets, err := onlineEnvelopes(found)
	if err != nil {
		return err
	}
	s.Targets, s.Bytes = len(targets.Files), len(found.Targets)
	for _, e := range []tuf.Envelope{root.Envelope, online[tuf.RoleTargets], online[tuf.RoleSnapshot], online[tuf.RoleTimestamp]} {
		seen, err := s.role(e, root, soon(e.Role))
		if err != nil {
			return err
		}
		s.Roles = append(s.Roles, seen)
		s.Verdict = heavier(s.Verdict, seen.State)
	}
	return nil
}

func (s *sight) role(e tuf.Envelope, root *tuf.Root, soon time.Duration) (ceremony.RoleSeen, error) {
	tally, err := e.VerifyBy(root, e.Role)
	left := e.Expires.Sub(s.Checked)
	seen := ceremony.RoleSeen{Role: e.Role, Version: e.Version, Expires: e.Expires, Days: int(math.Floor(left.Hours() / 24)), State: ceremony.Good,
		Threshold: tally.Threshold, Listed: len(root.Roles[e.Role].KeyIDs),
		Signed: append([]tuf.KeyID{}, tally.Signed...), Bad: append([]tuf.KeyID{}, tally.Bad...), Unknown: append([]tuf.KeyID{}, tally.Unknown...)}
	switch {
	case left <= 0:
		seen.State = ceremony.Expired
	case left < soon:
		seen.State = ceremony.Soon
	}
	return seen, err
}

// heavier of good, soon and expired.
func heavier(a, b ceremony.Gravity) ceremony.Gravity {
	order := []ceremony.Gravity{ceremony.Good, ceremony.Soon, ceremony.Expired}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// play lets the clients of package tuf update: one that begins anew, and one that
// had updated when this program last looked.
func (s *sight) play(found tuf.Published, seen *remembered) error {
	found.Root = nil // no client asks for it; the walk has compared it
	simulated, err := seen.play(s.URL, found, s.Checked, func(text string) { s.Notes = append(s.Notes, text) })
	for _, text := range simulated.Shown {
		if !strings.Contains(text, ".json expire") { // the page says so better
			s.Notes = append(s.Notes, text)
		}
	}
	if errors.Is(err, tuf.ErrExpired) {
		return nil // it comes last: all else is good
	}
	return err
}

// problems are what a person must know of, one line each.
func (s sight) problems() (lines []string) {
	if s.Problem != "" {
		lines = append(lines, s.Problem)
	}
	for _, r := range s.Roles {
		if r.State != ceremony.Good {
			lines = append(lines, fmt.Sprintf("%s %d %s", r.Role, r.Version, expiryText(r, s.Checked)))
		}
	}
	return lines
}

// showSights writes an array, whatever was found.
func showSights(sights []sight, out io.Writer) error {
	for i := range sights {
		sights[i].Problem = ceremony.Foreign(sights[i].Problem)
		for j, note := range sights[i].Notes {
			sights[i].Notes[j] = ceremony.Foreign(note)
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(sights); err != nil {
		return err
	}
	_, err := out.Write(b.Bytes())
	return err
}
