package tuf

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// SignOnline makes the first online files of a repository: targets.json without
// targets, snapshot.json that lists it, timestamp.json that lists that. Each is
// signed by the keys that the root lists for it, and expires as was reviewed.
func SignOnline(r Reviewed, root *Root, keys ...*PrivateKey) (Published, error) {
	if r.draft == nil || root.Digest() != r.digest {
		return Published{}, fmt.Errorf("sign online files: %w", ErrNotReviewed)
	}
	if r.draft.previous != nil {
		return Published{}, fmt.Errorf("sign online files: root %d is not the first", root.Version)
	}
	if err := root.namesOnline(keys); err != nil {
		return Published{}, fmt.Errorf("sign online files: %w", err)
	}
	s := onlineSigner{r.draft.change, root, byRole(root, keys)}
	p, err := s.files()
	if err != nil {
		return Published{}, fmt.Errorf("sign online files: %w", err)
	}
	return p, nil
}

// namesOnline wants each key to have an online role: another is here by mistake.
func (r *Root) namesOnline(keys []*PrivateKey) error {
	for _, k := range keys {
		if !slices.ContainsFunc(OnlineRoles(), func(role Role) bool { return r.names(k, role) }) {
			return fmt.Errorf("key %s: %w", k.ID().Short(), ErrNotListed)
		}
	}
	return nil
}

type onlineSigner struct {
	change Change
	root   *Root
	sign   signing
}

// byRole signs with those of the keys that the root lists for the role.
func byRole(root *Root, keys []*PrivateKey) signing {
	return func(signed []byte, role Role, lists []*Root) ([]Signature, error) {
		return signaturesFor(signed, role, keysFor(root, role, keys), lists)
	}
}

func keysFor(root *Root, role Role, keys []*PrivateKey) []*PrivateKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k *PrivateKey) bool { return !root.names(k, role) })
}

func (s onlineSigner) files() (p Published, err error) {
	p.Roots = [][]byte{s.root.Raw}
	if p.Targets, err = s.file(RoleTargets, targetsForm{s.common(RoleTargets), json.RawMessage("{}")}); err != nil {
		return p, err
	}
	if p.Snapshot, err = s.file(RoleSnapshot, metaForm{s.common(RoleSnapshot), metaOf(RoleTargets, p.Targets, 1)}); err != nil {
		return p, err
	}
	p.Timestamp, err = s.file(RoleTimestamp, metaForm{s.common(RoleTimestamp), metaOf(RoleSnapshot, p.Snapshot, 1)})
	return p, err
}

func (s onlineSigner) common(role Role) commonForm {
	return common(role, s.root.SpecVersion, 1, s.change.Online[role])
}

// metaOf lists a file as v0.5.2 does: with its length and its SHA-512. Root is
// not listed (TUF 1.0.34 §4.4).
func metaOf(role Role, file []byte, version int64) map[string]fileMetaForm {
	sum := sha512.Sum512(file)
	return map[string]fileMetaForm{string(role) + ".json": {Length: len(file), Hashes: map[string]string{"sha512": hex.EncodeToString(sum[:])}, Version: version}}
}

// file signs one, and hands it out when it parses strictly and verifies.
func (s onlineSigner) file(role Role, form any) ([]byte, error) {
	signed, err := json.Marshal(form)
	if err != nil {
		return nil, err
	}
	signatures, err := s.sign(signed, role, []*Root{s.root})
	if err != nil {
		return nil, err
	}
	file, err := signedFile(signed, signatures)
	if err != nil {
		return nil, err
	}
	if err := s.check(role, file); err != nil {
		return nil, err
	}
	return file, nil
}

func (s onlineSigner) check(role Role, file []byte) error {
	e, err := parseOnline(role, file)
	if err == nil {
		_, err = e.VerifyBy(s.root, role)
	}
	return err
}

// parseOnline reads an online file strictly.
func parseOnline(role Role, b []byte) (Envelope, error) {
	switch role {
	case RoleTargets:
		t, err := ParseTargets(b, Strict)
		if err != nil {
			return Envelope{}, err
		}
		return t.Envelope, nil
	case RoleSnapshot:
		s, err := ParseSnapshot(b, Strict)
		if err != nil {
			return Envelope{}, err
		}
		return s.Envelope, nil
	case RoleTimestamp:
		t, err := ParseTimestamp(b, Strict)
		if err != nil {
			return Envelope{}, err
		}
		return t.Envelope, nil
	}
	return Envelope{}, fmt.Errorf("%q is no online role", role)
}
