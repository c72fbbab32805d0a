package ceremony

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// A creation that was cut short left drives. What they hold decides what can be
// finished:
//
//   - root backups alone: their keys are used, the rest is made anew. Nothing
//     was signed that left;
//   - a complete signing drive: root 1 is signed and is never signed again
//     differently. What is on the drive goes on to the repository drive, and a
//     drive that is there already is proven.

// firstRoot is where a drive has root 1.
const firstRoot = "repository/1.root.json"

// remains is what was found of one creation.
type remains struct {
	began                       time.Time
	drives                      []string // that it was to write
	found                       []finding
	backup, signing, repository *foundDrive
	problems                    []string
}

// foundDrive is a complete drive, read and verified.
type foundDrive struct {
	manifest *Manifest
	drive    Drive
	files    map[string][]byte // but for target files: all that the manifest lists
}

// lookForUnfinished looks at the drives that are plugged in, and offers to
// finish what they are of.
func (s *Session) lookForUnfinished(ctx context.Context) error {
	for {
		drives := s.env.Drives.List()
		r, err := s.remainsOn(ctx, drives)
		if err != nil || r == nil {
			return err
		}
		way, err := s.askAboutRemains(ctx, r, drives)
		switch {
		case err != nil:
			return err
		case way == "over":
			s.note("the unfinished creation of %s is not used", when(r.began))
			return nil
		case way == "finish":
			return s.takeUp(r)
		}
	}
}

