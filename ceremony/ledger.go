package ceremony

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// The ledger is a folder on every root backup and on the repository drive:
//
//	ledger/roots/1.root.json                    every root that was signed, in full
//	ledger/records/2026-11-22T140500Z-create.jsonl   what was done, up to the writing of this drive
//	ledger/records/2026-11-22T140500Z-create.txt     the same as a page for people
//	ledger/holders.json                         who holds which key
//	ledger/expiries.ics                         when to come back
const (
	ledgerRoots   = "ledger/roots/"
	ledgerRecords = "ledger/records/"
	ledgerHolders = "ledger/holders.json"
	ledgerICS     = "ledger/expiries.ics"
)

// holdersFormat names the form of holders.json.
const holdersFormat = "signer-holders-v1"

// holdersFile says who holds which key. Names are public.
type holdersFile struct {
	Format  string   `json:"format"`
	Holders []holder `json:"holders"`
}

type holder struct {
	KeyID  tuf.KeyID `json:"keyid"`
	Role   tuf.Role  `json:"role"`
	Name   string    `json:"key"`
	Holder string    `json:"holder"`
}

// ledgerFiles is the ledger as it stands now. The record in it ends here; its
// digest is kept, to be shown at the end for the drive that is written last.
func (s *Session) ledgerFiles() ([]tuf.File, error) {
	record, digest := s.record.sofar()
	page, err := pageOf(record)
	if err != nil {
		return nil, err
	}
	holders := holdersFile{Format: holdersFormat}
	holders.Holders = s.holders()
	who, err := json.MarshalIndent(holders, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", ledgerHolders, err)
	}
	name := s.recordName()
	s.ledger = digest
	files := []tuf.File{
		{Name: name + ".jsonl", Data: record, Perm: 0o644},
		{Name: name + ".txt", Data: page, Perm: 0o644},
		{Name: ledgerHolders, Data: append(who, '\n'), Perm: 0o644},
	}
	drives, err := s.drivesFile()
	if err != nil {
		return nil, err
	}
	files = append(append(files, drives), s.State.Carried...)
	files = append(files, s.State.Known.Records...)
	files = append(files, s.apartFiles()...)
	first := int64(1)
	if s.State.Known.Chain != nil {
		first = s.State.Known.Chain.Base()
	}
	for i, root := range s.roots() {
		files = append(files, tuf.File{Name: fmt.Sprintf("%s%d.root.json", ledgerRoots, first+int64(i)), Data: root, Perm: 0o644})
	}
	if s.State.Root != nil || s.State.Known.Chain != nil {
		files = append(files, tuf.File{Name: ledgerICS, Data: s.calendar(), Perm: 0o644})
	}
	return files, nil
}

// recordName is the name of this ceremony's record, without its ending. A clock
// that was set back must not let it replace another.
func (s *Session) recordName() string {
	first := ledgerRecords + s.State.Now.Format("2006-01-02T150405Z") + "-" + s.script.Name
	name := first
	earlier := append(slices.Clone(s.State.Carried), s.State.Known.Records...)
	for n := 2; slices.ContainsFunc(earlier, func(f tuf.File) bool { return strings.HasPrefix(f.Name, name+".") }); n++ {
		name = fmt.Sprintf("%s-%d", first, n)
	}
	return name
}

// rotateBefore is how long before the root expires its keys are rotated.
const rotateBefore = 30 // days

// rotateBy is the day by which the root keys are to be rotated.
func (s *Session) rotateBy() time.Time {
	return s.dates()[tuf.RoleRoot].AddDate(0, 0, -rotateBefore)
}
