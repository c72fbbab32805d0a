package tuf

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"time"
)

// What clients read at most, and what is near it. go-tuf v0.5.2: defaults of
// its client; go-tuf/v2: defaults of its updater.
const (
	maxRoot052      = 512_000
	maxTimestamp052 = 16_384
	maxTargets2     = 5_000_000
	nearTargets2    = maxTargets2 * 8 / 10
	maxRotations    = 256
	nearRotations   = maxRotations * 8 / 10
)

// online plays the update of timestamp, snapshot and targets.
func (s *simulator) online() error {
	switch missing := s.missing(); {
	case len(missing) == len(OnlineRoles()):
		return nil
	case len(missing) > 0:
		return fmt.Errorf("every client stops: %s.json is not there", missing[0])
	}
	files, err := s.files()
	if err != nil {
		return fmt.Errorf("every client stops: %w", err)
	}
	return s.ages(files)
}

func (s *simulator) missing() (roles []Role) {
	for _, role := range OnlineRoles() {
		if s.m.online(role) == nil {
			roles = append(roles, role)
		}
	}
	return roles
}

// files reads the three files in the order in which a client does.
func (s *simulator) files() ([]Envelope, error) {
	if n := len(s.m.Timestamp); n > maxTimestamp052 {
		return nil, fmt.Errorf("timestamp.json: %w: go-tuf v0.5.2 reads %d bytes at most", ErrTooLarge, maxTimestamp052)
	}
	timestamp, err := adopted(s.m.Timestamp, ParseTimestamp)
	if err != nil {
		return nil, err
	}
	snapshot, err := adopted(s.m.Snapshot, ParseSnapshot)
	if err != nil {
		return nil, err
	}
	targets, err := adopted(s.m.Targets, ParseTargets)
	if err != nil {
		return nil, err
	}
	for _, next := range []struct {
		e      Envelope
		listed *FileMeta
	}{
		{timestamp.Envelope, nil},
		{snapshot.Envelope, listedIn(timestamp.Meta, RoleSnapshot)},
		{targets.Envelope, listedIn(snapshot.Meta, RoleTargets)},
	} {
		if err := s.file(next.e, next.listed); err != nil {
			return nil, err
		}
	}
	s.targets(targets)
	return []Envelope{timestamp.Envelope, snapshot.Envelope, targets.Envelope}, nil
}

// adopted reads a file in Strict mode if it can be, else as history.
func adopted[T any](b []byte, parse func([]byte, Mode) (T, error)) (T, error) {
	if file, err := parse(b, Strict); err == nil {
		return file, nil
	}
	return parse(b, History)
}

func listedIn(meta map[string]FileMeta, role Role) *FileMeta {
	m := meta[string(role)+".json"]
	return &m
}

// file checks one file against the one that lists it, and its signatures (TUF
// 1.0.34 §5.4 to §5.6).
func (s *simulator) file(e Envelope, listed *FileMeta) error {
	if listed != nil {
		if err := listed.matches(e); err != nil {
			return err
		}
	}
	verify := e.VerifyBy
	if s.beyond2(e) {
		verify = e.count
	}
	tally, err := verify(s.latest, e.Role)
	if err != nil {
		return err
	}
	if tally.Dissent != "" {
		s.dissents = true
		s.show("A client of go-tuf/v2 does not take %s.json: %s.", e.Role, tally.Dissent)
	}
	for _, sentence := range e.Deviations {
		s.show("%s.json: %s.", e.Role, sentence)
	}
	return nil
}

// beyond2 reports a file that clients of go-tuf/v2 do not read, unless they were
// built to read more. They are not played then: of 100,000 targets the library
// makes 700 MB, five times over, to say nothing that was not said (measured).
func (s *simulator) beyond2(e Envelope) bool {
	if e.Role != RoleTargets || len(e.Raw) <= maxTargets2 {
		return false
	}
	s.large = true
	return true
}

// matches compares length, hashes and version; the first two need not be there.
func (m FileMeta) matches(e Envelope) error {
	if m.Length != 0 && m.Length != int64(len(e.Raw)) {
		return fmt.Errorf("%s.json has %d bytes, and is listed with %d", e.Role, len(e.Raw), m.Length)
	}
	for name, make := range map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New} {
		listed, ok := m.Hashes[name]
		if !ok {
			continue
		}
		h := make()
		h.Write(e.Raw)
		if sum := h.Sum(nil); !bytes.Equal(listed, sum) {
			return fmt.Errorf("%s.json has the %s %x, and is listed with %x", e.Role, name, sum, listed)
		}
	}
	if m.Version != e.Version {
		return fmt.Errorf("%s.json has version %d, and is listed with %d", e.Role, e.Version, m.Version)
	}
	return nil
}

// targets shows what does not stop a client of TUF, and would stop Fleet.
func (s *simulator) targets(t *Targets) {
	if n := len(t.Raw); n > nearTargets2 {
		s.show("targets.json has %d bytes: a client of go-tuf/v2 reads %d at most.", n, maxTargets2)
	}
	bare := 0
	for _, file := range t.Files {
		var custom struct {
			Version string `json:"version"`
		}
		if json.Unmarshal(file.Custom, &custom) != nil || custom.Version == "" {
			bare++
		}
	}
	if bare > 0 {
		s.show("%d of %d targets have no custom.version, which Fleet's packager needs.", bare, len(t.Files))
	}
}

// ages says when the files expire, and plays go-tuf/v2 while they are fresh,
// unless it has been shown that it stops.
func (s *simulator) ages(files []Envelope) error {
	for _, e := range files {
		s.age(e)
	}
	for _, m := range append(s.moments(), moment{"while all files are fresh", s.fresh(files)}) {
		stale := slices.ContainsFunc(append(files, s.latest.Envelope), func(e Envelope) bool { return expired(e, m.at) })
		if stale || s.dissents || s.large {
			continue
		}
		if err := engineUpdate(s.latest.Raw, s.m, m.at); err != nil {
			return fmt.Errorf("a client that updates %s stops: %w: %w", m.name, ErrDissent, err)
		}
	}
	s.pass("It then accepts timestamp %d, snapshot %d and targets %d while they are fresh.", files[0].Version, files[1].Version, files[2].Version)
	return nil
}

func (s *simulator) age(e Envelope) {
	switch {
	case expired(e, s.now):
		s.show("%s", tooOld(e))
	case expired(e, s.now.AddDate(0, 0, 30)):
		s.show("%s.json expires on %s, within 30 days: it must be renewed before.", e.Role, day(e.Expires))
	case expired(e, s.latest.Expires):
		s.show("%s.json expires on %s, before root does: it must be renewed before.", e.Role, day(e.Expires))
	}
}

func tooOld(e Envelope) string {
	return fmt.Sprintf("%s.json expired on %s: every client stops until it is renewed.", e.Role, day(e.Expires))
}

// fresh is a time at which no file was expired: files that are expired now are
// played as of then.
func (s *simulator) fresh(files []Envelope) time.Time {
	at := s.latest.Expires
	for _, e := range files {
		if e.Expires.Before(at) {
			at = e.Expires
		}
	}
	if s.now.Before(at) {
		return s.now
	}
	return at.Add(-time.Second)
}