func (s *Session) askAboutRemains(ctx context.Context, r *remains, drives []Drive) (string, error) {
	q := Question{ID: "unfinished", Kind: Choose, Title: "A creation was not finished", Default: "finish",
		Text: []Block{Table(r.rows()...), Para("If a drive " + signingLabel + " was written, plug it in too before you go on: it holds root 1, signed, and there must never be two.")},
		Options: []Option{
			{Key: "finish", Label: "Finish it", Disabled: r.problem(s.State.Now)},
			{Key: "over", Label: "Start over with new keys"},
		}, Prompt: "How shall it go on?"}
	if r.problem(s.State.Now) != "" {
		q.Default = "over"
	}
	s.asked++
	a, err := s.askBeside(ctx, q, func(ctx context.Context) error {
		for {
			changed := s.env.Drives.Changed()
			if !slices.Equal(s.env.Drives.List(), drives) {
				return nil
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	})
	return a.Text, err
}

// rows say what exists, drive by drive.
func (r *remains) rows() []Row {
	rows := []Row{{"Begun", when(r.began)}}
	for _, label := range r.drives {
		state := "not plugged in, or never written"
		for _, f := range r.found {
			if f.manifest.Label == label {
				state = "complete"
			}
		}
		rows = append(rows, Row{Foreign(label), state})
	}
	for _, p := range r.problems {
		rows = append(rows, Row{"×", p})
	}
	return rows
}

// problem says why it cannot be finished now. The clock of an earlier ceremony is
// a floor for this one.
func (r *remains) problem(now time.Time) string {
	switch {
	case r.began.After(now):
		return "the clock says that it is before it was begun"
	case len(r.problems) > 0:
		return r.problems[0]
	case r.backup == nil:
		return "plug in a root backup of it"
	case r.signing == nil && r.repository != nil:
		return "plug in its signing drive"
	case r.repository != nil && !bytes.Equal(r.signing.files[firstRoot], r.repository.files[firstRoot]):
		return "its signing drive and its repository drive hold two different root 1"
	}
	return ""
}

// remainsOn reads the drives for one unfinished creation; nil when there is none.
func (s *Session) remainsOn(ctx context.Context, drives []Drive) (*remains, error) {
	var r *remains
	for _, d := range drives {
		found, err := s.look(ctx, d)
		if err != nil {
			s.note("a drive could not be read: %v", err)
			continue
		}
		m := found.manifest
		if m == nil || m.Ceremony.Name != s.script.Name || m.Rehearsal != s.env.Rehearsal {
			continue
		}
		if r == nil {
			r = &remains{began: m.Ceremony.Began, drives: m.Ceremony.Drives}
		}
		if !m.Ceremony.Began.Equal(r.began) {
			r.problems = append(r.problems, "drives of two creations are plugged in")
			continue
		}
		r.found = append(r.found, found)
		if err := s.readRemains(ctx, r, found); err != nil {
			r.problems = append(r.problems, Foreign(m.Label)+": "+Foreign(err.Error()))
		}
	}
	return r, nil
}

// readRemains reads a drive whole, and checks it against its manifest.
func (s *Session) readRemains(ctx context.Context, r *remains, found finding) (err error) {
	vol, err := s.env.Drives.Open(ctx, found.drive, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vol.Close()) }()
	if err := found.manifest.Verify(vol); err != nil {
		return err
	}
	d := &foundDrive{manifest: found.manifest, drive: found.drive, files: map[string][]byte{}}
	for _, f := range found.manifest.Files {
		if d.files[f.Name], err = vol.ReadFile(f.Name, f.Size); err != nil {
			return err
		}
	}
	switch found.manifest.Role {
	case RootBackup:
		r.backup = d
	case Signing:
		r.signing = d
	case Repository:
		r.repository = d
	}
	return nil
}

// takeUp puts what was found in place of what would be made.
func (s *Session) takeUp(r *remains) error {
	plan, then, keys, err := toldBy(r.backup)
	if err != nil {
		return err
	}
	s.State.Began, s.State.Plan = r.began, plan.renewed(then, s.State.Now)
	s.State.Carried = recordsOn(r.backup)
	for _, k := range keys {
		k.File = r.backup.files[k.FileName()]
		if k.Role != tuf.RoleRoot && r.signing == nil {
			continue // online keys live in memory until the signing drive is written
		}
		if r.signing != nil && k.Role != tuf.RoleRoot {
			k.File = r.signing.files[k.FileName()]
		}
		s.State.putKey(k)
		s.State.Done[k.Name+".holder"] = true
	}
	s.State.Done["plan"], s.State.Done["computer.unfinished"] = true, true
	s.tell(Event{Kind: Did, Text: "taken up: the creation of " + when(r.began), Data: s.State.Plan.data(s.State.Now)})
	if r.signing == nil {
		return nil
	}
	return s.takeUpSigned(r.signing)
}

// takeUpSigned goes on from a signed root 1: it is verified, and goes out as it
// is.
func (s *Session) takeUpSigned(d *foundDrive) error {
	published, err := tuf.PublishedFrom(d.files)
	if err != nil {
		return err
	}
	if _, err := tuf.Simulate(published, s.State.Now); err != nil {
		return fmt.Errorf("the signing drive's repository: %w", err)
	}
	root, err := tuf.ParseRoot(published.Roots[0], tuf.Strict)
	if err != nil {
		return err
	}
	for _, k := range s.State.Keys {
		if !slices.Contains(root.Roles[k.Role].KeyIDs, k.Key.ID) {
			return fmt.Errorf("root 1 on the signing drive does not list %s of the backup: they are of two creations", k.The())
		}
	}
	if s.State.Plan.Expires, err = published.Expires(); err != nil {
		return err
	}
	s.State.Root, s.State.Published, s.State.Signed = root, published, root.Digest()
	s.note("root 1 was signed already: it goes out as it is")
	return s.jump("signing-drive")
}

// toldBy reads plan and keys from the record on a backup.
func toldBy(d *foundDrive) (plan Plan, now time.Time, keys []HeldKey, err error) {
	var last RecordLine
	for _, f := range recordsOn(d) {
		if !strings.HasSuffix(f.Name, ".jsonl") {
			continue
		}
		lines, _, err := ReadRecord(f.Data)
		if err != nil {
			return plan, now, nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		for _, line := range lines {
			switch {
			case line.Data["root_keys"] != "":
				last = line
			case line.Data["key"] != "":
				k, err := keyFromData(line.Data)
				if err != nil {
					return plan, now, nil, err
				}
				keys = slices.DeleteFunc(keys, func(other HeldKey) bool { return other.Name == k.Name })
				keys = append(keys, k)
			}
		}
	}
	plan, now, err = planFromData(last.Data)
	slices.SortStableFunc(keys, func(a, b HeldKey) int { return bytes.Compare([]byte(a.order()), []byte(b.order())) })
	return plan, now, keys, err
}

// recordsOn are the records of a ledger, oldest first: their names begin with
// the time.
func recordsOn(d *foundDrive) []tuf.File {
	var out []tuf.File
	for name, b := range d.files {
		if strings.HasPrefix(name, ledgerRecords) {
			out = append(out, tuf.File{Name: name, Data: b, Perm: 0o644})
		}
	}
	slices.SortFunc(out, func(a, b tuf.File) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// renewed is the plan for a later day: dates that have passed, or nearly, are
// counted anew.
func (p Plan) renewed(then, now time.Time) Plan {
	fresh := defaultPlan(now)
	for _, role := range tuf.Roles() {
		if p.Expires[role].Sub(now) < p.Expires[role].Sub(then)/2 {
			p.Expires[role] = fresh.Expires[role]
		}
	}
	return p
}
