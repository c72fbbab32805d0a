package tuf

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"signer/ceremony/secret"
	"signer/ceremony/tuf/oracle"
)

// derKey is a key as another tool made it.
func derKey(t testing.TB, keyType string) *PrivateKey {
	t.Helper()
	der := map[string]func() []byte{
		keyECDSA: func() []byte {
			k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			must(t, err)
			b, err := x509.MarshalECPrivateKey(k)
			must(t, err)
			return b
		},
		keyRSA: func() []byte {
			k, err := rsa.GenerateKey(rand.Reader, 2048)
			must(t, err)
			return x509.MarshalPKCS1PrivateKey(k)
		},
	}[keyType]()
	form := derForms()[keyType]
	material, err := form.public(der)
	must(t, err)
	k, err := form.keep(der, []byte(material), keyType)
	must(t, err)
	return k
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// oneOfEach is a key of each type.
func oneOfEach(t testing.TB) []*PrivateKey {
	return append(newKeys(t, &steady{}, 1), derKey(t, keyECDSA), derKey(t, keyRSA))
}

// What go-tuf made is opened, used, locked by another passphrase, and then opened
// and used by go-tuf again: the same keys under the same ids, in the same order.
func TestKeysOfOtherToolsAreKept(t *testing.T) {
	v052, v070 := oracle.KeyTools()[0], oracle.KeyTools()[1]
	for _, c := range []struct {
		maker   oracle.KeyTool
		schemes []string
		openers []oracle.KeyTool // of the new file; the others refuse it
	}{
		{v052, []string{schemeRSA, keyEd25519}, []oracle.KeyTool{v052, v070}},
		{v070, []string{keyEd25519, schemeRSA, schemeRSA}, []oracle.KeyTool{v052, v070}},
		{v052, []string{keyECDSA, schemeRSA, keyECDSA}, []oracle.KeyTool{v052}},
		{v070, []string{keyECDSA, keyEd25519}, []oracle.KeyTool{v070}},
	} {
		t.Run(c.maker.Name+" "+strings.Join(c.schemes, " "), func(t *testing.T) {
			dir := t.TempDir()
			for _, scheme := range c.schemes {
				must(t, c.maker.Make(t, dir, "root", scheme, "cedar"))
			}
			file := filepath.Join(dir, "keys", "root.json")
			made, err := os.ReadFile(file)
			must(t, err)
			keys, err := OpenKeyFile(made, secret.Bytes("cedar"))
			must(t, err)
			insideAsMade(t, made, keys)
			signsLike(t, c.maker, dir, "cedar", keys)

			moved, err := SealKeys(keys, secret.Bytes("maple"), ProductCost, rand.Reader)
			must(t, err)
			must(t, os.WriteFile(file, moved, 0o600))
			for _, tool := range c.openers {
				signsLike(t, tool, dir, "maple", keys)
			}
			if _, err := c.maker.Sign(t, dir, "root", "message", "cedar"); err == nil {
				t.Error("the old passphrase still opens it")
			}
		})
	}
}

// go-tuf calls ECDSA keys "ecdsa" from v0.6 on: v0.5.2 does not open them, and
// v0.7.0 opens those of v0.5.2 under ids that no root lists.
func TestECDSAKeysHaveTwoNames(t *testing.T) {
	v052, v070 := oracle.KeyTools()[0], oracle.KeyTools()[1]
	older, newer := t.TempDir(), t.TempDir()
	must(t, v052.Make(t, older, "root", keyECDSA, "cedar"))
	list, err := v070.Sign(t, older, "root", "message", "cedar")
	must(t, err)
	made, err := os.ReadFile(filepath.Join(older, "keys", "root.json"))
	must(t, err)
	keys, err := OpenKeyFile(made, secret.Bytes("cedar"))
	must(t, err)
	asNew := listedAs(keyECDSAOld, keyECDSA, keys[0].Key().Public, "")
	if keys[0].Key().Type != keyECDSA || list[0].KeyID != asNew.ID.String() {
		t.Errorf("v0.7.0 gives it the id %s, want %s", list[0].KeyID, asNew.ID)
	}
	must(t, v070.Make(t, newer, "root", keyECDSA, "cedar"))
	if _, err := v052.Sign(t, newer, "root", "message", "cedar"); err == nil {
		t.Error("v0.5.2 opens what v0.7.0 made")
	}
}

// insideAsMade compares what is written inside a file with what was there.
func insideAsMade(t *testing.T, made []byte, keys []*PrivateKey) {
	t.Helper()
	var file struct{ Data json.RawMessage }
	must(t, json.Unmarshal(made, &file))
	theirs, err := encrypted.Decrypt(file.Data, []byte("cedar"))
	must(t, err)
	if ours, err := writeKeys(keys); err != nil || !bytes.Equal(ours, theirs) {
		t.Errorf("what is written inside is not what was there: %v", err)
	}
}

// signsLike has the tool sign, and compares ids and public keys with ours.
func signsLike(t *testing.T, tool oracle.KeyTool, dir, passphrase string, keys []*PrivateKey) {
	t.Helper()
	list, err := tool.Sign(t, dir, "root", "message", passphrase)
	must(t, err)
	if len(list) != len(keys) {
		t.Fatalf("%s finds %d keys, and here are %d", tool.Name, len(list), len(keys))
	}
	for i, k := range keys {
		sig, err := hex.DecodeString(list[i].Sig)
		must(t, err)
		if list[i].KeyID != k.ID().String() || !k.key.verifies([]byte("message"), sig) {
			t.Errorf("%s: key %d is %s, and here %s", tool.Name, i+1, list[i].KeyID, k.ID())
		}
	}
}

// Three people hold keys of three types. All clients follow their root, and all
// three signatures are needed.
func TestClientsFollowRootKeysOfEachType(t *testing.T) {
	c := crew{oneOfEach(t), newKeys(t, &steady{next: 50}, 3)}
	p := published(t, c, 3, false)
	dir := t.TempDir()
	putPublished(t, dir, p)
	repository := filepath.Join(dir, "repository")
	at := oracle.Device{URL: oracle.Serve(t, repository), Root: filepath.Join(repository, "1.root.json"), Memory: t.TempDir(), Now: ceremonyDay}
	for _, client := range oracle.Clients() {
		t.Run(client.Name, func(t *testing.T) {
			if seen, err := client.Update(t, at); err != nil || seen.Versions["root"] != 1 {
				t.Errorf("%+v, %v", seen, err)
			}
		})
	}
	t.Run("securesystemslib", func(t *testing.T) {
		name := filepath.Join(repository, "root.json")
		if signers, err := oracle.VerifySignatures(t, name, name, "root"); err != nil || len(signers) != 3 {
			t.Errorf("signed by %q, %v", signers, err)
		}
	})
	for i := range c.root {
		reviewed := confirmed(t, derived(t, nil, c.creation(3, false)))
		if _, err := Sign(reviewed, slices.Delete(slices.Clone(c.root), i, i+1)...); !errors.Is(err, ErrThreshold) {
			t.Errorf("without the key of type %s: %v", c.root[i].Key().Type, err)
		}
	}
}

func putPublished(t testing.TB, dir string, p Published) {
	t.Helper()
	files, err := p.Files()
	must(t, err)
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		must(t, os.WriteFile(name, f.Data, f.Perm))
	}
}

