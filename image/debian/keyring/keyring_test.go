package keyring

import (
	"bytes"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// now is the time of all tests here; keys are a day older.
var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func newKey(t *testing.T, name string, lifetime time.Duration) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity(name, "", name+"@example.org", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: at(now.Add(-24 * time.Hour)), KeyLifetimeSecs: uint32(lifetime.Seconds())})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign gives the text clear-signed by all the keys, each after the other.
func sign(t testing.TB, text string, config *packet.Config, keys ...*openpgp.Entity) string {
	t.Helper()
	var private []*packet.PrivateKey
	for _, k := range keys {
		private = append(private, k.PrivateKey)
	}
	var b bytes.Buffer
	w, err := clearsign.EncodeMulti(&b, private, config)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

const text = "Suite: stable\nCodename: trixie\n- a line with a dash\nSHA256:\n aa 1 main/x\n"

func TestTextIsWhatAKeyOfTheRingSigned(t *testing.T) {
	ours, others := newKey(t, "ours", 0), newKey(t, "others", 0)
	old := newKey(t, "old", time.Hour)
	revoked := newKey(t, "revoked", 0)
	if err := revoked.RevokeKey(packet.KeyCompromised, "stolen", &packet.Config{Time: at(now.Add(-time.Hour))}); err != nil {
		t.Fatal(err)
	}
	ring := Ring{openpgp.EntityList{old, revoked, ours}}
	config := &packet.Config{Time: at(now.Add(-time.Hour))}
	good := sign(t, text, config, ours)
	for _, c := range []struct{ name, file, want string }{
		{"signed", good, ""},
		{"signed by a key that is not known first", sign(t, text, config, others, ours), ""},
		{"signed by a key that has expired first", sign(t, text, config, old, ours), ""},
		{"nothing", "", "not a clear-signed file"},
		{"not signed", text, "not a clear-signed file"},
		{"signed by another key", sign(t, text, config, others), "unknown"},
		{"signed by a key that has expired", sign(t, text, config, old), "expired"},
		{"signed by a key that was revoked", sign(t, text, config, revoked), "revoked"},
		{"signed tomorrow", sign(t, text, &packet.Config{Time: at(now.Add(24 * time.Hour))}, ours), "expired"},
		{"signed for an hour", sign(t, text, &packet.Config{Time: at(now.Add(-2 * time.Hour)), SigLifetimeSecs: 3600}, ours), "expired"},
		{"one byte changed", strings.Replace(good, "trixie", "trixia", 1), "invalid signature"},
		{"a line more", strings.Replace(good, "Codename", "Extra: line\nCodename", 1), "invalid signature"},
		{"text before it", "Codename: sid\n" + good, "not a clear-signed file"},
		{"an empty line before it", "\n" + good, "not a clear-signed file"},
		{"text after it", good + "Codename: sid\n", "after the signature"},
		{"two of them", good + good, "after the signature"},
		{"a signature cut off", good[:len(good)-40], "not a clear-signed file"},
		{"an unknown header", strings.Replace(good, "\n\n", "\nCharset: x\n\n", 1), "not a clear-signed file"},
		{"more signatures than any file has", sign(t, text, config, append(repeat(others, maxSignatures), ours)...), "unknown"},
	} {
		have, err := ring.Text([]byte(c.file), now)
		if c.want == "" {
			if err != nil || !strings.HasPrefix(string(have), "Suite: stable\n") || !strings.Contains(string(have), "- a line") {
				t.Errorf("%s: %q %v", c.name, have, err)
			}
			continue
		}
		if have != nil || !errors.Is(err, ErrSignature) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, error %v, want %q", c.name, have, err, c.want)
		}
	}
}

func repeat(key *openpgp.Entity, n int) (keys []*openpgp.Entity) {
	for range n {
		keys = append(keys, key)
	}
	return keys
}

// Collisions of SHA-1 are made for money; go-crypto's first API takes them.
func TestWeakHashesAreNoSignatures(t *testing.T) {
	ours := newKey(t, "ours", 0)
	plain := false
	weak := &packet.Signature{Version: 4, SigType: packet.SigTypeText, PubKeyAlgo: ours.PrimaryKey.PubKeyAlgo,
		Hash: crypto.SHA1, CreationTime: now, IssuerKeyId: &ours.PrimaryKey.KeyId}
	h := crypto.SHA1.New()
	_, _ = h.Write([]byte("Suite: stable"))
	if err := weak.Sign(h, ours.PrivateKey, &packet.Config{NonDeterministicSignaturesViaNotation: &plain}); err != nil {
		t.Fatal(err)
	}
	ring := Ring{openpgp.EntityList{ours}}
	var raw bytes.Buffer
	if err := weak.Serialize(&raw); err != nil {
		t.Fatal(err)
	}
	block := &clearsign.Block{Bytes: []byte("Suite: stable"), ArmoredSignature: &armor.Block{Body: &raw}}
	if err := ring.verify(block, now); err == nil || !strings.Contains(err.Error(), "SHA-1") {
		t.Errorf("error %v, want one of SHA-1", err)
	}
}

func TestOpen(t *testing.T) {
	key := newKey(t, "ours", 0)
	var plain, armored bytes.Buffer
	w, err := armor.Encode(&armored, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(key.Serialize(&plain), key.Serialize(w), w.Close()); err != nil {
		t.Fatal(err)
	}
	file := sign(t, text, &packet.Config{Time: at(now)}, key)
	for name, data := range map[string][]byte{"binary": plain.Bytes(), "armored": armored.Bytes(),
		"empty": nil, "noise": []byte("keys"), "cut off": plain.Bytes()[:plain.Len()/2]} {
		path := filepath.Join(t.TempDir(), "ring.gpg")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		ring, err := Open(path)
		if good := name == "binary" || name == "armored"; !good {
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: error %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := ring.Text([]byte(file), now); err != nil {
			t.Error(name, err)
		}
	}
}

func TestOpenWithoutPathReadsTheKeysOfDebian(t *testing.T) {
	ring, err := Open("")
	if errors.Is(err, os.ErrNotExist) {
		if os.Getenv("SIGNER_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if err != nil || len(ring.keys) == 0 {
		t.Error(len(ring.keys), err)
	}
}

func FuzzText(f *testing.F) {
	key, err := openpgp.NewEntity("ours", "", "", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	if err != nil {
		f.Fatal(err)
	}
	good := sign(f, text, nil, key)
	ring := Ring{openpgp.EntityList{key}}
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Whatever the file, what is given was signed: nobody else has this key.
		if have, err := ring.Text(data, time.Now()); err == nil && strings.TrimRight(string(have), "\n") != strings.TrimRight(text, "\n") {
			t.Errorf("text that was not signed: %q", have)
		}
	})
}
