package ceremony

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// ErrNotSigned is a record that ends before anything was signed.
var ErrNotSigned = errors.New("the record ends before anything was signed")

// Rederive rebuilds what a ceremony signed from its record alone, with no private
// key: what was decided with its dates, the public keys, the signatures. Compared
// byte for byte with the repository, it shows that what is published is what was
// decided.
//
// Of a creation that is the whole repository. Of a later ceremony it is the root
// before, as the record has it, and the root that was made: Base is the version of
// the first of the two. The online files are there when that ceremony signed one
// of them; a root alone leaves them as they are.
func Rederive(record []byte) (tuf.Published, error) {
	lines, _, err := ReadRecord(record)
	if err != nil {
		return tuf.Published{}, err
	}
	if later := laterIn(lines); later.change != nil {
		return later.rebuild()
	}
	if !signedRoot(lines) {
		return tuf.Published{}, ErrNotSigned
	}
	told, err := tell(lines)
	if err != nil {
		return tuf.Published{}, err
	}
	return tuf.Rebuild(creation(told.plan, told.keys), told.now, told.signatures)
}

func signedRoot(lines []RecordLine) bool {
	return slices.ContainsFunc(lines, func(l RecordLine) bool { return l.Data["signed"] == string(tuf.RoleRoot) })
}

// telling is what a record tells of a creation: what was decided last counts.
type telling struct {
	plan       Plan
	now        time.Time
	keys       []HeldKey // without their files
	signatures tuf.Signatures
}

func tell(lines []RecordLine) (t telling, err error) {
	t.signatures = tuf.Signatures{}
	plan := map[string]string{}
	for _, line := range lines {
		switch d := line.Data; {
		case d["root_keys"] != "":
			plan = d
		case d["key"] != "":
			k, err := keyFromData(d)
			if err != nil {
				return t, err
			}
			t.putKey(k)
		case d["signed"] != "":
			if t.signatures[tuf.Role(d["signed"])], err = signaturesFromData(d); err != nil {
				return t, err
			}
		}
	}
	if t.plan, t.now, err = planFromData(plan); err != nil {
		return t, err
	}
	// A plan that was changed after keys were made may have fewer of them.
	t.keys = slices.DeleteFunc(t.keys, func(k HeldKey) bool { return !t.plan.has(k) })
	slices.SortStableFunc(t.keys, func(a, b HeldKey) int { return strings.Compare(a.order(), b.order()) })
	return t, nil
}

// putKey keeps keys in the order of a ceremony, the last of each name.
func (t *telling) putKey(k HeldKey) {
	state := State{Keys: t.keys}
	state.putKey(k)
	t.keys = state.Keys
}

func signaturesFromData(d map[string]string) (map[tuf.KeyID][]byte, error) {
	out := map[tuf.KeyID][]byte{}
	for name, text := range d {
		of, isSignature := strings.CutPrefix(name, "sig.")
		if !isSignature {
			continue
		}
		id, err := tuf.ParseKeyID(of)
		if err != nil {
			return nil, fmt.Errorf("signature in the record: %w", err)
		}
		if out[id], err = hex.DecodeString(text); err != nil {
			return nil, fmt.Errorf("signature of %s in the record: %w", id.Short(), err)
		}
	}
	return out, nil
}
