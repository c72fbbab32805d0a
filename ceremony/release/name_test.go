package release

import (
	"slices"
	"strings"
	"testing"

	"signer/ceremony/tuf"
)

func TestTargetPathsAreThoseOfFleetctl(t *testing.T) {
	for _, c := range []struct {
		file, name, platform string
		want                 string // in the channel stable
	}{
		{"build/orbit", "orbit", "linux", "orbit/linux/stable/orbit"},
		{"build/orbit-arm64", "orbit", "linux-arm64", "orbit/linux-arm64/stable/orbit"},
		{"build/orbit.exe", "orbit", "windows", "orbit/windows/stable/orbit.exe"},
		{"build/orbit-darwin", "orbit", "macos", "orbit/macos/stable/orbit"},
		{"osqueryd.app.tar.gz", "osqueryd", "macos-app", "osqueryd/macos-app/stable/osqueryd.app.tar.gz"},
		{"desktop.app.tar.gz", "desktop", "macos", "desktop/macos/stable/desktop.app.tar.gz"},
		{"fleet-desktop.exe", "desktop", "windows", "desktop/windows/stable/fleet-desktop.exe"},
		{"built", "desktop", "windows-arm64", "desktop/windows-arm64/stable/fleet-desktop.exe"},
		{"desktop.tar.gz", "desktop", "linux", "desktop/linux/stable/desktop.tar.gz"},
		{"built", "desktop", "linux-arm64", "desktop/linux-arm64/stable/desktop.tar.gz"},
		{"desktop.tar.gz", "other", "linux", "other/linux/stable/other"},
		{"escrowBuddy.pkg", "escrowBuddy", "macos", "escrowBuddy/macos/stable/escrowBuddy.pkg"},
		{"hello_world.ext", "extensions/hello_world", "macos", "extensions/hello_world/macos/stable/hello_world.ext"},
		{"hello_world.ext.exe", "extensions/hello_world", "windows", "extensions/hello_world/windows/stable/hello_world.ext.exe"},
		{"hello.ext", "hello", "linux", "hello/linux/stable/hello.ext"},
		{"ORBIT.EXE", "orbit", "windows", "orbit/windows/stable/orbit"}, // as fleetctl has it; Add warns
	} {
		paths, err := TargetPaths(Source{File: c.file, Name: c.name, Platform: c.platform, Version: "stable"})
		if err != nil || !slices.Equal(paths, []string{c.want}) {
			t.Errorf("%s as %s for %s: %q, %v, want %q", c.file, c.name, c.platform, paths, err, c.want)
		}
	}
}

func TestTargetPathsHaveTheVersionFirstAndNoneTwice(t *testing.T) {
	paths, err := TargetPaths(Source{File: "orbit", Name: "orbit", Platform: "linux", Version: "1.2.3", Tags: []string{"1", "1.2", "1.2.3", "stable", "1"}})
	want := []string{"orbit/linux/1.2.3/orbit", "orbit/linux/1/orbit", "orbit/linux/1.2/orbit", "orbit/linux/stable/orbit"}
	if err != nil || !slices.Equal(paths, want) {
		t.Errorf("%q, %v, want %q", paths, err, want)
	}
}

func TestTargetPathsRefuseWhatIsNoName(t *testing.T) {
	for _, part := range []string{"", ".", "..", "../x", "a/b", "/a", "a/", "extensions/", "extensions/a/b", "extensions/../a", `a\b`, ".hidden", "dot.",
		" a", "a ", "a\x00b", "a\nb", "a\x1b[2Jb", "a\u202eb", "a\u200bb", "a\xffb", "c:", "a?b", "a#b", "a%2fb", "a*", strings.Repeat("n", 101)} {
		for what, s := range map[string]Source{
			"name":     {Name: part, Platform: "linux", Version: "1"},
			"platform": {Name: "orbit", Platform: part, Version: "1"},
			"version":  {Name: "orbit", Platform: "linux", Version: part},
			"tag":      {Name: "orbit", Platform: "linux", Version: "1", Tags: []string{"stable", part}},
		} {
			paths, err := TargetPaths(s)
			if err == nil {
				t.Errorf("the %s %q gives %q", what, part, paths)
				continue
			}
			if !strings.Contains(err.Error(), "the "+what) || strings.ContainsFunc(err.Error(), unprintable) {
				t.Errorf("the %s %q: %q", what, part, err)
			}
		}
	}
}

// What is published must be read again by the strict parser, for any name.
func FuzzTargetPaths(f *testing.F) {
	f.Add("build/orbit.exe", "orbit", "windows", "1.2.3", "stable")
	f.Add("a.ext", "extensions/a", "macos", "1", "..")
	f.Fuzz(func(t *testing.T, file, name, platform, version, tag string) {
		paths, err := TargetPaths(Source{file, name, platform, version, []string{tag}})
		if err != nil {
			return
		}
		for _, p := range paths {
			b := []byte(`{"signatures":[{"keyid":"` + strings.Repeat("ab", 32) + `","sig":"` + strings.Repeat("ab", 64) + `"}],"signed":{"_type":"targets","spec_version":"1.0","version":1,"expires":"2030-01-01T00:00:00Z","targets":{` +
				quoted(t, p) + `:{"length":1,"hashes":{"sha512":"` + strings.Repeat("ab", 64) + `"}}}}}`)
			if _, err := tuf.ParseTargets(b, tuf.Strict); err != nil {
				t.Fatalf("%q: %v", p, err)
			}
		}
	})
}

func TestUnknownPlatformsAreNamedWithTheLikely(t *testing.T) {
	for given, want := range map[string]string{
		"darwin": "macos", "mac": "macos", "macOS": "macos", "darwin-arm64": "macos", "macos_app": "macos-app", "linus": "linux",
		"linux_arm64": "linux-arm64", "linux/arm64": "linux-arm64", "linux-aarch64": "linux-arm64", "linux-arm": "linux-arm64", "linux-amd64": "linux",
		"Windows": "windows", "win": "windows", "windwos": "windows", "windows-arm": "windows-arm64", "windows_arm64": "windows-arm64",
	} {
		if _, known := findPlatform(given); known {
			t.Errorf("%q is taken", given)
		}
		if err := unknownPlatform(given).Error(); !strings.HasSuffix(err, "did you mean "+want+"?") {
			t.Errorf("%q: %s, want %s", given, err, want)
		}
	}
	if err := unknownPlatform("plan9").Error(); !strings.HasSuffix(err, "there are macos, macos-app, linux, linux-arm64, windows, windows-arm64") {
		t.Error(err)
	}
}
