package ceremony

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// What a record tells of a root that follows another. The change is in it in full,
// with the root that it was applied to.

// laterRoot is what was decided last, and what was signed since.
type laterRoot struct {
	change map[string]string // with the moment, and the root before
	signed []map[string]string
}

func laterIn(lines []RecordLine) (l laterRoot) {
	for _, line := range lines {
		switch {
		case line.Data["change"] != "": // what was signed before is not what was decided now
			l = laterRoot{change: line.Data}
		case line.Data["signed"] != "":
			l.signed = append(l.signed, line.Data)
		}
	}
	return l
}

func (l laterRoot) rebuild() (tuf.Published, error) {
	if !slices.ContainsFunc(l.signed, func(d map[string]string) bool { return d["signed"] == string(tuf.RoleRoot) }) {
		return tuf.Published{}, ErrNotSigned // what too few signed, who come first, is told as partial
	}
	now, err := time.Parse(time.RFC3339, l.change["now"])
	if err != nil {
		return tuf.Published{}, fmt.Errorf("the moment in the record: %w", err)
	}
	var change tuf.Change
	if err := json.Unmarshal([]byte(l.change["change"]), &change); err != nil {
		return tuf.Published{}, fmt.Errorf("the change in the record: %w", err)
	}
	root, err := tuf.ParseRoot([]byte(l.change["root_before"]), tuf.History)
	if err != nil {
		return tuf.Published{}, fmt.Errorf("the root before in the record: %w", err)
	}
	before, made := tuf.Published{Base: root.Version, Roots: [][]byte{root.Raw}}, tuf.Signatures{}
	for _, d := range l.signed {
		if made[tuf.Role(d["signed"])], err = signaturesFromData(d); err != nil {
			return tuf.Published{}, err
		}
		if err := putBefore(&before, d); err != nil {
			return tuf.Published{}, err
		}
	}
	return tuf.RebuildNext(before, change, now, made)
}

// ErrNotKept is a record that leaves out the online files as they were before they
// were signed again: they were too large for it. The root before is in it all the
// same.
var ErrNotKept = errors.New("the record leaves out the online files that were signed again: they were too large")

// mostKept bounds what a record holds of online files. It is written onto every
// drive of the repository, ever after.
const mostKept = 8 << 20

const (
	targetsBefore   = "targets_before"
	snapshotBefore  = "snapshot_before"
	timestampBefore = "timestamp_before"
	beforeLeftOut   = "before_left_out"
)

// withBefore adds to what is told of a root's signatures the online files as they
// were, when some of them are signed again with it: what they list is nowhere else
// in a record.
func (s *Session) withBefore(told map[string]string) map[string]string {
	p := s.State.Known.Public
	switch {
	case len(s.State.Draft.Change().Online) == 0:
	case len(p.Targets)+len(p.Snapshot)+len(p.Timestamp) > mostKept:
		told[beforeLeftOut] = "true"
	default:
		told[targetsBefore], told[snapshotBefore], told[timestampBefore] = string(p.Targets), string(p.Snapshot), string(p.Timestamp)
	}
	return told
}

func putBefore(p *tuf.Published, told map[string]string) error {
	if told[beforeLeftOut] != "" {
		return ErrNotKept
	}
	if told[timestampBefore] != "" {
		p.Targets, p.Snapshot, p.Timestamp = []byte(told[targetsBefore]), []byte(told[snapshotBefore]), []byte(told[timestampBefore])
	}
	return nil
}
