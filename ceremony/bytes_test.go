package ceremony_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signer/usb"
)

// wireRoot is root.json as others read it: by names, with encoding/json.
type wireRoot struct {
	Signed struct {
		Keys map[string]struct {
			HashAlgorithms []string `json:"keyid_hash_algorithms"`
			KeyVal         map[string]string
		}
		Roles map[string]struct {
			KeyIDs    []string
			Threshold int
		}
		Consistent  *bool  `json:"consistent_snapshot"`
		SpecVersion string `json:"spec_version"`
	}
}

func readRoot(t *testing.T, repository string) (root wireRoot) {
	t.Helper()
	if err := json.Unmarshal(read(t, filepath.Join(repository, "root.json")), &root); err != nil {
		t.Fatal(err)
	}
	return root
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// createdFolders are the drives of the usual plan, as folders.
func createdFolders(t *testing.T, plan string) string {
	t.Helper()
	w := &world{dir: t.TempDir()}
	w.boot(t, usb.VirtualOptions{})
	if err := w.play(t, plan+answersFor(3)); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	return w.dir
}

// TestBytesOthersDependOn: each of these was seen to stop some client or some
// command of v0.5.2 when it was otherwise (compat: "Metadata every client
// accepts", "Layout").
func TestBytesOthersDependOn(t *testing.T) {
	dir := createdFolders(t, "")
	for _, label := range []string{"signing", "repository"} {
		repository := filepath.Join(dir, label, "repository")
		root := read(t, filepath.Join(repository, "root.json"))
		if !bytes.Equal(root, read(t, filepath.Join(repository, "1.root.json"))) {
			t.Errorf("%s: root.json and 1.root.json differ", label)
		}
		for name, expires := range map[string]string{"root": "2027-11-22", "targets": "2029-11-22", "snapshot": "2029-11-22", "timestamp": "2026-12-06"} {
			file := read(t, filepath.Join(repository, name+".json"))
			if !regexp.MustCompile(`"expires": ?"` + expires + `T00:00:00Z"`).Match(file) {
				t.Errorf("%s: %s.json does not expire on %s, in whole seconds of UTC:\n%s", label, name, expires, file)
			}
			if bytes.Contains(file, []byte("null")) {
				t.Errorf("%s: %s.json has a null", label, name)
			}
		}
		checkKeys(t, label, readRoot(t, repository))
	}
}

// checkKeys compares ids with what v0.5.2 computes, spelled out here.
func checkKeys(t *testing.T, label string, root wireRoot) {
	t.Helper()
	if root.Signed.Consistent == nil || *root.Signed.Consistent || root.Signed.SpecVersion != "1.0" || len(root.Signed.Roles) != 4 {
		t.Errorf("%s: root has %d roles, spec_version %q, consistent_snapshot %v", label, len(root.Signed.Roles), root.Signed.SpecVersion, root.Signed.Consistent)
	}
	if len(root.Signed.Keys) != 6 {
		t.Errorf("%s: root lists %d keys", label, len(root.Signed.Keys))
	}
	for id, key := range root.Signed.Keys {
		canonical := fmt.Sprintf(`{"keyid_hash_algorithms":["sha256","sha512"],"keytype":"ed25519","keyval":{"public":"%s"},"scheme":"ed25519"}`, key.KeyVal["public"])
		sum := sha256.Sum256([]byte(canonical))
		if id != hex.EncodeToString(sum[:]) || !slices.Equal(key.HashAlgorithms, []string{"sha256", "sha512"}) || len(key.KeyVal) != 1 {
			t.Errorf("%s: key %s is %+v", label, id, key)
		}
	}
}

// TestFilesOfTheDrives: v0 tools take any other *.json for a role's, publish
// what is in staged/, and fail on metadata that may be executed.
func TestFilesOfTheDrives(t *testing.T) {
	metadata := regexp.MustCompile(`^repository/((\d+\.)?root|targets|snapshot|timestamp)\.json$`)
	consistent := regexp.MustCompile(`^repository/((\d+\.)?(root|targets|snapshot)|timestamp)\.json$`)
	for plan, wanted := range map[string]*regexp.Regexp{"": metadata, "plan.consistent: yes\n": consistent} {
		dir := createdFolders(t, plan)
		err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			label, file, _ := strings.Cut(name, "/")
			mode := fs.FileMode(0o644)
			if strings.HasPrefix(file, "keys/") {
				mode = 0o600
			}
			if info.Mode() != mode && usb.KeepsModes(dir) {
				t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
			}
			if strings.HasPrefix(file, "staged/") || strings.HasPrefix(file, "repository/") && !wanted.MatchString(file) {
				t.Errorf("%s: %s is a stray", label, file)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