// A root that is signed again by the same keys is the same file, and the salt is
// as long as verifiers of a fixed length expect it.
func TestSignaturesAreTheSameEachTime(t *testing.T) {
	for _, k := range oneOfEach(t) {
		first, err := k.sign([]byte("message"))
		must(t, err)
		again, err := k.sign([]byte("message"))
		must(t, err)
		other, err := k.sign([]byte("another"))
		must(t, err)
		if !bytes.Equal(first, again) || bytes.Equal(first, other) {
			t.Errorf("%s: %x, then %x, of another message %x", k.Key().Type, first, again, other)
		}
		if !k.key.verifies([]byte("message"), first) || k.key.verifies([]byte("another"), first) {
			t.Errorf("%s: the signature does not tell the messages apart", k.Key().Type)
		}
		if k.Key().Type == keyRSA {
			public, err := x509.ParsePKIXPublicKey([]byte(k.key.material))
			must(t, err)
			digest := sha256.Sum256([]byte("message"))
			must(t, rsa.VerifyPSS(public.(*rsa.PublicKey), crypto.SHA256, digest[:], first, &rsa.PSSOptions{SaltLength: sha256.Size}))
		}
	}
}

func TestKeysOfEachTypeProveAndAreWiped(t *testing.T) {
	for _, k := range oneOfEach(t) {
		p, err := k.Prove(Digest{1}, rand.Reader)
		must(t, err)
		text, err := json.Marshal(p)
		must(t, err)
		var back Proof
		must(t, json.Unmarshal(text, &back))
		if err := back.VerifyKey(k.Key()); err != nil {
			t.Errorf("%s: %v", k.Key().Type, err)
		}
		back.Signature[0] ^= 1
		if err := back.VerifyKey(k.Key()); !errors.Is(err, ErrProof) {
			t.Errorf("%s: another signature: %v", k.Key().Type, err)
		}
		held := k.private()
		k.Wipe()
		if !bytes.Equal(held, make([]byte, len(held))) {
			t.Errorf("%s: the key is still in memory", k.Key().Type)
		}
		if _, err := k.Prove(Digest{1}, rand.Reader); !errors.Is(err, ErrWiped) {
			t.Errorf("%s: a wiped key proves: %v", k.Key().Type, err)
		}
	}
}

