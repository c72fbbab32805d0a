package ceremony

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// Grade says what is known of a key after a check.
type Grade string

const (
	ProvenToday Grade = "proven today" // unlocked, and it signed; or the same bytes as a file that was
	ReadOnly    Grade = "read only"    // as it was written; nobody unlocked it today
	NotSeen     Grade = "not seen"
)

// gradeOf a key file that was read whole.
func (s *Session) gradeOf(file []byte) Grade {
	if _, opened := s.State.Care.checkup.opened[tuf.DigestOf(file)]; opened {
		return ProvenToday
	}
	return ReadOnly
}

// checkedPage tells what a drive is worth.
func (s *Session) checkedPage(c checkedDrive) Question {
	q := Question{ID: "check.next", Title: "Checked: " + c.name(), Prompt: "Is there another drive?", Default: "done",
		Text:    []Block{Table(s.checkedRows(c)...)},
		Options: []Option{{Key: "another", Label: "Yes, another drive"}, {Key: "done", Label: "No, that was all"}}}
	if missing := s.unseen(); len(missing) > 0 || s.State.Known.Chain == nil {
		q.Default = "another"
		if len(missing) > 0 {
			q.Text = append(q.Text, Para("Not seen yet: "+labelsOf(missing)+"."))
		}
	}
	for _, text := range s.objections(c) {
		q.Text = append(q.Text, Warn(text))
	}
	return q
}

func (s *Session) checkedRows(c checkedDrive) []Row {
	rows := []Row{{"Serial", Foreign(c.drive.Serial)}}
	if c.found == nil {
		return append(rows, Row{"State", "cannot be read"})
	}
	m := c.found.manifest
	rows = append(rows, Row{"Role", string(m.Role)}, Row{"Files", fmt.Sprintf("%d of %d as listed", len(c.found.files), len(m.Files))},
		Row{"Root", fmt.Sprintf("version %d", m.Root.Version)})
	for _, file := range c.found.keyFiles() {
		k := s.keyIn(c.found, file)
		rows = append(rows, Row{k.short(), k.Holder + ": " + string(s.gradeOf(c.found.files[file]))})
	}
	return rows
}

// short is the title without the holder: "root key 2", "targets key".
func (k HeldKey) short() string { return strings.TrimSuffix(k.Title(), " ("+k.Holder+")") }

// mostObjections is how many sentences stand on a page of a drive; the command
// signer check tells all.
const mostObjections = 5

// objections are what is wrong with a drive, the worst first.
func (s *Session) objections(c checkedDrive) []string {
	if c.found == nil {
		return []string{c.problem}
	}
	var out []string
	if c.problem != "" {
		out = append(out, c.problem)
	}
	out = append(out, s.staleness(c)...)
	out = append(out, s.strangeKeys(c)...)
	for _, f := range c.report.Findings {
		if f.Gravity != Notice && f.Gravity != Good {
			out = append(out, strings.TrimSpace(Foreign(f.File)+": "+Foreign(f.Text)))
		}
	}
	if n := len(out) - mostObjections; n > 0 {
		out = append(out[:mostObjections], fmt.Sprintf("And %d more: signer check tells all.", n))
	}
	return out
}

// staleness tells of a drive that has not seen the latest root.
func (s *Session) staleness(c checkedDrive) []string {
	if !c.good() || s.State.Known.Chain == nil {
		return nil
	}
	was, is := c.found.manifest.Root.Version, s.State.Known.Latest().Version
	if was >= is {
		return nil
	}
	return []string{fmt.Sprintf("Its ledger ends with root %d, and the latest is root %d. Its keys count all the same.", was, is)}
}

// strangeKeys tells of keys that were unlocked and that clients do not trust.
func (s *Session) strangeKeys(c checkedDrive) []string {
	if s.State.Known.Chain == nil {
		return nil
	}
	var out []string
	for _, file := range c.found.keyFiles() {
		for _, key := range s.State.Care.checkup.opened[tuf.DigestOf(c.found.files[file])] {
			switch version := s.State.Known.listedLast(key.ID); version {
			case s.State.Known.Latest().Version:
			case 0:
				out = append(out, fmt.Sprintf("%s: no root that is published names its key %s.", file, key.ID.Short()))
			default:
				out = append(out, fmt.Sprintf("%s: its key %s was in root %d, and is not in the latest.", file, key.ID.Short(), version))
			}
		}
	}
	return out
}

// listedLast is the version of the last root that lists a key; 0 when none does.
func (k Known) listedLast(id tuf.KeyID) int64 {
	for i := len(k.Public.Roots) - 1; i >= 0; i-- {
		root, err := tuf.ParseRoot(k.Public.Roots[i], tuf.History)
		if err != nil {
			continue // the chain holds: it was read in this way before
		}
		if _, listed := root.Keys[id]; listed {
			return root.Version
		}
	}
	return 0
}

// tellChecked records what was found, and how each key on the drive stands.
func (s *Session) tellChecked(c checkedDrive) {
	data := map[string]string{"drive": c.name(), "serial": c.drive.Serial}
	kind, text := Did, c.name()+": read, as it lists itself"
	if c.found != nil {
		data["manifest_sha256"] = tuf.DigestOf(c.found.raw).String()
		for _, file := range c.found.keyFiles() {
			data["grade."+file] = string(s.gradeOf(c.found.files[file]))
		}
	}
	if wrong := s.objections(c); len(wrong) > 0 {
		kind, text = Trouble, c.name()+": "+strings.Join(wrong, " ")
	}
	s.tell(Event{Kind: kind, Text: text, Data: data})
	s.datesOf(c)
}

// datesOf keeps in the list of drives which keys a drive has, and that all of
// them were proven today.
func (s *Session) datesOf(c checkedDrive) {
	i := slices.IndexFunc(s.State.Known.Drives, c.is)
	if !c.good() || i < 0 {
		return
	}
	k, all := s.State.Known.Drives[i], !c.found.torn()
	for _, file := range c.found.keyFiles() {
		keys, opened := s.State.Care.checkup.opened[tuf.DigestOf(c.found.files[file])]
		for _, key := range keys {
			if !slices.Contains(k.Keys, key.ID) {
				k.Keys = append(slices.Clone(k.Keys), key.ID)
			}
		}
		all = all && opened
	}
	if all {
		k.Proven = s.State.Now
	}
	s.State.Known.Drives = slices.Clone(s.State.Known.Drives)
	s.State.Known.Drives[i] = k
}

// longAgo is after how many days a key that nobody proved wants a check.
const longAgo = 400

// since says when something was last done, and that it was long ago.
func since(t, now time.Time) string {
	switch {
	case t.IsZero():
		return "never"
	case now.Sub(t) > longAgo*24*time.Hour:
		return t.UTC().Format("2 Jan 2006") + ": long ago"
	}
	return t.UTC().Format("2 Jan 2006")
}
