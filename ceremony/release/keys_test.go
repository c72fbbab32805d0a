package release

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	rand2 "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// unlocking opens the keys of some roles, in a repository that was read.
func unlocking(t *testing.T, dir string, p Passphrases, roles ...tuf.Role) (*Repository, unlocked, error) {
	t.Helper()
	r := opened(t, dir, testOptions("test"))
	if _, err := r.release(); err != nil {
		t.Fatal(err)
	}
	keys, err := r.unlock(t.Context(), p, roles...)
	t.Cleanup(keys.wipe)
	return r, keys, err
}

func TestUnlockAsksAllAndThenThoseWhoWereWrong(t *testing.T) {
	p := &phrases{wrong: map[tuf.Role][]string{tuf.RoleSnapshot: {"no", ""}, tuf.RoleTimestamp: {"no"}}}
	_, keys, err := unlocking(t, initialized(t), p, tuf.OnlineRoles()...)
	if err != nil || len(keys.all()) != 3 {
		t.Fatalf("%v, %v", keys, err)
	}
	want := []string{"old targets", "old snapshot", "old timestamp", "old snapshot: open key file: wrong passphrase",
		"old timestamp: open key file: wrong passphrase", "old snapshot: the passphrase is empty"}
	if !slices.Equal(p.asked, want) {
		t.Errorf("asked for %q", p.asked)
	}
}

// TestUnlockEnds: who cannot be asked again, as the environment cannot, ends it,
// and no key stays in memory.
func TestUnlockEnds(t *testing.T) {
	for wrong, want := range map[string]error{"no": tuf.ErrWrongPassphrase, "": tuf.ErrEmptyPassphrase} {
		refuse := errors.New("it is all there is")
		p := &phrases{wrong: map[tuf.Role][]string{tuf.RoleTimestamp: {wrong}}, refuse: refuse}
		_, keys, err := unlocking(t, initialized(t), p, tuf.OnlineRoles()...)
		if !errors.Is(err, want) || !errors.Is(err, refuse) || !strings.Contains(err.Error(), `unlock "keys/timestamp.json"`) || keys != nil {
			t.Errorf("%q: %v, %v", wrong, keys, err)
		}
	}
}

func TestUnlockWithoutAKeyFile(t *testing.T) {
	dir := initialized(t)
	removeAll(t, filepath.Join(dir, "keys", "snapshot.json"))
	p := &phrases{}
	_, _, err := unlocking(t, dir, p, tuf.OnlineRoles()...)
	if !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), "keys/snapshot.json") || len(p.asked) > 0 {
		t.Errorf("%v, asked for %q", err, p.asked)
	}
}

