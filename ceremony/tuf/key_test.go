package tuf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
)

// withKey lists one more key, for targets, under the id declared.
func withKey(t *testing.T, declared string, listed any) []byte {
	t.Helper()
	signed := rootSigned(1, 2, pens(1, 2, 3)...)
	at(signed, "keys")[declared] = listed
	targets := at(signed, "roles", "targets")
	targets["keyids"] = append(targets["keyids"].([]any), declared)
	return inked(t, signed, pens(1, 2)...)
}

// rootKey is a key as a root lists it, and what is said of it.
type rootKey struct {
	name    string
	listed  any
	strict  string // what Strict says; "" when it takes the key
	history string // the deviation in History; "-" when it refuses too
}

func TestKeysInRoot(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() dict { return newPen(9).listed.(dict) }
	edited := func(edit func(dict)) dict { d := fresh(); edit(d); return d }
	ecdsaPEM, ninth := pemOfKey(t, private.Public()), at(fresh(), "keyval")["public"].(string)

	for _, c := range []rootKey{
		{"Ed25519", fresh(), "", ""},
		{"ECDSA in PEM", listing("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", ecdsaPEM), "", ""},
		{"RSA in PEM", listing("rsa", "rsassa-pss-sha256", pemOfKey(t, rsaKey.Public())), "", ""},
		{"ECDSA in hex", listing("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", hex.EncodeToString(point)), "not spelled as", "not spelled as"},
		{"the type ecdsa", listing("ecdsa", "ecdsa-sha2-nistp256", ecdsaPEM), `"ecdsa" stops`, `"ecdsa" stops`},
		{"another scheme", listing("ed25519", "ecdsa-sha2-nistp256", ninth), "the scheme", "the scheme"},
		{"an unknown type", listing("sigstore-oidc", "Fulcio", "x"), "type \"sigstore-oidc\" is not known", "-"},
		{"upper-case hex", listing("ed25519", "ed25519", strings.ToUpper(ninth)), "not spelled as", "not spelled as"},
		{"a short key", listing("ed25519", "ed25519", ninth[:62]), "64 hex digits", "-"},
		{"a small-order key", listing("ed25519", "ed25519", smallOrder[10]), "small order", "-"},
		{"a key under 2048 bits", listing("rsa", "rsassa-pss-sha256", shortRSA(t)), "weak", "-"},
		{"root key 1 in capitals", listing("ed25519", "ed25519", strings.ToUpper(at(newPen(1).listed.(dict), "keyval")["public"].(string))),
			"not spelled as", "is that of"},
		{"no keyid_hash_algorithms", edited(func(d dict) { delete(d, "keyid_hash_algorithms") }), "no keyid_hash_algorithms", "no keyid_hash_algorithms"},
		{"other keyid_hash_algorithms", edited(func(d dict) { d["keyid_hash_algorithms"] = []any{"sha256"} }), "other keyid_hash_algorithms", "other keyid_hash_algorithms"},
		{"keyid_hash_algorithms in a text", edited(func(d dict) { d["keyid_hash_algorithms"] = "sha256" }), "want an array", "-"},
		{"a custom field", edited(func(d dict) { d["x-owner"] = "@ceo" }), `"x-owner" is not known`, `"x-owner" is not known`},
		{"a private half", edited(func(d dict) { at(d, "keyval")["private"] = "aa" }), `"private" is not known`, `"private" is not known`},
		{"no keyval", edited(func(d dict) { delete(d, "keyval") }), `"keyval" is missing`, "-"},
		{"no public", edited(func(d dict) { d["keyval"] = dict{} }), `"public" is missing`, "-"},
		{"a key in a list", []any{}, "want an object", "-"},
	} {
		t.Run(c.name, c.isJudged)
	}
}

func (c rootKey) isJudged(t *testing.T) {
	b := withKey(t, idOf(c.listed), c.listed)
	_, err := ParseRoot(b, Strict)
	if (c.strict == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.strict) {
		t.Errorf("Strict says %v, want %q", err, c.strict)
	}
	root, err := ParseRoot(b, History)
	switch {
	case c.history == "-" && err == nil:
		t.Error("History takes the key")
	case c.history == "-":
	case err != nil:
		t.Errorf("History refuses: %v", err)
	case (c.history == "") != (len(root.Deviations) == 0), !strings.Contains(strings.Join(root.Deviations, "\n"), c.history):
		t.Errorf("History shows %q, want %q", root.Deviations, c.history)
	}
}

func shortRSA(t *testing.T) string {
	t.Helper()
	return pemOfKey(t, &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1023, 1), E: 65537})
}

func TestIDsAreTheDigestsOfTheirKeys(t *testing.T) {
	other := strings.Repeat("ab", 32)
	b := withKey(t, other, newPen(9).listed)
	if _, err := ParseRoot(b, Strict); err == nil || !strings.Contains(err.Error(), "not the digest") {
		t.Errorf("Strict says %v", err)
	}
	root := mustRoot(t, b, History)
	if id, _ := ParseKeyID(other); root.Keys[id].ID != id || len(root.Deviations) != 1 {
		t.Errorf("History shows %q", root.Deviations)
	}
	for _, declared := range []string{"", "ab", strings.ToUpper(other), other + "00", "../" + other[3:]} {
		for _, mode := range []Mode{Strict, History} {
			if _, err := ParseRoot(withKey(t, declared, newPen(9).listed), mode); err == nil || !strings.Contains(err.Error(), "key id") {
				t.Errorf("mode %d takes the id %q: %v", mode, declared, err)
			}
		}
	}
}

// Two listings of one public key have two ids, and would count as two keys.
func TestOnePublicKeyUnderTwoIDs(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spelling := pemOfKey(t, private.Public())
	one := listing("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", spelling)
	two := listing("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", strings.TrimSpace(spelling))
	signed := rootSigned(1, 2, pens(1, 2, 3)...)
	at(signed, "keys")[idOf(one)], at(signed, "keys")[idOf(two)] = one, two
	at(signed, "roles", "targets")["keyids"] = []any{idOf(one), idOf(two), targetsPen().id}
	b := inked(t, signed)
	if _, err := ParseRoot(b, Strict); err == nil || !strings.Contains(err.Error(), "again") {
		t.Errorf("Strict says %v", err)
	}
	wantHistory(t, b, "again")
}

func TestSameKeyWhateverItsSpelling(t *testing.T) {
	p := newPen(9)
	root := mustRoot(t, withKey(t, p.id, p.listed), Strict)
	public := at(p.listed.(dict), "keyval")["public"].(string)
	capitals := listing("ed25519", "ed25519", strings.ToUpper(public))
	history := mustRoot(t, withKey(t, idOf(capitals), capitals), History)
	id, _ := ParseKeyID(p.id)
	otherID, _ := ParseKeyID(idOf(capitals))
	if id == otherID || !root.Keys[id].SameKey(history.Keys[otherID]) {
		t.Error("the key in capitals is another key")
	}
	first, _ := ParseKeyID(newPen(1).id)
	if root.Keys[id].SameKey(root.Keys[first]) {
		t.Error("two keys are the same")
	}
}
