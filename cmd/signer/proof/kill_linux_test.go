//go:build amd64 || arm64

package proof_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony/secret/leak"
	"signer/ceremony/tuf/oracle"
)

// everyPoint makes the tests try all points and not some: minutes, not seconds.
const everyPoint = "SIGNER_EVERY_POINT"

// commands are those that change a folder, by name; each can be given again and
// again.
func commands(t *testing.T, files string) map[string]func(int) string {
	again := func(command string) func(int) string { return func(int) string { return command } }
	add := "add --name osqueryd --platform linux --tag stable --tag edge --tag 5"
	all := map[string]func(int) string{
		"timestamp":      again("timestamp"),
		"rotate root":    again("rotate root"),
		"rotate targets": again("rotate targets"),
		"add": func(i int) string { // another file each time, and in a new folder beside those that are there
			file := filepath.Join(files, fmt.Sprintf("osqueryd-5.%d", i))
			write(t, file, elf(62, filepath.Base(file)))
			return fmt.Sprintf("%s --version 5.%d --target %s", add, i, file)
		},
	}
	if os.Getenv(everyPoint) != "" {
		all["rotate timestamp"], all["rotate snapshot"] = again("rotate timestamp"), again("rotate snapshot")
	}
	return all
}

// TestKilled ends the program at things that it does to a folder: creating,
// writing, syncing, renaming, linking, removing. Before the command has happened
// the folder is as it was; afterwards it is as the command left it, or the next
// command finishes it. Either way go-tuf v0.5.2 can go on.
func TestKilled(t *testing.T) {
	files := components(t)
	for name, command := range commands(t, files) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endAtEach(t, established(t, files), command)
		})
	}
}

// established is a repository with a target.
func established(t *testing.T, files string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "updates")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, updates(t), dir, "init")
	must(t, updates(t), dir, strings.Fields("add --target "+files+"/hello.ext --name extensions/hello --platform linux --version 0.1 --tag stable")...)
	return dir
}

func endAtEach(t *testing.T, dir string, command func(int) string) {
	at, lock := packaged(t, dir), unlockTimestamp(t, dir)
	args := func(i int) []string { return append([]string{signer(t), "updates"}, strings.Fields(command(i))...) }
	must(t, updates(t), dir, strings.Fields(command(0))...) // the folders that the first one makes are there
	var all points
	if said, well := trace(t, &all, dir, environ(), args(1)...); !well {
		t.Fatal(said)
	}
	undone, done := 0, 0
	for i, point := range some(len(all.seen), 7) {
		before, end := versions(t, dir), points{end: point}
		if said, well := trace(t, &end, dir, environ(), args(i+2)...); well {
			t.Fatalf("%d of %d: the command ended by itself: %s", point, len(all.seen), said)
		}
		when := fmt.Sprintf("ended at %d of %d, %s", point, len(all.seen), end.seen[point-1])
		happened := decided(dir) || !maps.Equal(versions(t, dir), before)
		if happened {
			done++
		} else {
			undone++
		}
		recovers(t, dir, before, happened, when)
	}
	if undone == 0 || done == 0 {
		t.Errorf("of the ends that were tried %d left the folder as it was, and %d came after the commit", undone, done)
	}
	lock()
	goesOn(t, dir, at)
}

// unlockTimestamp takes the lock off the key that every recovery signs with: to
// derive it is most of what one costs. lock puts the file back as it was, unless a
// command has replaced it.
func unlockTimestamp(t *testing.T, dir string) (lock func()) {
	t.Helper()
	name := filepath.Join(dir, "keys", "timestamp.json")
	locked := read(t, name)
	opened, err := leak.Unlock(locked, []byte(passphrases["timestamp"]))
	if err != nil || len(opened) != 1 {
		t.Fatalf("%d keys, %v", len(opened), err)
	}
	private := ed25519.NewKeyFromSeed(opened[0].Bytes)
	unlocked := fmt.Appendf(nil, `{"encrypted":false,"data":[{"keytype":"ed25519","scheme":"ed25519","keyid_hash_algorithms":["sha256","sha512"],"keyval":{"public":"%x","private":"%x"}}]}`,
		private.Public(), []byte(private))
	write(t, name, unlocked)
	return func() {
		if bytes.Equal(read(t, name), unlocked) {
			write(t, name, locked)
		}
	}
}

// recovers wants a folder whole, now or after the next command.
func recovers(t *testing.T, dir string, before map[string]int, happened bool, when string) {
	t.Helper()
	if err := whole(t, dir); err != nil && !decided(dir) {
		t.Fatalf("%s: %v", when, err)
	}
	if _, err := updates(t).run(t, dir, environ(), "timestamp"); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if err := whole(t, dir); err != nil {
		t.Fatalf("%s, and the next command: %v", when, err)
	}
	if err := tidy(t, dir); err != nil {
		t.Fatalf("%s, and the next command: %v", when, err)
	}
	after := versions(t, dir)
	after["timestamp"]--
	if maps.Equal(after, before) == happened {
		t.Fatalf("%s, and the next command: versions %v were %v; the command happened: %t", when, after, before, happened)
	}
}

// goesOn asks other programs whether they can go on with a folder.
func goesOn(t *testing.T, dir string, at oracle.Device) {
	t.Helper()
	if out, _, err := run(t, dir, nil, signer(t), "check", "."); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	must(t, fleetctl(t), dir, "rotate", "snapshot") // it opens all keys and signs all files
	if got, err := oracle.Clients()[0].Download(t, at, "extensions/hello/linux/stable/hello.ext"); err != nil || len(got) == 0 {
		t.Errorf("the client says %v", err)
	}
}

// points counts what a program does to a folder, and may end it.
type points struct {
	end  int // 0: never
	seen []call
}

func (p *points) Before(c call) bool {
	p.seen = append(p.seen, c)
	return len(p.seen) == p.end
}

func (p *points) After(call) {}

// some are about as many of the numbers from 1 to n as are wanted.
func some(n, want int) (chosen []int) {
	if os.Getenv(everyPoint) != "" {
		want = n
	}
	for i := range want {
		chosen = append(chosen, 1+i*n/want)
	}
	return chosen
}

// TestKilledInit: an init that did not happen can be given again.
func TestKilledInit(t *testing.T) {
	args := []string{signer(t), "updates", "init"}
	var all points
	if said, well := trace(t, &all, t.TempDir(), environ(), args...); !well {
		t.Fatal(said)
	}
	for _, point := range some(len(all.seen), 5) {
		dir, end := t.TempDir(), points{end: point}
		trace(t, &end, dir, environ(), args...)
		when := fmt.Sprintf("ended at %d of %d, %s", point, len(all.seen), end.seen[point-1])
		if _, err := os.Stat(filepath.Join(dir, "repository", "timestamp.json")); err != nil && !decided(dir) {
			must(t, updates(t), dir, "init")
		}
		must(t, updates(t), dir, "timestamp")
		if err := whole(t, dir); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if err := tidy(t, dir); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}
}
