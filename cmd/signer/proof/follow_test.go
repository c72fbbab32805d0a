package proof_test

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// TestFollow: computers in the field follow a repository through every command,
// as orbit calls go-tuf v0.5.2 and as tuf-js does, from the releaser's own web
// server and from S3 storage.
func TestFollow(t *testing.T) {
	files, storage, p := components(t), oracle.S3(t), updates(t)
	dir := filepath.Join(t.TempDir(), "updates")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, p, dir, "init")
	var devices []device
	for _, url := range []string{oracle.Nginx(t, filepath.Join(dir, "repository")), storage.URL(storage.Bucket)} {
		for _, client := range []oracle.Client{oracle.Clients()[0], oracle.Clients()[3]} {
			at := packaged(t, dir)
			at.URL = url
			devices = append(devices, device{client.Ready(t), at})
		}
	}
	for _, command := range []string{
		"", // as it is after init
		"add --target FILES/osqueryd --name osqueryd --platform linux --version 5.10.2 --tag stable",
		"timestamp",
		"rotate timestamp",
		"add --target FILES/osqueryd-new --name osqueryd --platform linux --version 5.11.0 --tag stable",
		"rotate snapshot",
		"rotate targets",
		"rotate root",
		"timestamp",
	} {
		if command != "" {
			must(t, p, dir, strings.Fields(strings.ReplaceAll(command, "FILES", files))...)
		}
		if out, said, err := run(t, dir, storage.Environ(), signer(t), "publish", ".", "s3://"+storage.Bucket, "--url", storage.URL(storage.Bucket)); err != nil {
			t.Fatalf("after %q: %v\n%s\n%s", command, err, out, said)
		}
		for _, d := range devices {
			d.follows(t, dir, "after "+command)
		}
	}
	nothingPrivate(t, storage.Folder(storage.Bucket))
}

// device is a computer that updates itself.
type device struct {
	oracle.Client
	at oracle.Device
}

// follows wants the computer to learn all that the folder holds.
func (d device) follows(t *testing.T, dir, when string) {
	t.Helper()
	seen, err := d.Update(t, d.at)
	if err != nil {
		t.Fatalf("%s: %s at %s: %v", when, d.Name, d.at.URL, err)
	}
	trusted := make(map[string]int)
	for role, version := range seen.Versions {
		trusted[role] = int(version)
	}
	if want := versions(t, dir); !maps.Equal(trusted, want) {
		t.Errorf("%s: %s at %s trusts %v, want %v", when, d.Name, d.at.URL, trusted, want)
	}
	const stable = "osqueryd/linux/stable/osqueryd"
	want, ok := targets(t, dir)[stable]
	if !ok {
		return
	}
	got, err := d.Download(t, d.at, stable)
	if err != nil || digest(got) != want.Hashes.SHA512 {
		t.Errorf("%s: %s at %s got %d bytes of %s, %v", when, d.Name, d.at.URL, len(got), stable, err)
	}
}

// nothingPrivate looks for what must never be published.
func nothingPrivate(t *testing.T, published string) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(published, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		seen++
		at, err := filepath.Rel(published, name)
		if at = filepath.ToSlash(at); !strings.HasPrefix(at, "targets/") && !expected.MatchString(path.Join("repository", at)) {
			t.Errorf("%s was published", at)
		}
		if strings.Contains(string(read(t, name)), "ciphertext") {
			t.Errorf("%s holds a key", at)
		}
		return err
	})
	if err != nil || seen == 0 {
		t.Errorf("%d files were published, %v", seen, err)
	}
}
