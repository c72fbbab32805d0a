package proof_test

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// TestReadmesDay: a releaser's day is what the README says, word for word, against
// S3 storage; and computers in the field follow.
func TestReadmesDay(t *testing.T) {
	page := string(read(t, filepath.FromSlash("../../../README.md")))
	manifest, script := block(t, page, "json", `{"targets": [`), block(t, page, "sh", "signer pull")
	storage, dir := oracle.S3(t), t.TempDir()
	env := append(storage.Environ(), "PATH="+filepath.Dir(signer(t))+string(filepath.ListSeparator)+os.Getenv("PATH"))
	devices := firstDay(t, storage, env, dir)
	write(t, filepath.Join(dir, "release.json"), []byte(manifest))
	files := built(t, dir, manifest)
	script = strings.ReplaceAll(script, "https://updates.example.com", storage.URL(storage.Bucket))
	out, said, err := run(t, dir, append(env, environ()...), "sh", "-euxc", script)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, said)
	}
	if listed := targets(t, filepath.Join(dir, "updates")); len(listed) != 2*files {
		t.Errorf("%d files for a version and a channel each are %d targets", files, len(listed))
	}
	for _, role := range roles {
		if !regexp.MustCompile(`(?m)^ +` + role + ` .* expires \w+ \d+ \w+ \d+, in \d+ days`).MatchString(out) {
			t.Errorf("watch says nothing of %s:\n%s", role, out)
		}
	}
	for _, d := range devices {
		d.follows(t, filepath.Join(dir, "updates"), "after the README's day")
	}
}

// block is the README's example that begins so, or holds it.
func block(t *testing.T, page, language, holds string) string {
	t.Helper()
	for _, part := range strings.Split(page, "```"+language+"\n")[1:] {
		if text, _, ok := strings.Cut(part, "```"); ok && strings.Contains(text, holds) {
			return text
		}
	}
	t.Fatalf("the README has no example in %s with %q", language, holds)
	return ""
}

// firstDay makes and publishes an empty repository. The releaser's own computer
// has its keys, from the signing drive, and the root that it trusts.
func firstDay(t *testing.T, storage oracle.Storage, env []string, dir string) (devices []device) {
	t.Helper()
	ceremony := t.TempDir()
	must(t, updates(t), ceremony, "init")
	if _, _, err := run(t, ceremony, env, signer(t), "publish", ".", "s3://"+storage.Bucket); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "root.json"), read(t, filepath.Join(ceremony, "repository", "root.json")))
	for _, role := range []string{"targets", "snapshot", "timestamp"} {
		write(t, filepath.Join(dir, "updates", "keys", role+".json"), read(t, filepath.Join(ceremony, "keys", role+".json")))
	}
	for _, client := range []oracle.Client{oracle.Clients()[0], oracle.Clients()[3]} {
		at := packaged(t, ceremony)
		at.URL = storage.URL(storage.Bucket)
		d := device{client.Ready(t), at}
		d.follows(t, ceremony, "on the first day")
		devices = append(devices, d)
	}
	return devices
}

// built puts the files that a manifest names where it says, each of the kind that
// its platform wants.
func built(t *testing.T, dir, manifest string) int {
	t.Helper()
	var list struct {
		Targets []struct{ Target, Name, Platform, Version string }
	}
	if err := json.Unmarshal([]byte(manifest), &list); err != nil {
		t.Fatal(err)
	}
	components, platforms := map[string]bool{}, map[string]bool{}
	for _, f := range list.Targets {
		body := f.Name + " " + f.Version + " for " + f.Platform
		content := map[string][]byte{"linux": elf(62, body), "linux-arm64": elf(183, body), "windows": pe(body),
			"windows-arm64": []byte(strings.Replace(string(pe(body)), "\x64\x86", "\x64\xaa", 1)),
			"macos":         machO(body), "macos-app": machO(body)}[f.Platform]
		if strings.HasSuffix(f.Target, ".tar.gz") {
			inside := map[bool]string{true: f.Name + ".app/Contents/MacOS/" + f.Name, false: "fleet-desktop/fleet-desktop"}[strings.HasSuffix(f.Target, ".app.tar.gz")]
			content = archive(t, inside, content)
		}
		write(t, filepath.Join(dir, filepath.FromSlash(path.Clean(f.Target))), content)
		components[f.Name], platforms[strings.TrimSuffix(f.Platform, "-app")] = true, true
	}
	if len(components) != 3 || len(platforms) != 5 {
		t.Errorf("%d components for %d platforms, want three for five", len(components), len(platforms))
	}
	return len(list.Targets)
}
