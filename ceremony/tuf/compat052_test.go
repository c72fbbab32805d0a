package tuf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"
)

func TestObjections052(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	edited := func(edit func(dict)) dict { d := newPen(9).listed.(dict); edit(d); return d }
	one := func(listed dict) []byte { return withKey(t, idOf(listed), listed) }
	for _, c := range []struct {
		name string
		file []byte
		want []string
	}{
		{"a root as this program writes it", inked(t, rootSigned(1, 1, pens(1, 2, 3)...)), nil},
		{"a threshold of 2", inked(t, rootSigned(1, 2, pens(1, 2, 3)...)), []string{"fleetctl updates rotate cannot"}},
		{"the type ecdsa", one(listing("ecdsa", "ecdsa-sha2-nistp256", pemOfKey(t, private.Public()))), []string{"No client", "rotate"}},
		{"ECDSA in hex", one(listing("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", hex.EncodeToString(point))), []string{"No client", "rotate"}},
		{"an id without keyid_hash_algorithms", one(edited(func(d dict) { delete(d, "keyid_hash_algorithms") })), []string{"cannot sign with key", "rotate"}},
		{"a key with a custom field", one(edited(func(d dict) { d["x-owner"] = "ceo" })), []string{"they give it another id", "rotate"}},
		{"targets wants two", func() []byte {
			signed := rootSigned(1, 1, newPen(1))
			at(signed, "keys")[newPen(9).id] = newPen(9).listed
			at(signed, "roles")["targets"] = dict{"keyids": []any{targetsPen().id, newPen(9).id}, "threshold": 2}
			return inked(t, signed)
		}(), []string{"One signing drive cannot publish: targets wants 2"}},
		{"more bytes than it reads", append(inked(t, rootSigned(1, 1, newPen(1))), strings.Repeat("\n", maxRoot052)...), []string{"it reads 512000 bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Objections052(mustRoot(t, c.file, History))
			if len(got) != len(c.want) {
				t.Fatalf("objections %q, want %q", got, c.want)
			}
			for i := range got {
				if !strings.Contains(got[i], c.want[i]) {
					t.Errorf("objection %q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}
