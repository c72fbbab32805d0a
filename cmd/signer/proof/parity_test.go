package proof_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// day is a script of commands as releasers have them; FILES/ stands for the
// folder of what they add. Between "rotate" and the end each kind of command runs
// again, with the new keys.
var day = []string{
	"init",
	"roots",
	"add --target FILES/osqueryd --name osqueryd --platform linux --version 5.10.2 --tag stable --tag edge --tag 5 --tag 5.10",
	"add --target FILES/orbit.exe --name orbit --platform windows --version 1.2.3 -t stable -t 1,1.2",
	"timestamp",
	"add --target FILES/desktop.exe --name desktop --platform windows --version 1.2.3 --tag stable",
	"add --target FILES/desktop.tar.gz --name desktop --platform linux --version 1.2.3 --tag stable",
	"add --target=FILES/osqueryd.app.tar.gz --name=osqueryd --platform=macos-app --version=5.10.2 --tag=stable",
	"add --target FILES/escrowBuddy.pkg --name escrowBuddy --platform macos --version 1.0.0 --tag stable",
	"add --target FILES/hello.ext --name extensions/hello --platform linux --version 0.1 --tag stable",
	"add --target FILES/hello.ext.exe --name extensions/hello --platform windows --version 0.1",
	"add --target FILES/osqueryd-new --name osqueryd --platform linux --version 5.11.0 -t stable -t 5 -t 5.11",
	"rotate timestamp",
	"timestamp",
	"rotate snapshot",
	"add --target FILES/osqueryd-arm64 --name osqueryd --platform linux-arm64 --version 5.11.0 --tag edge",
	"rotate targets",
	"add --target FILES/osqueryd-arm64 --name osqueryd --platform linux-arm64 --version 5.11.0 --tag stable",
	"rotate root",
	"rotate root",
	"timestamp",
	"roots",
}

// TestParity: a script means the same to fleetctl and to this program, and each
// goes on from what the other left, at any point. Two repositories start with one
// and with the other and then take turns, so each command is run by both on what
// is the same but for keys and dates. Computers in the field follow.
//
// What differs is meant to: fleetctl's rotate signs all four files again, and
// leaves the old private key in the key file.
func TestParity(t *testing.T) {
	files, a, b := components(t), fleetctl(t), updates(t)
	lanes := []*lane{
		{name: "fleetctl first", turns: []program{a, b}},
		{name: "signer first", turns: []program{b, a}},
		{name: "signer alone", turns: []program{b}},
	}
	t.Run("run", func(t *testing.T) {
		for _, l := range lanes {
			t.Run(l.name, func(t *testing.T) {
				t.Parallel()
				l.run(t, files)
			})
		}
	})
	if t.Failed() {
		return
	}
	for i, command := range day {
		for _, l := range lanes[1:] {
			if l.said[i] != lanes[0].said[i] {
				t.Errorf("%q prints with %s\n%s\nand with %s\n%s", command, l.name, l.said[i], lanes[0].name, lanes[0].said[i])
			}
			if differences := differ(l.trees[i], lanes[0].trees[i]); differences != "" {
				t.Fatalf("after %q the folder of %s is another than of %s\n%s", command, l.name, lanes[0].name, differences)
			}
		}
	}
}

// lane is a repository on which programs take turns.
type lane struct {
	name     string
	turns    []program
	versions map[string]int // that the metadata is to have
	keys     map[string]int // in each key file
	trees    []tree         // after each command
	said     []string
}

func (l *lane) run(t *testing.T, files string) {
	dir := filepath.Join(t.TempDir(), "updates")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l.versions, l.keys = make(map[string]int), make(map[string]int)
	var at oracle.Device
	orbit := oracle.Clients()[0].Ready(t)
	keys := oracle.KeyTools()[0].Ready(t)
	for i, command := range day {
		p := l.turns[i%len(l.turns)]
		said := must(t, p, dir, strings.Fields(strings.ReplaceAll(command, "FILES", files))...)
		if i == 0 {
			at = packaged(t, dir)
		}
		l.expect(p, command)
		l.trees = append(l.trees, look(t, dir, l.versions))
		if command == "roots" {
			if said != string(read(t, filepath.Join(dir, "repository", "root.json")))+"\n" {
				t.Errorf("%s roots printed %s", p.name, said)
			}
			said = "root.json"
		}
		l.said = append(l.said, names(t, dir).say(said))
		l.opens(t, keys, dir, command)
		l.follow(t, orbit, at, fmt.Sprintf("after %s %s", p.name, command))
		if t.Failed() {
			t.Fatalf("%s %s", p.name, command)
		}
	}
	if len(l.turns) == 1 {
		if out, _, err := run(t, dir, nil, signer(t), "check", "."); err != nil {
			t.Errorf("check: %v\n%s", err, out)
		}
	}
}