func TestProofSignatureIsBounded(t *testing.T) {
	for _, text := range []string{`""`, `"AB"`, `"abc"`, `"zz"`, `"` + strings.Repeat("ab", maxProofSignature+1) + `"`} {
		var s ProofSignature
		if err := json.Unmarshal([]byte(text), &s); err == nil {
			t.Errorf("a signature is %.20s", text)
		}
	}
}

// A slice that grows leaves copies of keys behind.
func TestKeysAreWrittenInOneBuffer(t *testing.T) {
	keys := oneOfEach(t)
	for _, list := range [][]*PrivateKey{keys, keys[:1], keys[1:2], keys[2:], append(slices.Clone(keys), keys...)} {
		b, err := writeKeys(list)
		must(t, err)
		if cap(b) != cap(make(secret.Bytes, 0, roomFor(list))) {
			t.Errorf("%d keys: the buffer grew to %d from %d", len(list), cap(b), roomFor(list))
		}
	}
}

func TestOpenRefusesOtherKeys(t *testing.T) {
	keys := oneOfEach(t)
	inside := func(k *PrivateKey) string {
		b, err := writeKeys([]*PrivateKey{k})
		must(t, err)
		return string(b)
	}
	ec, rs := inside(keys[1]), inside(keys[2])
	otherEC, otherRSA := derKey(t, keyECDSA), derKey(t, keyRSA)
	publicOf := func(k *PrivateKey) string { return strings.ReplaceAll(k.Key().Public, "\n", `\n`) }
	for name, c := range map[string]struct{ plain, says string }{
		"the public half of another ECDSA key": {strings.Replace(ec, publicOf(keys[1]), publicOf(otherEC), 1), errHalves.Error()},
		"the public half of another RSA key":   {strings.Replace(rs, publicOf(keys[2]), publicOf(otherRSA), 1), errHalves.Error()},
		"an RSA key that says ECDSA":           {strings.Replace(rs, `"rsa"`, `"`+keyECDSA+`"`, 1), errInside.Error()},
		"a type for another curve":             {strings.Replace(ec, `"keytype": "`+keyECDSA, `"keytype": "ecdsa-sha2-nistp384`, 1), "its type is none of"},
		"RSA with PKCS #1 v1.5":                {strings.Replace(rs, schemeRSA, "rsa-pkcs1v15-sha256", 1), errInside.Error()},
		"a PEM block of PKCS #8":               {strings.ReplaceAll(ec, "EC PRIVATE", "PRIVATE"), errInside.Error()},
		"a PEM block with headers":             {strings.Replace(ec, `EC PRIVATE KEY-----\n`, `EC PRIVATE KEY-----\nDEK-Info: x\n\n`, 1), errInside.Error()},
		"two PEM blocks":                       {strings.Replace(ec, publicOf(keys[1]), publicOf(keys[1])+publicOf(keys[1]), 1), errInside.Error()},
		"other escapes":                        {strings.Replace(ec, `KEY-----\n`, `KEY-----\u000a`, 1), errInside.Error()},
		"no PEM":                               {strings.Replace(ec, publicOf(keys[1]), "ab", 1), errInside.Error()},
		"another curve":                        {strings.Replace(ec, pemInside(t, ec), p384(t), 1), "another curve than P-256"},
		"a weak RSA key":                       {strings.NewReplacer(pemInside(t, rs), weakRSA(t)).Replace(rs), "weak"},
	} {
		opened, err := cheapOpener.Open(lockedFile(t, []byte(c.plain), "p"), secret.Bytes("p"))
		if err == nil || opened != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// pemInside is the private key inside a key file, as it is spelled there.
func pemInside(t testing.TB, plain string) string {
	t.Helper()
	_, rest, _ := strings.Cut(plain, `"private": "`)
	private, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatal("there is no private key inside")
	}
	return private
}

func spelledPEM(block string, der []byte) string {
	return strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der})), "\n", `\n`)
}

func p384(t testing.TB) string {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalECPrivateKey(k)
	must(t, err)
	return spelledPEM("EC PRIVATE KEY", der)
}

// weakRSA is a key of 1024 bits, the least that package rsa makes.
func weakRSA(t testing.TB) string {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	return spelledPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k))
}

// Package fmt must not reach the secret of any type.
func TestOtherKeysAreNeverShown(t *testing.T) {
	for _, k := range oneOfEach(t)[1:] {
		held := k.private() // of an ECDSA key the secret comes first, of an RSA key the public half does
		piece := map[string][]byte{keyECDSA: held[7:15], keyRSA: held[len(held)-16 : len(held)-8]}[k.Key().Type]
		for _, verb := range []string{"%v", "%+v", "%#v", "%x"} {
			out := strings.ToLower(fmt.Sprintf(verb, *k) + fmt.Sprintf(verb, k))
			if strings.Contains(out, hex.EncodeToString(piece)) || strings.Contains(out, strings.Trim(fmt.Sprint(piece[:4]), "[]")) {
				t.Errorf("%s shows a key of type %s", verb, k.Key().Type)
			}
		}
	}
}
