package tuf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
)

// TestListedKeyKeepsItsID: a key that was listed and read again is the same key
// under the same id, also of types that this program does not make.
func TestListedKeyKeepsItsID(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]dict{
		"ed25519": newPen(1).listed.(dict),
		"ecdsa":   listing(keyECDSA, keyECDSA, pemOfKey(t, private.Public())),
	} {
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParseListedKey(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := key.Listed()
		if err != nil {
			t.Fatal(err)
		}
		same, err := ParseListedKey(again)
		if err != nil || same.ID != key.ID || !same.SameKey(key) || key.ID.String() != idOf(p) {
			t.Errorf("%s: %+v, then %+v, %v; want the id %s", name, key, same, err, idOf(p))
		}
	}
}

func TestListedKeyIsReadStrictly(t *testing.T) {
	good, err := json.Marshal(newPen(1).listed)
	if err != nil {
		t.Fatal(err)
	}
	for name, altered := range map[string]string{
		"empty": "", "a text": `"key"`, "something after it": string(good) + "1",
		"a name twice":   strings.Replace(string(good), `{`, `{"keytype":"ed25519",`, 1),
		"a private key":  strings.Replace(string(good), `"public"`, `"private":"00","public"`, 1),
		"no algorithms":  strings.Replace(string(good), `"keyid_hash_algorithms":["sha256","sha512"],`, "", 1),
		"another scheme": strings.Replace(string(good), `"scheme":"ed25519"`, `"scheme":"rsa"`, 1),
		"a whole book":   string(good) + strings.Repeat(" ", maxListedKey),
	} {
		if altered == string(good) {
			t.Errorf("%s: nothing was altered", name)
		}
		if _, err := ParseListedKey([]byte(altered)); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

func TestDecodeStrictTakesOnlyWhatItWouldWrite(t *testing.T) {
	type form struct {
		Name  string `json:"name"`
		Digit int    `json:"digit,omitempty"`
	}
	for text, taken := range map[string]bool{
		`{"name":"a"}`: true, ` {"digit":7, "name":"\u0061"}`: true,
		`{"Name":"a"}`: false, `{"name":"a","digit":0}`: false, `{}`: false, `{"name":"a","x":1}`: false,
		`{"name":"a","name":"a"}`: false, `{"name":"a"} {}`: false, `{"name":null}`: false, `{"name":"a","digit":7.0}`: false,
		`{"name":"` + strings.Repeat("a", 100) + `"}`: false,
	} {
		var f form
		if err := DecodeStrict([]byte(text), 100, &f); (err == nil) != taken {
			t.Errorf("%s: %v", text, err)
		} else if taken && f.Name != "a" {
			t.Errorf("%s: read %+v", text, f)
		}
	}
}
