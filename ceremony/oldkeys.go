package ceremony

import (
	"context"
	"fmt"
	"slices"

	"signer/ceremony/tuf"
)

// proveOldKeys begins a rotation: as many old keys as must sign are unlocked, and
// each of them is on two drives, or gets onto a second one now.
func proveOldKeys(ctx context.Context, s *Session) error {
	if err := unlockRootKeys(ctx, s); err != nil {
		return err
	}
	return s.Part(ctx, "copies", s.findCopies)
}

// findCopies looks at further drives until each unlocked key was met on two.
func (s *Session) findCopies(ctx context.Context) error {
	for {
		if err := s.takeOutRead(ctx, "copies", "Old keys"); err != nil {
			return err
		}
		lone := s.loneKeys()
		if len(lone) == 0 {
			s.did("the old keys are on two drives")
			return nil
		}
		before := s.State.Known.Latest().Version
		d, way, err := s.visitDrive(ctx, visit{id: "copies", title: "A second copy of the old keys",
			label: s.otherDriveWith(lone[0].Key.ID), prompt: "Insert another root backup with " + lone[0].The(),
			text: []Block{Para("Until the new root is out, the old keys are all that can change the repository. They must be on two drives.")},
			wrong: func(d *foundDrive) string {
				if slices.Contains(s.serialsToday(), d.drive.Serial) {
					return d.label() + " has been read."
				}
				return s.learning("another root backup", RootBackup)(d)
			},
			others: []Option{{Key: "copy", Label: "There is none: make a copy now"}}})
		switch {
		case err != nil:
			return err
		case way == "copy":
			if err := s.copyOldKeys(ctx); err != nil {
				return err
			}
		case s.State.Known.Latest().Version > before:
			return s.foundNewerRoot(ctx, d)
		default:
			s.met(d)
			s.tellCopies(d)
		}
	}
}

// otherDriveWith is a drive that holds a key, as the ledger has it, and was not
// read today.
func (s *Session) otherDriveWith(id tuf.KeyID) string {
	for _, d := range s.State.Known.drivesInUse(RootBackup) {
		if slices.Contains(d.Keys, id) && !slices.Contains(s.serialsToday(), d.Serial) {
			return d.Label
		}
	}
	return s.nextLabel(RootBackup, s.serialsToday())
}

// serialsToday are the drives on which unlocked keys were met.
func (s *Session) serialsToday() []string {
	var all []string
	for _, serials := range s.State.Met {
		all = append(all, serials...)
	}
	return all
}

// loneKeys are the unlocked root keys that were met on one drive only.
func (s *Session) loneKeys() (out []HeldKey) {
	for _, k := range s.State.Held {
		if k.Role == tuf.RoleRoot && len(s.State.Met[tuf.DigestOf(k.File)]) < 2 {
			out = append(out, k)
		}
	}
	return out
}

// met notes on which drive each key file was read.
func (s *Session) met(d *foundDrive) {
	met := map[tuf.Digest][]string{}
	for digest, serials := range s.State.Met {
		met[digest] = serials
	}
	for _, name := range d.keyFiles() {
		digest := tuf.DigestOf(d.files[name])
		if !slices.Contains(met[digest], d.drive.Serial) {
			met[digest] = append(slices.Clone(met[digest]), d.drive.Serial)
		}
	}
	s.State.Met = met
}

func (s *Session) tellCopies(d *foundDrive) {
	for _, name := range d.keyFiles() {
		if s.proven[tuf.DigestOf(d.files[name])] {
			s.did("%s on %s: the same as its proven copy", name, d.label())
		}
	}
}

// copyOldKeys makes the second drive that there is none of.
func (s *Session) copyOldKeys(ctx context.Context) error {
	label := s.freeLabels(sharedBackup, 1)[0]
	keys := s.State.keysHeld(tuf.RoleRoot)
	err := s.makeDrive(ctx, driveJob{role: RootBackup, label: label, title: "A copy of the old keys", keys: keys, files: s.ledgerFiles,
		what: fmt.Sprintf("%s, locked as they are", plural(len(keys), "old root key", "old root keys")),
		end:  "Put the label " + label + " on it."})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.written, func(r DriveReport) bool { return r.Label == label })
	met := map[tuf.Digest][]string{}
	for digest, serials := range s.State.Met {
		met[digest] = serials
	}
	for _, k := range keys {
		digest := tuf.DigestOf(k.File)
		met[digest] = append(slices.Clone(met[digest]), s.written[i].Drive.Serial)
	}
	s.State.Met = met
	return nil
}

// keysHeld are the keys of a role that were unlocked from drives.
func (s State) keysHeld(role tuf.Role) []HeldKey {
	var out []HeldKey
	for _, k := range s.Held {
		if k.Role == role {
			out = append(out, k)
		}
	}
	slices.SortStableFunc(out, func(a, b HeldKey) int { return naturally(a.Name, b.Name) })
	return out
}
