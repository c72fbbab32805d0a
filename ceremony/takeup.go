package ceremony

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// Here what an unfinished creation left becomes the state to go on from.
// Everything on a drive may be a lie: the record must hold together, the plan
// must be one that this program makes, and a signed root must be the very root
// that plan and keys give, signed by all of its keys. Whoever has the signing
// drive for an hour could else add a key to it: root 1 vouches for itself.

// takeUp puts what was found in place of what would be made. A signed root is
// reviewed again before it goes out: the drives lay about since.
func (s *Session) takeUp(r *remains) error {
	s.State = r.state.clone()
	s.reportWhole(r.whole)
	s.tell(Event{Kind: Did, Text: "taken up: the creation of " + when(r.began), Data: s.State.Plan.data(s.State.Now)})
	if s.State.Root == nil {
		return nil
	}
	s.note("root 1 was signed already: it goes out as it is")
	for _, k := range s.State.Keys { // this record rebuilds what goes out, too
		s.tell(Event{Kind: Note, Text: k.Title() + ": made before", Data: k.data()})
	}
	s.tellSignatures()
	return s.jump("review")
}

// reportWhole makes what was taken up known as drives of this ceremony. A signing
// drive is written only when every root backup is proven. Of two drives with one
// label the older was set aside.
func (s *Session) reportWhole(whole []*foundDrive) {
	s.written, s.aside = nil, nil
	labels := s.State.DriveLabels()
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
	told, err := toldBy(r.backup)
	if err != nil {
		return err
	}
	state.Began, state.Plan = r.began, told.plan
	if state.Carried, err = r.records(); err != nil {
		return err
	}
	for _, k := range told.keys {
		from := r.backupWith(k)
		if k.Role != tuf.RoleRoot {
			from = r.signing // online keys live in memory until the signing drive is written
		}
		if from == nil {
			continue
		}
		if k.File = from.files[k.FileName()]; k.File == nil {
			return fmt.Errorf("plug in a drive with %s: %s has no %s", k.The(), Foreign(from.manifest.Label), k.FileName())
		}
		state.putKey(k)
		state.Done[k.Name+".holder"] = true
	}
	if n := len(state.keysOf(tuf.RoleRoot)); n != told.plan.RootKeys {
		return fmt.Errorf("the record tells of %d root keys, and its plan of %d", n, told.plan.RootKeys)
	}
	state.Done["plan"], state.Done["computer.unfinished"] = true, true
	if r.signing != nil {
		err = state.takeUpSigned(r.signing)
	} else {
		state.Plan = told.plan.renewed(told.now, state.Now)
	}
	r.state = state
	return err
}

// backupWith is the backup that has a key: of several the one whose record goes
// furthest. Each holder may have drives of their own.
func (r *remains) backupWith(k HeldKey) *foundDrive {
	from := r.backup
	for _, d := range r.whole {
		if from.files[k.FileName()] == nil && d.manifest.Role == RootBackup && d.files[k.FileName()] != nil {
			from = d
		}
	}
	return from
}

// takeUpSigned goes on from a signed root 1, which goes out as it is: backups and
// signatures are done.
func (s *State) takeUpSigned(d *foundDrive) error {
	published, err := tuf.PublishedFrom(d.files)
	if err != nil {
		return err
	}
	if _, err := tuf.Simulate(published, s.Now); err != nil {
		return fmt.Errorf("the signing drive's repository: %w", err)
	}
	if n := len(published.Roots); n > 1 {
		return fmt.Errorf("the signing drive has root %d: this creation was finished long ago", n)
	}
	root, err := tuf.ParseRoot(published.Roots[0], tuf.Strict)
	if err != nil {
		return err
	}
	draft, err := tuf.Derive(nil, creation(s.Plan, s.Keys), s.Now)
	if err != nil {
		return err
	}
	if root.Digest() != draft.Digest() {
		return fmt.Errorf("%w: %s on the signing drive, %s by the record", errOtherRoot, root.Digest().Groups()[:9], draft.Digest().Groups()[:9])
	}
	if tally, err := root.VerifyBy(root, tuf.RoleRoot); err != nil || len(tally.Missing) > 0 {
		return errors.Join(fmt.Errorf("root 1 on the signing drive: %d root keys did not sign it", len(tally.Missing)), err)
	}
	s.Draft, s.Root, s.Published, s.Signed = draft, root, published, root.Digest()
	s.Done["review.derive"], s.Done["sign"] = true, true
	for _, b := range s.backups() {
		s.Done["drive."+b.label] = true
	}
	return nil
}

// errOtherRoot is a signed root that nobody has decided on.
var errOtherRoot = errors.New("root 1 is not the one that was reviewed")

// toldBy is what the records on a backup tell together, the latest last.
func toldBy(d *foundDrive) (telling, error) {
	var all []RecordLine
	for _, f := range recordsOn(d) {
		lines, _, err := ReadRecord(f.Data)
		if err != nil {
			return telling{}, fmt.Errorf("%s: %w", f.Name, err)
		}
		all = append(all, lines...)
	}
	return tell(all)
}

// records are what the new drives carry of earlier records: those of the
// repository drive, which go further, when there is one. Pages are made anew
// from them: nothing else of a ledger is copied.
func (r *remains) records() (out []tuf.File, err error) {
	from := r.backup
	if r.repository != nil {
		from = r.repository
	}
	for _, f := range recordsOn(from) {
		lines, digest, err := ReadRecord(f.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		page := tuf.File{Name: strings.TrimSuffix(f.Name, ".jsonl") + ".txt", Data: recordPage(lines, digest), Perm: 0o644}
		out = append(out, f, page)
	}
	return out, nil
}

// recordForm is the form of a record's name, as this program gives it.
var recordForm = regexp.MustCompile(`^` + ledgerRecords + `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z-[a-z]{1,40}(-[0-9]{1,3})?\.jsonl$`)

// recordsOn are the records of a ledger, oldest first: their names begin with
// the time, and of one moment the later is the longer (recordName).
func recordsOn(d *foundDrive) []tuf.File {
	var out []tuf.File
	for name, b := range d.files {
		if recordForm.MatchString(name) {
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
		if left := p.Expires[role].Sub(now); left < p.Expires[role].Sub(then)/2 || p.tooSoon(role, now) {
			p.Expires[role] = fresh.Expires[role]
		}
	}
	return p
}