// expect counts what a command is to do.
func (l *lane) expect(p program, command string) {
	verb, what, _ := strings.Cut(command, " ")
	var signed []string
	switch verb {
	case "init":
		signed = roles
		for _, role := range roles {
			l.keys[role] = 1
		}
	case "add":
		signed = []string{"targets", "snapshot", "timestamp"}
	case "timestamp":
		signed = []string{"timestamp"}
	case "rotate":
		if p.name == "fleetctl" {
			signed = roles
			l.keys[what]++
		} else {
			signed = signedAgain[what]
			l.keys[what] = 1
		}
	}
	for _, role := range signed {
		l.versions[role]++
	}
}

// signedAgain is what this program signs when the key of a role is rotated: the
// root, the role's own file and those that list it. Snapshot does not list root.
var signedAgain = map[string][]string{
	"root":      {"root"},
	"targets":   {"root", "targets", "snapshot", "timestamp"},
	"snapshot":  {"root", "snapshot", "timestamp"},
	"timestamp": {"root", "timestamp"},
}

// opens asks go-tuf v0.5.2 for the keys of the files that a command made.
func (l *lane) opens(t *testing.T, tool oracle.KeyTool, dir, command string) {
	t.Helper()
	for _, role := range roles {
		if command != "init" && command != "rotate "+role {
			continue
		}
		keys, err := tool.Sign(t, dir, role, "message", passphrases[role])
		if err != nil || len(keys) != l.keys[role] {
			t.Errorf("%s: keys/%s.json holds %v, %v; want %d", command, role, keys, err, l.keys[role])
			continue
		}
		if last := keys[len(keys)-1].KeyID; !slices.Equal(listed(t, dir, role), []string{last}) {
			t.Errorf("%s: the last key of keys/%s.json is %s, and root lists %s", command, role, last, listed(t, dir, role))
		}
	}
}

// listed are the key ids that root has for a role.
func listed(t *testing.T, dir, role string) []string {
	t.Helper()
	var root struct {
		Signed struct {
			Roles map[string]struct{ Keyids []string }
		}
	}
	if err := json.Unmarshal(read(t, filepath.Join(dir, "repository", "root.json")), &root); err != nil {
		t.Fatal(err)
	}
	return root.Signed.Roles[role].Keyids
}

// packaged is a computer that was given the first root.
func packaged(t testing.TB, dir string) oracle.Device {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root.json")
	write(t, root, read(t, filepath.Join(dir, "repository", "1.root.json")))
	return oracle.Device{URL: oracle.Serve(t, filepath.Join(dir, "repository")), Root: root, Memory: t.TempDir()}
}

// follow updates the computer, which is to know the versions there are.
func (l *lane) follow(t *testing.T, client oracle.Client, at oracle.Device, when string) {
	t.Helper()
	seen, err := client.Update(t, at)
	if err != nil {
		t.Errorf("%s: %v", when, err)
		return
	}
	for role, version := range l.versions {
		if int(seen.Versions[role]) != version {
			t.Errorf("%s: the client trusts %s %d, want %d", when, role, seen.Versions[role], version)
		}
	}
}

// differ says how two trees differ, by line.
func differ(got, want tree) string {
	var says strings.Builder
	paths := slices.Sorted(maps.Keys(got))
	for path := range want {
		if _, ok := got[path]; !ok {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		g, gotIt := got[path]
		w, wanted := want[path]
		switch {
		case !gotIt:
			fmt.Fprintf(&says, "%s is absent\n", path)
		case !wanted:
			fmt.Fprintf(&says, "%s should not be there\n", path)
		case g != w:
			fmt.Fprintf(&says, "%s:\n%s", path, lines(g, w))
		}
	}
	return says.String()
}

// lines are those that only one of two texts has.
func lines(got, want string) string {
	var says strings.Builder
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range g {
		if !slices.Contains(w, line) {
			fmt.Fprintf(&says, "  + %s\n", line)
		}
	}
	for _, line := range w {
		if !slices.Contains(g, line) {
			fmt.Fprintf(&says, "  - %s\n", line)
		}
	}
	return says.String()
}
