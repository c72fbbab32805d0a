package tuf

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"signer/ceremony/secret"
)

// steady is randomness that is the same in every run.
type steady struct{ next byte }

func (s *steady) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = s.next
		s.next++
	}
	return len(p), nil
}

func newKeys(t testing.TB, rand io.Reader, n int) []*PrivateKey {
	t.Helper()
	keys := make([]*PrivateKey, n)
	for i := range keys {
		var err error
		if keys[i], err = NewKey(rand); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// The id is the one that go-tuf v0.5.2 gave to this public key.
func TestKeyIDAsV0HasIt(t *testing.T) {
	const public, id = "f299eb1735da6fb5a1c5d531b5ea05b5ef5af9e8ea1387381f7d905bac514214",
		"ee524b9ed768ed3f5f6adde1b5ebe133e560151b26b8d79a5843c39587fdf491"
	b, err := hex.DecodeString(public)
	if err != nil {
		t.Fatal(err)
	}
	if got := listed(PublicKey(b)); got.ID.String() != id {
		t.Errorf("key id is %s, and v0.5.2 says %s", got.ID, id)
	}
}

// A key of ours reads back from metadata as what it was.
func TestListedKeyParses(t *testing.T) {
	want := newKeys(t, &steady{}, 1)[0].Key()
	b, err := json.Marshal(listing(want.Type, want.Scheme, want.Public))
	if err != nil {
		t.Fatal(err)
	}
	v, err := scan(b, MaxRootSize)
	if err != nil {
		t.Fatal(err)
	}
	got, err := (&reader{mode: Strict}).key(v, want.ID.String())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("listed as %+v, read as %+v", want, got)
	}
}

func TestPrivateKeySigns(t *testing.T) {
	k := newKeys(t, &steady{}, 1)[0]
	sig, err := k.sign([]byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	public := k.Public()
	if !ed25519.Verify(public[:], []byte("message"), sig) {
		t.Error("the signature does not verify")
	}
	k.Wipe()
	k.Wipe()
	if _, err := k.sign([]byte("message")); !errors.Is(err, ErrWiped) {
		t.Errorf("a wiped key signs: %v", err)
	}
}

func TestWipeReachesTheBytes(t *testing.T) {
	k := newKeys(t, &steady{next: 1}, 1)[0]
	bytesOfKey := k.private()
	k.Wipe()
	if !bytes.Equal(bytesOfKey, make([]byte, ed25519.PrivateKeySize)) {
		t.Error("the private key is still in memory")
	}
}

func TestPrivateKeyIsNeverShown(t *testing.T) {
	k := newKeys(t, &steady{next: 200}, 1)[0]
	seed := k.private()[:ed25519.SeedSize]
	forms := []string{
		string(seed), hex.EncodeToString(seed), strings.ToUpper(hex.EncodeToString(seed)),
		strings.Trim(fmt.Sprint([]byte(seed[:4])), "[]"), fmt.Sprintf("%#x", seed[0]) + ", " + fmt.Sprintf("%#x", seed[1]),
	}
	type holder struct{ inside *PrivateKey }
	type copied struct{ inside PrivateKey }
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		for _, v := range []any{k, *k, holder{k}, copied{*k}, []*PrivateKey{k}} {
			out := fmt.Sprintf(verb, v)
			for _, form := range forms {
				if strings.Contains(out, form) {
					t.Errorf("%s of %T shows the key: %s", verb, v, out)
				}
			}
		}
	}
	if out, err := json.Marshal(map[string]any{"key": k}); !errors.Is(err, secret.ErrMarshal) {
		t.Errorf("JSON of a private key: %s, %v", out, err)
	}
}

func TestNewKeyNeedsAllItsRandomness(t *testing.T) {
	if _, err := NewKey(io.LimitReader(&steady{}, ed25519.SeedSize-1)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a key was made of 31 bytes: %v", err)
	}
}
