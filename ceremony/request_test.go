package ceremony_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// dice are random bytes that are the same in each run.
func dice() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{7}) }

func newKey(t testing.TB, random *rand.ChaCha8) *tuf.PrivateKey {
	t.Helper()
	key, err := tuf.NewKey(random)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// request is one of three keys for the root of a small creation.
func request(t testing.TB) (ceremony.KeyRequest, *tuf.Root) {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, smallPlan); err != nil {
		t.Fatal(err)
	}
	root, err := tuf.ParseRoot(w.files(t, "repository")["repository/root.json"], tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ceremony.NewKeyRequest(root, " Rhea ", time.Date(2026, 11, 22, 15, 5, 0, 7, time.FixedZone("", 3600)))
	if err != nil {
		t.Fatal(err)
	}
	random := dice()
	for _, role := range tuf.OnlineRoles() {
		if err := r.Add(role, newKey(t, random), random); err != nil {
			t.Fatal(err)
		}
	}
	return r, root
}

// encoded is the request as people hand it over, whatever was done to it.
func encoded(t testing.TB, r ceremony.KeyRequest) []byte {
	t.Helper()
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAKeyRequestIsReadAsItWasMade: keys, roles, name, time and root are those
// of the releaser, and every key is proven.
func TestAKeyRequestIsReadAsItWasMade(t *testing.T) {
	r, root := request(t)
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ceremony.ParseKeyRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*read, r) {
		t.Errorf("read %+v, want %+v", *read, r)
	}
	if read.Holder != "Rhea" || read.Made.Format(time.RFC3339) != "2026-11-22T14:05:00Z" || read.Root.Version != 1 || read.Root.Signed != root.Digest() {
		t.Errorf("it says %+v", read)
	}
	for i, role := range tuf.OnlineRoles() {
		if k := read.Keys[i]; k.Role != role || !k.Proven() || k.Proof.VerifyKey(k.Key) != nil {
			t.Errorf("key %d: %+v", i+1, k)
		}
	}
}

// TestAKeyWithoutAProofIsMarked: other tools make none, and a key of another
// type comes without one.
func TestAKeyWithoutAProofIsMarked(t *testing.T) {
	r, _ := request(t)
	r.Keys[1].Proof = nil
	const point = "-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\\n6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\\n-----END PUBLIC KEY-----\\n"
	ecdsa, err := tuf.ParseListedKey([]byte(`{"keytype":"ecdsa-sha2-nistp256","scheme":"ecdsa-sha2-nistp256","keyid_hash_algorithms":["sha256","sha512"],"keyval":{"public":"` + point + `"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Keys[2] = ceremony.RequestedKey{Role: tuf.RoleTimestamp, Key: ecdsa}
	read, err := ceremony.ParseKeyRequest(encoded(t, r))
	if err != nil {
		t.Fatal(err)
	}
	for i, proven := range []bool{true, false, false} {
		if read.Keys[i].Proven() != proven || !read.Keys[i].Key.SameKey(r.Keys[i].Key) {
			t.Errorf("key %d: %+v", i+1, read.Keys[i])
		}
	}
}

// TestHostileKeyRequests: each is a file that somebody else could put on a
// transfer drive.
func TestHostileKeyRequests(t *testing.T) {
	good, _ := request(t)
	stranger := newKey(t, rand.NewChaCha8([32]byte{8}))
	otherRoot, err := stranger.Prove(tuf.Digest{1}, dice())
	if err != nil {
		t.Fatal(err)
	}
	for name, alter := range map[string]func(*ceremony.KeyRequest){
		"another format":            func(r *ceremony.KeyRequest) { r.Format = "signer-request-v2" },
		"no name":                   func(r *ceremony.KeyRequest) { r.Holder = "" },
		"spaces for a name":         func(r *ceremony.KeyRequest) { r.Holder = " \t" },
		"space around a name":       func(r *ceremony.KeyRequest) { r.Holder = "Rhea " },
		"escape sequence in a name": func(r *ceremony.KeyRequest) { r.Holder = "\x1b]0;owned\aRhea" },
		"name that turns around":    func(r *ceremony.KeyRequest) { r.Holder = "aehR\u202e" },
		"name as long as a book":    func(r *ceremony.KeyRequest) { r.Holder = strings.Repeat("Rhea", 5000) },
		"no root":                   func(r *ceremony.KeyRequest) { r.Root.Version = 0 },
		"no digest of a root":       func(r *ceremony.KeyRequest) { r.Root.Signed = tuf.Digest{} },
		"another root":              func(r *ceremony.KeyRequest) { r.Root.Signed[0] ^= 1 },
		"no keys":                   func(r *ceremony.KeyRequest) { r.Keys = []ceremony.RequestedKey{} },
		"too many keys": func(r *ceremony.KeyRequest) {
			for random := dice(); len(r.Keys) < 10; {
				r.Keys = append(r.Keys, ceremony.RequestedKey{Role: tuf.RoleTargets, Key: newKey(t, random).Key()})
			}
		},
		"a root key":           func(r *ceremony.KeyRequest) { r.Keys[0].Role = tuf.RoleRoot },
		"a role of a stranger": func(r *ceremony.KeyRequest) { r.Keys[0].Role = "Targets" },
		"a role of sequences":  func(r *ceremony.KeyRequest) { r.Keys[0].Role = "\x1b[2Jtargets" },
		"one key twice":        func(r *ceremony.KeyRequest) { r.Keys[1].Key, r.Keys[1].Proof = r.Keys[0].Key, nil },
		"proof of another key": func(r *ceremony.KeyRequest) { r.Keys[0].Proof = r.Keys[1].Proof },
		"proof by nobody":      func(r *ceremony.KeyRequest) { r.Keys[0].Key = stranger.Key() },
		"proof for another root": func(r *ceremony.KeyRequest) {
			r.Keys[0] = ceremony.RequestedKey{Role: tuf.RoleTargets, Key: stranger.Key(), Proof: &otherRoot}
		},
		"a nonce of another proof": func(r *ceremony.KeyRequest) {
			altered := *r.Keys[0].Proof
			altered.Nonce[0] ^= 1
			r.Keys[0].Proof = &altered
		},
		"half a second":  func(r *ceremony.KeyRequest) { r.Made = r.Made.Add(time.Second / 2) },
		"no time":        func(r *ceremony.KeyRequest) { r.Made = time.Time{} },
		"a time in Oslo": func(r *ceremony.KeyRequest) { r.Made = r.Made.In(time.FixedZone("", 3600)) },
	} {
		bad := good
		bad.Keys = append([]ceremony.RequestedKey{}, good.Keys...)
		alter(&bad)
		refuses(t, name, encoded(t, bad))
		if _, err := bad.Encode(); err == nil {
			t.Errorf("%s: it is written", name)
		}
	}
}

// TestHostileKeyRequestFiles: what no program of ours would write.
func TestHostileKeyRequestFiles(t *testing.T) {
	r, _ := request(t)
	good := string(encoded(t, r))
	short := r.Keys[0].Key.Public[:62]
	for name, altered := range map[string]string{
		"nothing":              "",
		"half of it":           good[:len(good)/2],
		"something after it":   good + "{}",
		"a list":               "[" + good + "]",
		"null":                 strings.Replace(good, `"Rhea"`, "null", 1),
		"an unknown field":     strings.Replace(good, `"holder"`, `"threshold": 1, "holder"`, 1),
		"a name twice":         strings.Replace(good, `"holder"`, `"holder": "Mallory", "holder"`, 1),
		"a name in capitals":   strings.Replace(good, `"holder"`, `"Holder"`, 1),
		"a name but for case":  strings.Replace(good, `"holder"`, `"Holder": "Mallory", "holder"`, 1),
		"a long s":             strings.Replace(good, `"keys"`, `"key`+"\u017f"+`"`, 1),
		"a key's unknown":      strings.Replace(good, `"keytype"`, `"weight": 2, "keytype"`, 1),
		"a private key":        strings.Replace(good, `"public":`, `"private": "00", "public":`, 1),
		"a short key":          strings.Replace(good, r.Keys[0].Key.Public, short, 1),
		"a key in capitals":    strings.Replace(good, r.Keys[0].Key.Public, strings.ToUpper(r.Keys[0].Key.Public), 1),
		"a weak key":           strings.Replace(good, r.Keys[0].Key.Public, strings.Repeat("0", 64), 1),
		"a key of a strange":   strings.Replace(good, `"keytype": "ed25519"`, `"keytype": "ecdsa"`, 1),
		"other algorithms":     strings.Replace(good, `"sha512"`, `"sha384"`, 1),
		"a fraction":           strings.Replace(good, `"version": 1`, `"version": 1.0`, 1),
		"a version beyond":     strings.Replace(good, `"version": 1`, `"version": 9007199254740992`, 1),
		"deep":                 strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"larger than it is":    good + strings.Repeat(" ", ceremony.MaxRequestSize),
		"bytes that are none":  strings.Replace(good, "Rhea", "Rh\xffa", 1),
		"half a pair":          strings.Replace(good, "Rhea", `Rh\ud800a`, 1),
		"a proof of nothing":   strings.Replace(good, `"proof": {`, `"proof": {}, "proof": {`, 1),
		"a long wrong digest":  strings.Replace(good, r.Root.Signed.String(), strings.Repeat("f", 40_000), 1),
		"a long unknown field": strings.Replace(good, `"holder"`, `"`+strings.Repeat("h", 40_000)+`": 1, "holder"`, 1),
	} {
		if altered == good {
			t.Errorf("%s: nothing was altered", name)
		}
		refuses(t, name, []byte(altered))
	}
}

// refuses wants the file refused in a line that fits a screen and does nothing
// to a terminal.
func refuses(t *testing.T, name string, file []byte) {
	t.Helper()
	_, err := ceremony.ParseKeyRequest(file)
	switch {
	case !errors.Is(err, ceremony.ErrRequest):
		t.Errorf("%s: %v", name, err)
	case len(err.Error()) > 500 || ceremony.Foreign(err.Error()) != err.Error():
		t.Errorf("%s: it is refused with %d bytes: %q", name, len(err.Error()), err)
	}
}

// FuzzKeyRequest reads any bytes as request.json. One that is taken asks for
// online keys alone, every proof in it holds, and written again it is the same.
func FuzzKeyRequest(f *testing.F) {
	r, _ := request(f)
	good := encoded(f, r)
	f.Add(good)
	r.Keys[0].Proof, r.Rehearsal, r.Repository = nil, true, &tuf.Digest{1}
	f.Add(encoded(f, r))
	f.Add(good[:len(good)/2])
	f.Add(bytes.Replace(good, []byte("targets"), []byte("root"), 1))
	f.Add(bytes.Replace(good, []byte("Rhea"), []byte(`\u001b[2J`), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		read, err := ceremony.ParseKeyRequest(b)
		if err != nil {
			return
		}
		for i, k := range read.Keys {
			if k.Role == tuf.RoleRoot || k.Proven() && (k.Proof.Root != read.Root.Signed || k.Proof.VerifyKey(k.Key) != nil) {
				t.Errorf("key %d is taken: %+v", i+1, k)
			}
		}
		if ceremony.Foreign(read.Holder) != read.Holder || len(read.Keys) > 9 {
			t.Errorf("%d keys of %q are taken", len(read.Keys), read.Holder)
		}
		again, err := read.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if same, err := ceremony.ParseKeyRequest(again); err != nil || !reflect.DeepEqual(same, read) {
			t.Errorf("written again, it reads %+v, want %+v; %v", same, read, err)
		}
	})
}
