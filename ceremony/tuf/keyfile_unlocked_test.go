package tuf

import (
	"errors"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"signer/ceremony/secret"
)

// What nothing locks is opened, so that it can be locked; what a passphrase locks
// stays shut.
func TestOpenUnlocked(t *testing.T) {
	key, err := NewKey(&steady{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := writeKeys([]*PrivateKey{key})
	if err != nil {
		t.Fatal(err)
	}
	empty, err := encrypted.MarshalWithCustomKDFParameters(rawJSON(plain), nil, encrypted.Legacy)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := SealKeys([]*PrivateKey{key}, secret.Bytes("maple"), ProductCost, &steady{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"plain":                {`{"encrypted":false,"data":` + string(plain) + `}`, nil},
		"the empty passphrase": {`{"encrypted":true,"data":` + string(empty) + `}`, nil},
		"locked":               {string(locked), ErrWrongPassphrase},
		"plain, and no key":    {`{"encrypted":false,"data":[]}`, errAny},
		"plain, and null":      {`{"encrypted":false,"data":null}`, errAny},
		"plain, and more":      {`{"encrypted":false,"data":` + string(plain) + `,"also":1}`, errAny},
		"greedy": {`{"encrypted":true,"data":{"kdf":{"name":"scrypt","params":{"N":1073741824,"r":8,"p":1},"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},` +
			`"cipher":{"name":"nacl/secretbox","nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"ciphertext":""}}`, ErrKDF},
	} {
		keys, err := KeyOpener{}.OpenUnlocked([]byte(c.file))
		switch {
		case c.want == nil && (err != nil || len(keys) != 1 || keys[0].ID() != key.ID()):
			t.Errorf("%s: %d keys, %v", name, len(keys), err)
		case c.want == errAny && err == nil, c.want != nil && c.want != errAny && !errors.Is(err, c.want):
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// errAny stands for an error without a name.
var errAny = errors.New("any")

type rawJSON []byte

func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }
