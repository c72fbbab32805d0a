package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// Published is a repository as clients download it. The three online files are
// all there, or none is.
type Published struct {
	Base                         int64    // the version of the first of Roots; 0 means 1
	Roots                        [][]byte // N.root.json, at N-Base
	Root                         []byte   // root.json as it was read; nil where it is yet to be copied from the last of Roots
	Targets, Snapshot, Timestamp []byte
}

// Simulation is what clients will meet.
type Simulation struct {
	Passed []string // what was played through and went well
	Shown  []string // what does not stop a client, and people should know
}

// ErrExpired means that all is signed as it should be, and too old for a client.
var ErrExpired = errors.New("expired")

// simulator plays the clients of one repository. Its own workflow (TUF 1.0.34 §5)
// reads what go-tuf v0.5.2 reads; go-tuf/v2 plays along.
type simulator struct {
	Simulation
	m        Published
	now      time.Time
	latest   *Root
	dissents bool // go-tuf/v2 does not take the latest root, or an online file
	large    bool // it does not read targets.json
}

// Simulate plays the update of clients that hold root 1, root 2 and so on up to
// the latest (where the first are lost, from Base on): now, in 30 days, and one second before the latest root expires.
// The error names the first that would fail, and why. An online file that is
// expired is shown: the releaser renews it; all else about it must be right.
func Simulate(m Published, now time.Time) (Simulation, error) {
	s := &simulator{m: m, now: now}
	return s.play(s.roots, s.copies, s.online, s.lasts)
}

func (s *simulator) play(parts ...func() error) (Simulation, error) {
	for _, part := range parts {
		if err := part(); err != nil {
			return s.Simulation, fmt.Errorf("simulate clients: %w", err)
		}
	}
	return s.Simulation, nil
}

func (s *simulator) show(format string, args ...any) {
	s.Shown = append(s.Shown, fmt.Sprintf(format, args...))
}

func (s *simulator) pass(format string, args ...any) {
	s.Passed = append(s.Passed, fmt.Sprintf(format, args...))
}

// roots walks from every root to the next. A client that holds root i is, after
// its first step, a client that holds root i+1; so all starts are played when
// each root was loaded by itself and each step was made once.
func (s *simulator) roots() error {
	if len(s.m.Roots) == 0 {
		return errors.New("there is no root")
	}
	for i, b := range s.m.Roots {
		next, err := s.load(s.m.base()+int64(i), b)
		if err == nil && s.latest != nil {
			err = s.step(s.latest, next)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.holders(i), err)
		}
		s.latest = next
	}
	for _, sentence := range s.latest.Deviations {
		s.show("Root %d: %s.", s.latest.Version, sentence)
	}
	s.pass("A client that holds any root from %d to %d accepts root %d.", s.m.base(), s.m.latest(), s.m.latest())
	s.lost()
	if n := len(s.m.Roots); n > nearRotations {
		s.show("There are %d roots: a client of go-tuf/v2 takes %d steps at most.", n, maxRotations)
	}
	return nil
}

// lost says which clients cannot be played.
func (s *simulator) lost() {
	switch last := s.m.base() - 1; {
	case last == 1:
		s.show("A client that holds root 1 cannot be played, for that root is lost.")
	case last > 1:
		s.show("Clients that hold root 1 to %d cannot be played, for their roots are lost: one that does not find the next root stays where it is.", last)
	}
}

// holders names the clients that meet the root at index i first.
func (s *simulator) holders(i int) string {
	base := s.m.base()
	if i <= 1 {
		return fmt.Sprintf("a client that holds root %d stops", base)
	}
	return fmt.Sprintf("a client that holds any root from %d to %d stops", base, base+int64(i)-1)
}

// load reads a root as a client that trusts it does.
func (s *simulator) load(version int64, b []byte) (*Root, error) {
	root, err := adopted(b, ParseRoot)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%d.root.json: %w", version, err)
	case root.Version != version:
		return nil, fmt.Errorf("%d.root.json holds root %d", version, root.Version)
	case len(b) > maxRoot052:
		return nil, fmt.Errorf("%d.root.json: %w: go-tuf v0.5.2 reads %d bytes at most", version, ErrTooLarge, maxRoot052)
	}
	if _, err := root.count(root, RoleRoot); err != nil {
		return nil, err
	}
	err = engineLoad(root)
	if s.dissents = err != nil; s.dissents {
		err = s.dissent(root, root, err)
	}
	return root, err
}

// step goes from one root to the next (TUF 1.0.34 §5.3.4, §5.3.5).
func (s *simulator) step(from, to *Root) error {
	if _, err := to.count(from, RoleRoot); err != nil {
		return err
	}
	if err := engineStep(from, to); err != nil {
		return s.dissent(from, to, err)
	}
	return nil
}

// dissent is an error between files as this program writes them. Of history,
// which go-tuf/v2 never read in full, it is shown.
func (s *simulator) dissent(from, to *Root, err error) error {
	if from.Mode == Strict && to.Mode == Strict {
		return fmt.Errorf("root %d by root %d: %w: %w", to.Version, from.Version, ErrDissent, err)
	}
	if from == to {
		s.show("A client of go-tuf/v2 cannot begin with root %d: %v.", from.Version, err)
	} else {
		s.show("A client of go-tuf/v2 that holds root %d does not take root %d: %v.", from.Version, to.Version, err)
	}
	return nil
}

// copies compares root.json, which go-tuf v0.5.2's tools read, with the latest
// root, which clients read.
func (s *simulator) copies() error {
	latest := s.m.Roots[len(s.m.Roots)-1]
	if s.m.Root != nil && !bytes.Equal(s.m.Root, latest) {
		return fmt.Errorf("root.json (%s) is not %d.root.json (%s)", DigestOf(s.m.Root), s.m.latest(), DigestOf(latest))
	}
	return nil
}

// moment is a time at which clients are played.
type moment struct {
	name string
	at   time.Time
}

func (s *simulator) moments() []moment {
	return []moment{
		{"now", s.now},
		{"in 30 days", s.now.AddDate(0, 0, 30)},
		{"one second before root expires", s.latest.Expires.Add(-time.Second)},
	}
}

// lasts checks the expiry of the latest root (TUF 1.0.34 §5.3.10). It comes
// last: what is expired can be renewed, what is badly signed cannot.
func (s *simulator) lasts() error {
	for _, m := range s.moments() {
		if expired(s.latest.Envelope, m.at) {
			return fmt.Errorf("a client that updates %s, on %s, stops: root %d %w on %s",
				m.name, day(m.at), s.latest.Version, ErrExpired, day(s.latest.Expires))
		}
	}
	s.pass("It does so now, in 30 days, and until root %d expires on %s.", s.latest.Version, day(s.latest.Expires))
	return nil
}

// expired is go-tuf v0.5.2's view: at the very second, it is. go-tuf/v2 gives
// one second more.
func expired(e Envelope, at time.Time) bool { return !at.Before(e.Expires) }

func day(t time.Time) string { return t.UTC().Format("Mon 2 Jan 2006 15:04 UTC") }
