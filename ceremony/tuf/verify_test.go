package tuf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"testing"
)

// signedBy lists signatures as dicts, so that tests can spoil them.
func signedBy(t testing.TB, signed dict, by ...pen) []any {
	t.Helper()
	var file struct {
		Signatures []any `json:"signatures"`
	}
	if err := json.Unmarshal(inked(t, signed, by...), &file); err != nil {
		t.Fatal(err)
	}
	return file.Signatures
}

func fileOf(t testing.TB, signed dict, signatures []any) []byte {
	t.Helper()
	b, err := json.Marshal(dict{"signed": signed, "signatures": signatures})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestThresholds(t *testing.T) {
	keys := pens(1, 2, 3)
	stranger := newPen(9)
	foreign := dict{"keyid": keys[0].id, "sig": signedBy(t, rootSigned(2, 1, keys...), keys[0])[0].(map[string]any)["sig"]}
	for _, c := range []struct {
		name                          string
		threshold                     int
		signatures                    func(signed dict) []any
		signed, bad, unknown, missing int
	}{
		{"1 of 1 wanted", 1, func(s dict) []any { return signedBy(t, s, keys[0]) }, 1, 0, 0, 2},
		{"2 of 2 wanted", 2, func(s dict) []any { return signedBy(t, s, keys[2], keys[0]) }, 2, 0, 0, 1},
		{"1 of 2 wanted", 2, func(s dict) []any { return signedBy(t, s, keys[0]) }, 1, 0, 0, 2},
		{"none of 1 wanted", 1, func(s dict) []any { return []any{} }, 0, 0, 0, 3},
		{"a stranger's", 2, func(s dict) []any { return signedBy(t, s, keys[0], stranger) }, 1, 0, 1, 2},
		{"an online key's", 2, func(s dict) []any { return signedBy(t, s, keys[0], timestampPen()) }, 1, 0, 1, 2},
		{"one of other bytes", 2, func(s dict) []any { return append(signedBy(t, s, keys[1]), foreign) }, 1, 1, 0, 2},
		{"more than wanted", 2, func(s dict) []any { return signedBy(t, s, keys...) }, 3, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			signed := rootSigned(1, c.threshold, keys...)
			root := mustRoot(t, fileOf(t, signed, c.signatures(signed)), Strict)
			tally, err := root.VerifyBy(root, RoleRoot)
			if met := c.signed >= c.threshold; met != (err == nil) || met != tally.Met() || !met && !errors.Is(err, ErrThreshold) {
				t.Errorf("VerifyBy says %v", err)
			}
			got := []int{len(tally.Signed), len(tally.Bad), len(tally.Unknown), len(tally.Missing)}
			if !slices.Equal(got, []int{c.signed, c.bad, c.unknown, c.missing}) || tally.Threshold != c.threshold {
				t.Errorf("tally %+v", tally)
			}
		})
	}
}

// One person with one key listed twice, or signing twice, is one signature.
func TestAPublicKeyCountsOnce(t *testing.T) {
	key := newPen(1)
	twin := penOf(key.private, func() dict { d := newPen(1).listed.(dict); delete(d, "keyid_hash_algorithms"); return d }())
	for name, c := range map[string]struct {
		keys []pen
		by   []pen
	}{
		"listed under two ids": {[]pen{key, twin}, []pen{key, twin}},
		"signing twice":        {[]pen{key, newPen(2)}, []pen{key, key}},
	} {
		root := mustRoot(t, inked(t, rootSigned(1, 2, c.keys...), c.by...), History)
		tally, err := root.VerifyBy(root, RoleRoot)
		if !errors.Is(err, ErrThreshold) || len(tally.Signed) != 1 {
			t.Errorf("%s: %v, %d signed", name, err, len(tally.Signed))
		}
	}
}