func TestUnlockWhatIsNoKeyFile(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON": "x", "cut off": `{"encrypted":true,`, "too large": strings.Repeat(" ", tuf.MaxKeyFileSize+1),
		"a cost of terabytes": `{"encrypted":true,"data":{"kdf":{"name":"scrypt","params":{"N":1073741824,"r":8,"p":1},"salt":"` + strings.Repeat("A", 43) +
			`="},"cipher":{"name":"nacl/secretbox","nonce":"` + strings.Repeat("A", 32) + `"},"ciphertext":"AAAA"}}`,
	} {
		dir := initialized(t)
		put(t, dir, "keys/timestamp.json", text)
		if _, _, err := unlocking(t, dir, &phrases{}, tuf.RoleTimestamp); err == nil || !strings.Contains(err.Error(), "keys/timestamp.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := initialized(t)
	linked(t, dir, "keys/timestamp.json")
	if _, _, err := unlocking(t, dir, &phrases{}, tuf.RoleTimestamp); !errors.Is(err, tuf.ErrNotFile) {
		t.Errorf("a link: %v", err)
	}
}

// keysOf opens a key file of a test.
func keysOf(t *testing.T, dir string, role tuf.Role) []*tuf.PrivateKey {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "keys", string(role)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tuf.KeyOpener{Also: cheap}.Open(b, secret.Bytes(phraseOf(role)))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func another(t *testing.T) *tuf.PrivateKey {
	t.Helper()
	k, err := tuf.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealInto(t *testing.T, dir string, role tuf.Role, keys ...*tuf.PrivateKey) {
	t.Helper()
	b, err := tuf.SealKeys(keys, secret.Bytes(phraseOf(role)), cheap, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys", string(role)+".json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestUnlockLeavesOutWhatRootDoesNotList: fleetctl's rotate leaves the old key in
// the file, and signs with it.
func TestUnlockLeavesOutWhatRootDoesNotList(t *testing.T) {
	dir := initialized(t)
	old, own := another(t), keysOf(t, dir, tuf.RoleTargets)[0]
	sealInto(t, dir, tuf.RoleTargets, old, own)
	r, keys, err := unlocking(t, dir, &phrases{}, tuf.RoleTargets)
	if err != nil || len(keys.all()) != 1 || keys.all()[0].ID() != own.ID() {
		t.Fatalf("%v, %v", keys, err)
	}
	want := fmt.Sprintf("keys/targets.json holds key %s, which root 1 does not list for targets: it was not used.", old.ID())
	if !slices.Contains(r.warnings, want) {
		t.Errorf("warnings are %q", r.warnings)
	}

	sealInto(t, dir, tuf.RoleTargets, old)
	_, _, err = unlocking(t, copied(t, dir), &phrases{}, tuf.RoleTargets)
	if !errors.Is(err, tuf.ErrNotListed) || !strings.Contains(err.Error(), old.ID().String()) || !strings.Contains(err.Error(), own.ID().String()) || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("%v", err)
	}
}

// TestUnlockPlain: a file without a passphrase works as for v0, and is reported.
func TestUnlockPlain(t *testing.T) {
	dir, timestamp := knownKeys(t)
	put(t, dir, "keys/timestamp.json", plain(timestamp))
	p := &phrases{}
	r, keys, err := unlocking(t, dir, p, tuf.RoleTimestamp)
	if err != nil || len(keys.all()) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	if len(p.asked) > 0 || len(r.warnings) != 1 || !strings.HasPrefix(r.warnings[0], "keys/timestamp.json is not locked by a passphrase") {
		t.Errorf("asked for %q, warnings are %q", p.asked, r.warnings)
	}
	if _, err := r.ExportTimestampKey(); !errors.Is(err, tuf.ErrPlaintext) {
		t.Errorf("a plain key is exported: %v", err)
	}
}

// knownKeys is a repository, and the seed of its timestamp key: the last of the
// four keys that an init makes first.
func knownKeys(t *testing.T) (dir string, seed []byte) {
	t.Helper()
	o, all := testOptions("updates init"), make([]byte, 4*32)
	o.Rand = rand2.NewChaCha8([32]byte{1})
	if _, err := rand2.NewChaCha8([32]byte{1}).Read(all); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	r, err := Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Init(t.Context(), &phrases{}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, all[3*32:]
}

// plain is a key file as v0 writes it without a passphrase.
func plain(seed []byte) string {
	private := ed25519.NewKeyFromSeed(seed)
	return fmt.Sprintf(`{"encrypted":false,"data":[{"keytype":"ed25519","scheme":"ed25519","keyid_hash_algorithms":["sha256","sha512"],`+
		`"keyval":{"public":"%x","private":"%x"}}]}`, []byte(private[32:]), []byte(private))
}

// TestUnlockedAreWiped: what a command opened signs nothing afterwards.
func TestUnlockedAreWiped(t *testing.T) {
	_, keys, err := unlocking(t, initialized(t), &phrases{}, tuf.OnlineRoles()...)
	if err != nil {
		t.Fatal(err)
	}
	keys.wipe()
	for _, k := range keys.all() {
		if _, err := k.Prove(tuf.Digest{}, rand.Reader); !errors.Is(err, tuf.ErrWiped) {
			t.Errorf("%v still signs: %v", k, err)
		}
	}
}
