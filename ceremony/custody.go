package ceremony

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// ledgerDrives says which drives there are, and how each was seen last.
const ledgerDrives = "ledger/drives.json"

const drivesFormat = "signer-drives-v1"

type drivesFile struct {
	Format string       `json:"format"`
	Drives []KnownDrive `json:"drives"`
}

// KnownDrive is a drive as the ledger has it: a drive that is absent today still
// holds what it held.
type KnownDrive struct {
	Label  string      `json:"label"`
	Role   DriveRole   `json:"role"`
	Serial string      `json:"serial"`
	Keys   []tuf.KeyID `json:"keys,omitempty"` // whose locked files are on it
	Root   int64       `json:"root"`           // the latest that it carries
	Seen   time.Time   `json:"seen"`           // read or written last
	Proven time.Time   `json:"proven,omitzero"`
	State  Custody     `json:"state"`
	// Before are the keys whose file there still opens with the passphrase before.
	Before []tuf.KeyID `json:"passphrase_before,omitempty"`
}

// Custody is what became of a drive.
type Custody string

const (
	InUse    Custody = "in use"
	Outdated Custody = "outdated" // its keys are no longer in the root: to be retired
	Retired  Custody = "retired"  // its keys were erased
	Lost     Custody = "lost"     // or stolen, or dead: it may turn up again
	Replaced Custody = "replaced" // another drive took its label
)

func drivesOn(d *foundDrive) []KnownDrive {
	var file drivesFile
	if json.Unmarshal(d.files[ledgerDrives], &file) != nil || file.Format != drivesFormat {
		return nil
	}
	return slices.DeleteFunc(file.Drives, func(k KnownDrive) bool { return !driveLabel.MatchString(k.Label) })
}

// mergeDrives keeps of each drive what was seen last. Of what was seen at the same
// time, the later root and custody count: the ledger of a new backup is written
// before the root is signed by which the old ones are outdated, and a drive is lost
// without being seen.
func mergeDrives(known, found []KnownDrive) []KnownDrive {
	for _, k := range found {
		for _, o := range known {
			if o.Label == k.Label && o.Serial == k.Serial && o.Seen.Equal(k.Seen) {
				k.Root = max(k.Root, o.Root)
				if o.State.follows(k.State) {
					k.State = o.State
				}
			}
		}
		known = putDrive(known, k)
	}
	return known
}

// follows says whether a drive gets into this custody after the other one.
func (c Custody) follows(before Custody) bool {
	return c != InUse && (before == InUse || before == Outdated)
}

// putDrive adds a drive, or what is newer of it. That it was once proven stays:
// what it wrote of itself was written before. Another drive of a label takes the
// place of the one before.
func putDrive(known []KnownDrive, k KnownDrive) []KnownDrive {
	out := slices.Clone(known)
	i := slices.IndexFunc(out, func(o KnownDrive) bool { return o.Label == k.Label && o.Serial == k.Serial })
	if i < 0 {
		return append(out, k)
	}
	if k.Seen.Equal(out[i].Seen) && k.Before == nil {
		k.Before = out[i].Before
	}
	proven := out[i].Proven
	if k.Proven.After(proven) {
		proven = k.Proven
	}
	if !k.Seen.Before(out[i].Seen) {
		out[i] = k
	}
	out[i].Proven = proven
	return out
}

// drivesInUse are the drives of a role that hold what they are for.
func (k Known) drivesInUse(role DriveRole) []KnownDrive {
	var out []KnownDrive
	for _, d := range k.Drives {
		if d.Role == role && d.State == InUse {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b KnownDrive) int { return naturally(a.Label, b.Label) })
	return out
}

// custody is the ledger's list of drives as it will stand when this ceremony's
// drives are written.
func (s *Session) custody() []KnownDrive {
	drives := s.State.Known.Drives
	for _, r := range s.written {
		drives = putDrive(drives, s.knownDrive(r))
	}
	for label, state := range s.State.Custody {
		for i, d := range drives {
			if d.Label == label && (d.State == InUse || d.State == Outdated) {
				drives = slices.Clone(drives)
				drives[i].State = state
			}
		}
	}
	return s.State.Care.rekey.withPassphrases(drives)
}

func (s *Session) knownDrive(r DriveReport) KnownDrive {
	k := KnownDrive{Label: r.Label, Role: r.Role, Serial: r.Drive.Serial, Keys: r.Keys, Root: s.mark().Version,
		Seen: s.State.Now, State: InUse}
	// Of a creation that was cut short, what was proven then was not proven today.
	locked := func(id tuf.KeyID) bool { _, err := s.Keys.Key(id); return err != nil }
	today := s.State.Known.Chain != nil || !slices.ContainsFunc(r.Keys, locked)
	switch {
	case r.State == Proven && today:
		k.Proven = s.State.Now
	default: // its ledger was brought up to date, and not every holder of a key on it was here
		for _, d := range s.State.Known.Drives {
			if d.Label == r.Label && d.Serial == k.Serial {
				k.Proven = d.Proven
			}
		}
	}
	for _, d := range s.State.Known.Drives {
		if d.Label == k.Label && d.Serial == k.Serial {
			k.Before = d.Before
		}
	}
	return k
}

func (s *Session) drivesFile() (tuf.File, error) {
	file := drivesFile{Format: drivesFormat, Drives: s.custody()}
	if file.Drives == nil {
		file.Drives = []KnownDrive{}
	}
	b, err := json.MarshalIndent(file, "", "\t")
	if err != nil {
		return tuf.File{}, fmt.Errorf("write %s: %w", ledgerDrives, err)
	}
	return tuf.File{Name: ledgerDrives, Data: append(b, '\n'), Perm: 0o644}, nil
}
