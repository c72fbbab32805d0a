package tuf

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// expiresForm is how expires is written: UTC, whole seconds (TUF 1.0.34 §4.2).
const expiresForm = "2006-01-02T15:04:05Z"

// envelope reads what all metadata files share. The signed part comes back for
// the members that its role adds, which known names.
func (r *reader) envelope(v value, role Role, known ...string) (Envelope, object, error) {
	e := Envelope{Raw: v.d.b, Role: role, Mode: r.mode}
	top, err := r.object(v, "signed", "signatures")
	if err != nil {
		return e, object{}, err
	}
	inner, err := top.need("signed")
	if err != nil {
		return e, object{}, err
	}
	signed, err := r.object(inner, append(known, "_type", "spec_version", "version", "expires")...)
	if err != nil {
		return e, signed, err
	}
	if err := r.common(&e, signed); err != nil {
		return e, signed, err
	}
	if e.Signatures, err = r.signatures(top); err != nil {
		return e, signed, err
	}
	e.Signed = canonicalOf(inner)
	return e, signed, nil
}

// common reads the members that the signed part of every role has.
func (r *reader) common(e *Envelope, signed object) error {
	name, err := signed.text("_type")
	if err != nil {
		return err
	}
	if name != string(e.Role) {
		if !strings.EqualFold(name, string(e.Role)) {
			return signed.members["_type"].fault("this is %s, not %q", quote(name), e.Role)
		}
		if err := r.deviate(signed.members["_type"], "the type is spelled %s", quote(name)); err != nil {
			return err
		}
	}
	if e.Version, err = signed.integer("version", 1); err != nil {
		return err
	}
	if e.SpecVersion, err = r.specVersion(signed); err != nil {
		return err
	}
	e.Expires, err = r.expires(signed)
	return err
}

// specVersion is 1.x or 1.x.y; go-tuf v0.5.2 does not look at it.
func (r *reader) specVersion(signed object) (string, error) {
	if !signed.has("spec_version") {
		return "", r.deviate(signed.value, "spec_version is missing")
	}
	s, err := signed.text("spec_version")
	if err == nil && !isSpec1(s) {
		err = r.deviate(signed.members["spec_version"], "the specification version is %s, not 1", quote(s))
	}
	return s, err
}

func isSpec1(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "1" {
		return false
	}
	return !slices.ContainsFunc(parts[1:], func(part string) bool {
		return len(part) < 1 || len(part) > 4 || strings.Trim(part, "0123456789") != ""
	})
}

func (r *reader) expires(signed object) (time.Time, error) {
	text, err := signed.text("expires")
	if err != nil {
		return time.Time{}, err
	}
	v := signed.members["expires"]
	var t time.Time
	if err := t.UnmarshalText([]byte(text)); err != nil {
		return t, v.fault("want a date and time as %s", expiresForm)
	}
	if t = t.UTC(); t.Format(expiresForm) != text {
		err = r.deviate(v, "the expiry %s is not in UTC with whole seconds", quote(text))
	}
	return t, err
}

// nullSignatures is the deviation that is none of a staged root.
const nullSignatures = `"signatures" is null`

// signatures reads the list of signatures. tuf gen-key of v0.5.2 leaves null in
// staged/root.json, where nothing else could stand: it means none.
func (r *reader) signatures(top object) ([]Signature, error) {
	v, err := top.need("signatures")
	if err != nil {
		return nil, err
	}
	if string(v.raw()) == "null" {
		r.note(nullSignatures)
		return nil, nil
	}
	if v, err = top.array("signatures"); err != nil {
		return nil, err
	}
	var list []Signature
	seen := map[KeyID]bool{}
	for item := range v.items() {
		s, ok, err := r.signature(item)
		if err != nil {
			return nil, err
		}
		if ok && seen[s.KeyID] {
			err = r.deviate(item, "key %s signs twice", s.KeyID.Short())
		}
		if err != nil {
			return nil, err
		}
		if ok {
			seen[s.KeyID] = true
			list = append(list, s)
		}
	}
	return list, nil
}

// signature reads one. It is not ok when History passes over it: no key can have
// made it.
func (r *reader) signature(v value) (s Signature, ok bool, err error) {
	o, err := r.object(v, "keyid", "sig")
	if err != nil {
		return s, false, err
	}
	id, err := o.text("keyid")
	if err != nil {
		return s, false, err
	}
	if s.KeyID, err = ParseKeyID(id); err != nil {
		return s, false, r.deviate(o.members["keyid"], "a signature by %s, which is no key id", quote(id))
	}
	text, err := o.text("sig")
	if err != nil {
		return s, false, err
	}
	return r.signatureBytes(s, o.members["sig"], text)
}

func (r *reader) signatureBytes(s Signature, v value, text string) (Signature, bool, error) {
	var err error
	if s.Bytes, err = hex.DecodeString(text); err != nil {
		return s, false, v.fault("want a signature in hex")
	}
	if len(s.Bytes) == 0 {
		return s, false, r.deviate(v, "the signature by key %s is empty", s.KeyID.Short())
	}
	if text != strings.ToLower(text) {
		err = r.deviate(v, "the signature by key %s is in capitals", s.KeyID.Short())
	}
	return s, true, err
}

// parsed wraps the error of a Parse function.
func parsed(role Role, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("parse %s: %w", role, err)
}
