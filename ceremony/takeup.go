package ceremony

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// Here what an unfinished creation left becomes the state to go on from.
// Everything on a drive may be a lie: the record must hold together, the plan
// must be one that this program makes, and a signed root must be what clients
// accept and list the very keys.

// takeUp puts what was found in place of what would be made.
func (s *Session) takeUp(r *remains) error {
	s.State = r.state.clone()
	s.reportWhole(r.whole)
	s.tell(Event{Kind: Did, Text: "taken up: the creation of " + when(r.began), Data: s.State.Plan.data(s.State.Now)})
	if s.State.Root == nil {
		return nil
	}
	s.note("root 1 was signed already: it goes out as it is")
	return s.jump("signing-drive")
}

// reportWhole makes what was taken up known as drives of this ceremony. A signing
// drive is written only when every root backup is proven. Of two drives with one
// label the older was set aside.
func (s *Session) reportWhole(whole []*foundDrive) {
	s.written, s.aside = nil, nil
	labels := s.State.Plan.DriveLabels()
	slices.SortStableFunc(whole, func(a, b *foundDrive) int {
		return cmp.Or(slices.Index(labels, a.manifest.Label)-slices.Index(labels, b.manifest.Label), a.recorded()-b.recorded())
	})
	for _, d := range whole {
		state := Written
		if s.State.Root != nil && d.manifest.Role == RootBackup && d.manifest.Root.Signed == s.State.Signed {
			state = Proven
		}
		s.report(driveJob{role: d.manifest.Role, label: d.manifest.Label}, d.drive, state)
	}
}

// weigh works out the state to go on from, or why there is none.
func (r *remains) weigh(state State) error {
	plan, then, keys, err := toldBy(r.backup)
	if err != nil {
		return err
	}
	state.Began, state.Plan = r.began, plan.renewed(then, state.Now)
	state.Carried = recordsOn(r.backup)
	for _, k := range keys {
		from := r.backup
		if k.Role != tuf.RoleRoot {
			from = r.signing // online keys live in memory until the signing drive is written
		}
		if from == nil {
			continue
		}
		if k.File = from.files[k.FileName()]; k.File == nil {
			return fmt.Errorf("%s has no %s", Foreign(from.manifest.Label), k.FileName())
		}
		state.putKey(k)
		state.Done[k.Name+".holder"] = true
	}
	if n := len(state.keysOf(tuf.RoleRoot)); n != plan.RootKeys {
		return fmt.Errorf("the record tells of %d root keys, and its plan of %d", n, plan.RootKeys)
	}
	state.Done["plan"], state.Done["computer.unfinished"] = true, true
	if r.signing != nil {
		err = state.takeUpSigned(r.signing)
	}
	r.state = state
	return err
}

// takeUpSigned goes on from a signed root 1: it is verified, and goes out as it
// is.
func (s *State) takeUpSigned(d *foundDrive) error {
	published, err := tuf.PublishedFrom(d.files)
	if err != nil {
		return err
	}
	if _, err := tuf.Simulate(published, s.Now); err != nil {
		return fmt.Errorf("the signing drive's repository: %w", err)
	}
	root, err := tuf.ParseRoot(published.Roots[0], tuf.Strict)
	if err != nil {
		return err
	}
	for _, k := range s.Keys {
		if !slices.Contains(root.Roles[k.Role].KeyIDs, k.Key.ID) {
			return fmt.Errorf("root 1 on the signing drive does not list %s of the backup: they are of two creations", k.The())
		}
	}
	if s.Plan.Expires, err = published.Expires(); err != nil {
		return err
	}
	s.Root, s.Published, s.Signed = root, published, root.Digest()
	return nil
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
// the time, and of one moment the later is the longer (recordName).
func recordsOn(d *foundDrive) []tuf.File {
	var out []tuf.File
	for name, b := range d.files {
		if strings.HasPrefix(name, ledgerRecords) {
			out = append(out, tuf.File{Name: name, Data: b, Perm: 0o644})
		}
	}
	moment := func(f tuf.File) string {
		return f.Name[:min(len(f.Name), len(ledgerRecords)+len("2006-01-02T150405Z"))]
	}
	slices.SortFunc(out, func(a, b tuf.File) int {
		return cmp.Or(strings.Compare(moment(a), moment(b)), len(a.Name)-len(b.Name), strings.Compare(a.Name, b.Name))
	})
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
