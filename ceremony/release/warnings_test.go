package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// timestampOf runs the most usual command.
func timestampOf(t testing.TB, dir string, o Options) Result {
	t.Helper()
	r, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Timestamp(t.Context(), time.Time{}, &phrases{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestWarnings: each is one that a releaser was bitten by, and a repository as
// init leaves it has none.
func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, dir string)
		now  time.Time
		want string
	}{
		"nothing":                         {},
		"a staged root":                   {do: file("staged/root.json"), want: `"staged/root.json" is staged`},
		"a staged target":                 {do: file("staged/targets/orbit/linux/stable/orbit"), want: `"staged/targets/orbit/linux/stable/orbit" is staged`},
		"a stray":                         {do: file("repository/._root.json"), want: `"repository/._root.json" does not belong there`},
		"another role's file":             {do: file("repository/releases.json"), want: `"repository/releases.json" does not belong there`},
		"a root after a gap":              {do: file("repository/9.root.json"), want: `"repository/9.root.json" does not follow from root 1`},
		"no stray":                        {do: file("repository/index.html")},
		"a target is no stray":            {do: file("repository/targets/a.json")},
		"metadata that anybody may run":   {do: mode("repository/root.json", 0o755), want: "repository/root.json has the mode 0755, and is to have 0644"},
		"a key that anybody may read":     {do: mode("keys/targets.json", 0o644), want: "keys/targets.json has the mode 0644, and is to have 0600"},
		"an expired timestamp is renewed": {now: testNow.AddDate(0, 1, 0)},
		"a drive of a ceremony":           {do: file("signer-drive.json"), want: "This is a drive that a ceremony made"},
		"a timestamp that lasted longer":  {now: testNow.AddDate(0, 0, -3), want: "timestamp.json expires on Thu 3 Dec 2026 now, and did on Sun 6 Dec 2026."},
		"a root that soon expires":        {now: testNow.Add(rootLife).AddDate(0, 0, -20), want: "root.json expires on"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := initialized(t)
			if c.do != nil {
				c.do(t, dir)
			}
			o := testOptions("updates timestamp")
			if !c.now.IsZero() {
				o.Now = c.now
			}
			got := timestampOf(t, dir, o).Warnings
			if c.want == "" && len(got) > 0 || c.want != "" && !strings.Contains(strings.Join(got, "\n"), c.want) {
				t.Errorf("warnings are %q, want %q", got, c.want)
			}
		})
	}
}

func file(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { put(t, dir, name, "{}") }
}

func mode(name string, m os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Chmod(filepath.Join(dir, filepath.FromSlash(name)), m); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStagedIsLeftAlone: a poisoned staged folder changes nothing that is signed,
// and is still there afterwards.
func TestStagedIsLeftAlone(t *testing.T) {
	dir := initialized(t)
	for _, name := range []string{"staged/root.json", "staged/timestamp.json", "staged/targets/evil"} {
		put(t, dir, name, "poison")
	}
	before := contents(t, dir)
	timestampOf(t, dir, testOptions("updates timestamp"))
	after := contents(t, dir)
	for name, text := range before {
		if strings.HasPrefix(name, "staged/") && after[name] != text {
			t.Errorf("%s changed", name)
		}
	}
	for name, text := range after {
		if !strings.HasPrefix(name, "staged/") && strings.Contains(text, "poison") {
			t.Errorf("%s has what was staged", name)
		}
	}
}