func TestEveryKeyTypeVerifies(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sign := map[string]func(digest []byte) ([]byte, error){
		"ecdsa-sha2-nistp256": func(d []byte) ([]byte, error) { return ecdsa.SignASN1(rand.Reader, ec, d) },
		"ecdsa":               func(d []byte) ([]byte, error) { return ecdsa.SignASN1(rand.Reader, ec, d) },
		"rsa":                 func(d []byte) ([]byte, error) { return rsa.SignPSS(rand.Reader, rs, crypto.SHA256, d, nil) },
	}
	for keyType, listed := range map[string]dict{
		"ecdsa-sha2-nistp256": listing("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", pemOfKey(t, ec.Public())),
		"ecdsa":               listing("ecdsa", "ecdsa-sha2-nistp256", pemOfKey(t, ec.Public())),
		"rsa":                 listing("rsa", "rsassa-pss-sha256", pemOfKey(t, rs.Public())),
	} {
		t.Run(keyType, func(t *testing.T) {
			signed := rootSigned(1, 2, newPen(1), pen{id: idOf(listed), listed: listed})
			canonical, err := Canonical(signed)
			if err != nil {
				t.Fatal(err)
			}
			digest := sha256.Sum256(canonical)
			sig, err := sign[keyType](digest[:])
			if err != nil {
				t.Fatal(err)
			}
			signatures := append(signedBy(t, signed, newPen(1)), dict{"keyid": idOf(listed), "sig": hex.EncodeToString(sig)})
			root := mustRoot(t, fileOf(t, signed, signatures), History)
			if tally, err := root.VerifyBy(root, RoleRoot); err != nil || len(tally.Signed) != 2 || tally.Dissent != "" {
				t.Errorf("%v, tally %+v", err, tally)
			}
			sig[len(sig)-1] ^= 1
			signatures[1].(dict)["sig"] = hex.EncodeToString(sig)
			root = mustRoot(t, fileOf(t, signed, signatures), History)
			if tally, err := root.VerifyBy(root, RoleRoot); !errors.Is(err, ErrThreshold) || len(tally.Bad) != 1 {
				t.Errorf("with a bit changed: %v, tally %+v", err, tally)
			}
		})
	}
}

// A role has power over its own file only.
func TestARoleSignsItsOwnFile(t *testing.T) {
	root := mustRoot(t, inked(t, rootSigned(1, 1, newPen(1)), newPen(1)), Strict)
	snapshot, err := ParseSnapshot(inked(t, snapshotSigned(1, dict{"version": 1}), snapshotPen()), Strict)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.VerifyBy(root, RoleSnapshot); err != nil {
		t.Error(err)
	}
	if _, err := snapshot.VerifyBy(root, RoleTimestamp); err == nil {
		t.Error("snapshot.json passes as timestamp.json")
	}
	forged, err := ParseSnapshot(inked(t, snapshotSigned(1, dict{"version": 1}), timestampPen()), Strict)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := forged.VerifyBy(root, RoleSnapshot); !errors.Is(err, ErrThreshold) {
		t.Errorf("the timestamp key signs a snapshot: %v", err)
	}
}

// Spaces, order of names and escapes are not signed; every value is.
func TestSignaturesCoverTheCanonicalForm(t *testing.T) {
	signed := rootSigned(1, 1, newPen(1))
	var file any
	if err := json.Unmarshal(inked(t, signed, newPen(1)), &file); err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(file, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	root := mustRoot(t, append(b, '\n'), Strict)
	if _, err := root.VerifyBy(root, RoleRoot); err != nil {
		t.Error(err)
	}
}

// go-tuf/v2 is asked about the file that was read, not about a struct: one that
// it would not take is an error although our count is met.
func TestDissentIsAnErrorInStrictMode(t *testing.T) {
	b := inked(t, rootSigned(1, 1, newPen(1)), newPen(1))
	root := mustRoot(t, b, Strict)
	other := mustRoot(t, inked(t, rootSigned(1, 1, newPen(2)), newPen(2)), Strict)
	root.Raw = other.Raw // what go-tuf/v2 sees is signed by another key
	if _, err := root.VerifyBy(mustRoot(t, b, Strict), RoleRoot); !errors.Is(err, ErrDissent) {
		t.Errorf("VerifyBy says %v", err)
	}
	root.Mode = History
	if tally, err := root.VerifyBy(mustRoot(t, b, Strict), RoleRoot); err != nil || tally.Dissent == "" {
		t.Errorf("in History VerifyBy says %v, dissent %q", err, tally.Dissent)
	}
}
