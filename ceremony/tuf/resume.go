package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A root that several people sign in several places travels in
// staged/root.json. It is not believed: what it changes is read from it, derived
// again from the root that is committed here, and must give the very bytes that
// were signed. So nothing is signed that this program would not have made.

// ErrStaged means a staged root that this program would not have derived.
var ErrStaged = errors.New("not what would be derived from the committed root")

// Resume takes up a root that was begun elsewhere. The review is whole again,
// and the signatures in it that are good are kept.
//
// Null in place of signatures, which tuf v0.5.2 leaves, are none.
func Resume(chain *Chain, staged []byte, holders map[KeyID]string, now time.Time) (*Draft, error) {
	if chain == nil {
		return nil, errors.New("resume: there is no committed root")
	}
	root, err := ParseRoot(staged, Strict)
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	if err := succeeds(chain.Latest(), root); err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	d, err := resume(chain.Latest(), root, holders, now)
	if err != nil {
		return nil, fmt.Errorf("resume root %d: %w", root.Version, err)
	}
	return d, nil
}

// succeeds checks that the staged root is the next.
func succeeds(latest, staged *Root) error {
	problem := ErrRollback
	switch {
	case staged.Version == latest.Version+1:
		return nil
	case staged.Version > latest.Version:
		problem = ErrGap
	case staged.Version == latest.Version && staged.Digest() != latest.Digest():
		problem = ErrFork
	}
	return fmt.Errorf("staged root %d (%s), and root %d (%s) is committed: %w",
		staged.Version, staged.Digest(), latest.Version, latest.Digest(), problem)
}

func resume(latest, staged *Root, holders map[KeyID]string, now time.Time) (*Draft, error) {
	change, err := readChange(latest, staged, holders)
	if err != nil {
		return nil, err
	}
	d, err := deriveAfter(latest, change, now)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(d.root.Signed, staged.Signed) {
		return nil, notDerived(d.root, staged)
	}
	d.keep(staged.Signatures)
	return d, nil
}

// notDerived names every place in which the staged root differs.
func notDerived(derived, staged *Root) error {
	found, err := differences(derived.Raw, staged.Raw)
	if err != nil {
		return err
	}
	var named []string
	for _, d := range found {
		named = append(named, fmt.Sprintf("%s is %s and would be %s", place(d.path), shown(d.new), shown(d.old)))
	}
	return fmt.Errorf("%w: %s", ErrStaged, strings.Join(named, "; "))
}

// shown is a value of foreign JSON in an error.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "absent"
	case string:
		return quote(v)
	}
	return strings.Trim(quote(fmt.Sprint(v)), `"`)
}

// keep takes over the signatures that count, and says of the others why not.
func (d *Draft) keep(signatures []Signature) {
	for _, s := range signatures {
		drop := fmt.Sprintf("A signature by key %s, which is no root key here, is left out.", s.KeyID.Short())
		for _, list := range (Reviewed{draft: d}).lists() {
			key, named := list.rootKey(s.KeyID)
			switch {
			case named && key.verifies(d.root.Signed, s.Bytes):
				d.signatures, drop = append(d.signatures, s), ""
			case named:
				drop = fmt.Sprintf("The signature by key %s (%s) is not over this root and is left out.", s.KeyID.Short(), d.change.holder(s.KeyID))
			}
			if drop == "" {
				break
			}
		}
		if drop != "" {
			d.dropped = append(d.dropped, drop)
		}
	}
}

// Signed are the keys whose signatures the draft came with.
func (d *Draft) Signed() (ids []KeyID) {
	for _, s := range d.signatures {
		ids = append(ids, s.KeyID)
	}
	return ids
}

// Dropped says which signatures it came with do not count, and why.
func (d *Draft) Dropped() []string { return d.dropped }

// rootKey is the root key that is listed under the id.
func (r *Root) rootKey(id KeyID) (Key, bool) {
	return r.Keys[id], slices.Contains(r.Roles[RoleRoot].KeyIDs, id)
}

// AlsoOnline adds to a resumed draft what its root does not contain: which
// online files are signed again in the same publish, and whether all their keys
// are new. The root and its signatures stay; the review is told anew.
func (d *Draft) AlsoOnline(expires map[Role]time.Time, fresh bool, now time.Time) (*Draft, error) {
	change := d.change.clone()
	change.Online, change.Fresh = expires, fresh
	again, err := deriveAfter(d.previous, change, now)
	if err != nil {
		return nil, err
	}
	if again.Digest() != d.Digest() {
		return nil, notDerived(again.root, d.root)
	}
	again.signatures, again.dropped = d.signatures, d.dropped
	return again, nil
}
