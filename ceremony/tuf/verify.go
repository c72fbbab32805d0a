package tuf

import (
	"errors"
	"fmt"
)

var (
	// ErrThreshold means that fewer keys of a role signed than it wants.
	ErrThreshold = errors.New("not enough signatures")
	// ErrDissent means that go-tuf/v2 and this package do not agree on whether a
	// file is signed.
	ErrDissent = errors.New("go-tuf/v2 does not agree")
)

// Tally says who signed a file. A public key counts once, under however many
// ids it is listed and however often it signed (TUF 1.0.34 §4.2.1).
type Tally struct {
	Role      Role
	Threshold int
	Signed    []KeyID // signatures that verify, one id for each public key
	Bad       []KeyID // signatures by keys of the role that do not verify
	Unknown   []KeyID // signatures by keys that are not of the role: nothing is known of them
	Missing   []KeyID // keys of the role without a signature that verifies
	Dissent   string  // why go-tuf/v2 does not accept what History does
}

// Met reports whether enough keys signed.
func (t Tally) Met() bool { return t.Threshold > 0 && len(t.Signed) >= t.Threshold }

// VerifyBy counts the signatures of keys to which root gives the role. It is an
// error when they are too few; the tally is good then, too.
//
// go-tuf/v2 is asked as well. Where both files were read in Strict mode it is
// an error when it sees it another way; in History, which it reads less of (no
// keys in hex, for one), what it says is in the tally.
func (e Envelope) VerifyBy(root *Root, role Role) (Tally, error) {
	t, err := e.count(root, role)
	if e.Role != role {
		return t, err
	}
	dissent := engineVerify(root, e.Raw, role)
	switch strict := root.Mode == Strict && e.Mode == Strict; {
	case err != nil && dissent == nil && strict:
		return t, fmt.Errorf("%w: %w, it counts more", err, ErrDissent)
	case err == nil && dissent != nil && strict:
		return t, fmt.Errorf("verify %s %d by root %d: %w: %w", role, e.Version, root.Version, ErrDissent, dissent)
	case dissent != nil:
		t.Dissent = dissent.Error()
	}
	return t, err
}

// count is VerifyBy without go-tuf/v2.
func (e Envelope) count(root *Root, role Role) (Tally, error) {
	return e.countOf(e.checkAll(role, root), root, role)
}

// countOf is count of checks that were made.
func (e Envelope) countOf(made checks, root *Root, role Role) (Tally, error) {
	if e.Role != role {
		return Tally{Role: role}, fmt.Errorf("verify %s: the file is %s", role, e.Role)
	}
	t := e.tallyOf(made, root, role)
	if !t.Met() {
		return t, fmt.Errorf("verify %s %d by root %d: %w: %d of %d",
			role, e.Version, root.Version, ErrThreshold, len(t.Signed), t.Threshold)
	}
	return t, nil
}

func (e Envelope) tally(root *Root, role Role) Tally {
	return e.tallyOf(e.checkAll(role, root), root, role)
}

func (e Envelope) tallyOf(made checks, root *Root, role Role) Tally {
	holders := root.Roles[role]
	t := Tally{Role: role, Threshold: holders.Threshold}
	counted := map[string]bool{}
	for _, s := range e.Signatures {
		key, listed := root.signer(s.KeyID, role)
		switch {
		case !listed:
			t.Unknown = append(t.Unknown, s.KeyID)
		case !made[key.check(s)]:
			t.Bad = append(t.Bad, s.KeyID)
		case !counted[key.material]:
			counted[key.material] = true
			t.Signed = append(t.Signed, s.KeyID)
		}
	}
	for _, id := range holders.KeyIDs {
		if !counted[root.Keys[id].material] {
			t.Missing = append(t.Missing, id)
		}
	}
	return t
}
