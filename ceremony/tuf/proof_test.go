package tuf

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
)

func TestProof(t *testing.T) {
	c := newCrew(t, 1)
	root := derived(t, nil, c.creation(1, false)).Root()
	for _, k := range append(slices.Clone(c.root), c.online...) {
		p, err := k.Prove(root.Digest(), &steady{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(root); err != nil {
			t.Error(err)
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back Proof
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, p) {
			t.Errorf("the proof came back from JSON as %+v: %v", back, err)
		}
	}
	p, err := c.root[0].Prove(Digest{}, &steady{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.VerifyKey(c.root[0].Key()); err != nil {
		t.Errorf("before there is a root: %v", err)
	}
	if err := p.Verify(root); !errors.Is(err, ErrProof) {
		t.Errorf("a proof for no root holds for one: %v", err)
	}
}

func TestProofRefuses(t *testing.T) {
	c := newCrew(t, 2)
	root := derived(t, nil, c.creation(1, false)).Root()
	stranger := newKeys(t, &steady{next: 99}, 1)[0]
	for name, edit := range map[string]func(*Proof){
		"another root":      func(p *Proof) { p.Root[0] ^= 1 },
		"another key":       func(p *Proof) { p.KeyID = c.root[1].ID() },
		"an unlisted key":   func(p *Proof) { p.KeyID = stranger.ID() },
		"another nonce":     func(p *Proof) { p.Nonce[31] ^= 1 },
		"another signature": func(p *Proof) { p.Signature[0] ^= 1 },
		"no proof":          func(p *Proof) { *p = Proof{} },
	} {
		p, err := c.root[0].Prove(root.Digest(), &steady{})
		if err != nil {
			t.Fatal(err)
		}
		edit(&p)
		if err := p.Verify(root); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := c.root[0].Prove(root.Digest(), &steady{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.VerifyKey(c.root[1].Key()); !errors.Is(err, ErrProof) {
		t.Errorf("a proof holds for another key: %v", err)
	}
}

// Others list a key under another id than the key's file has: without
// keyid_hash_algorithms, for one. It is the same key, and no other.
func TestProofOfAKeyUnderAnotherID(t *testing.T) {
	keys := append(oneOfEach(t), derKey(t, keyECDSA))
	var foreign []pen
	for _, k := range keys[:3] {
		l := listing(k.Key().Type, k.Key().Scheme, k.Key().Public)
		delete(l, "keyid_hash_algorithms")
		foreign = append(foreign, pen{id: idOf(l), listed: l})
	}
	old := listing(keyECDSAOld, keyECDSA, keys[3].Key().Public)
	foreign = append(foreign, pen{id: idOf(old), listed: old})
	root := mustRoot(t, inked(t, rootSigned(1, 1, foreign...)), History)
	for i, k := range keys {
		p, err := k.Prove(root.Digest(), &steady{})
		must(t, err)
		if _, listed := root.Keys[p.KeyID]; listed {
			t.Fatalf("key %s is listed as its file has it", p.KeyID)
		}
		if err := p.Verify(root); err != nil {
			t.Errorf("a key of type %s: %v", k.Key().Type, err)
		}
		for name, edit := range map[string]func(*Proof){
			"another listed key":  func(p *Proof) { p.KeyID = keys[(i+1)%len(keys)].ID() },
			"the id in the root":  func(p *Proof) { p.KeyID, _ = ParseKeyID(foreign[i].id) },
			"an unlisted key":     func(p *Proof) { p.KeyID[0] ^= 1 },
			"another nonce":       func(p *Proof) { p.Nonce[0] ^= 1 },
			"another signature":   func(p *Proof) { p.Signature[0] ^= 1 },
			"another root":        func(p *Proof) { p.Root[0] ^= 1 },
			"somebody else's key": func(p *Proof) { *p = provedBy(t, newKeys(t, &steady{next: 99}, 1)[0], root) },
		} {
			spoilt := p
			spoilt.Signature = slices.Clone(p.Signature)
			if edit(&spoilt); !errors.Is(spoilt.Verify(root), ErrProof) {
				t.Errorf("%s, of a key of type %s, holds", name, k.Key().Type)
			}
		}
	}
}

func provedBy(t *testing.T, k *PrivateKey, root *Root) Proof {
	t.Helper()
	p, err := k.Prove(root.Digest(), &steady{})
	must(t, err)
	return p
}

// A proof must never be a signature over metadata.
func TestProofMessageIsNoMetadata(t *testing.T) {
	root, id, nonce := Digest{1}, KeyID{2}, Nonce{3}
	msg := ProofMessage(root, id, nonce)
	want := fmt.Sprintf("7369676e65722d70726f6f662d763100%s%s%x", root, id, nonce)
	if got := hex.EncodeToString(msg); got != want {
		t.Errorf("the message is %s, want %s", got, want)
	}
	if json.Valid(msg) {
		t.Error("a proof signs JSON")
	}
}
