package tuf

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"
)

var today = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)

// world is a repository in the making: tests change it, then publish.
type world struct {
	roots                        [][]byte
	targets, snapshot, timestamp dict
	pens                         map[Role]pen
	changed                      func(*Published)
}

func newWorld(t testing.TB, versions int) *world {
	t.Helper()
	w := &world{
		targets: targetsSigned(1, dict{}), snapshot: snapshotSigned(1, nil), timestamp: timestampSigned(1, nil),
		pens: map[Role]pen{RoleTargets: targetsPen(), RoleSnapshot: snapshotPen(), RoleTimestamp: timestampPen()},
	}
	for v := 1; v <= versions; v++ {
		w.roots = append(w.roots, link(t, v, pens(1, 2, 3)))
	}
	return w
}

// publish signs the online files, each listing the one before.
func (w *world) publish(t testing.TB) Published {
	t.Helper()
	m := Published{Roots: w.roots, Root: w.roots[len(w.roots)-1]}
	m.Targets = inked(t, w.targets, w.pens[RoleTargets])
	list(w.snapshot, "targets.json", fileMetaOf(w.targets["version"].(int), m.Targets))
	m.Snapshot = inked(t, w.snapshot, w.pens[RoleSnapshot])
	list(w.timestamp, "snapshot.json", fileMetaOf(w.snapshot["version"].(int), m.Snapshot))
	m.Timestamp = inked(t, w.timestamp, w.pens[RoleTimestamp])
	if w.changed != nil {
		w.changed(&m)
	}
	return m
}

// list fills in what a test has not set.
func list(signed dict, name string, meta dict) {
	listed := at(signed, "meta")
	given, _ := listed[name].(dict)
	for key, value := range given {
		meta[key] = value
	}
	listed[name] = meta
}

func TestSimulateAcceptsWhatClientsAccept(t *testing.T) {
	for _, versions := range []int{1, 4} {
		sim, err := Simulate(newWorld(t, versions).publish(t), today)
		if err != nil {
			t.Fatal(err)
		}
		if len(sim.Passed) != 3 {
			t.Errorf("passed %q", sim.Passed)
		}
		if len(sim.Shown) != 1 || sim.Shown[0] != "timestamp.json expires on Sun 6 Dec 2026 00:00 UTC, within 30 days: it must be renewed before." {
			t.Errorf("shown %q", sim.Shown)
		}
	}
}

// A root-only ceremony carries no online files.
func TestSimulateRootsAlone(t *testing.T) {
	sim, err := Simulate(Published{Roots: newWorld(t, 3).roots}, today)
	if err != nil || len(sim.Passed) != 2 || len(sim.Shown) != 0 {
		t.Errorf("%v, %+v", err, sim)
	}
}

func TestSimulateNamesTheFirstClientThatFails(t *testing.T) {
	keys := pens(1, 2, 3)
	next := pens(4, 5, 6)
	replace := func(n int, b []byte) func(*world) {
		return func(w *world) { w.roots[n-1] = b }
	}
	short := func(expires string) func(*world) {
		signed := rootSigned(3, 2, keys...)
		signed["expires"] = expires
		return replace(3, inked(t, signed, keys...))
	}
	for _, c := range []struct {
		name string
		edit func(*world)
		want error
		says string
	}{
		{"no root", func(w *world) { w.changed = func(m *Published) { m.Roots, m.Root = nil, nil } }, nil, "there is no root"},
		{"root 1 not signed", replace(1, inked(t, rootSigned(1, 2, keys...), keys[0])), ErrThreshold, "a client that holds root 1 stops"},
		{"root 2 not signed by root 1's keys", replace(2, link(t, 2, next)), ErrThreshold, "a client that holds root 1 stops: verify root 2 by root 1"},
		{"root 3 not signed by root 2's keys", replace(3, link(t, 3, next)), ErrThreshold, "holds any root from 1 to 2 stops: verify root 3 by root 2"},
		{"root 3 not signed by its own keys", replace(3, inked(t, rootSigned(3, 2, next...), keys...)), ErrThreshold, "verify root 3 by root 3"},
		{"root 2 twice", replace(3, link(t, 2, keys)), nil, "3.root.json holds root 2"},
		{"root 2 is not JSON", replace(2, []byte("{")), nil, "2.root.json"},
		{"root 2 beyond v0.5.2's limit", replace(2, append(link(t, 2, keys), strings.Repeat(" ", maxRoot052)...)), ErrTooLarge, "go-tuf v0.5.2 reads 512000"},
		{"root.json is another", func(w *world) { w.changed = func(m *Published) { m.Root = w.roots[0] } }, nil, "is not 3.root.json"},
		{"root expired", short("2026-11-22T14:05:00Z"), ErrExpired, "updates now, on Sun 22 Nov 2026 14:05 UTC"},
		{"root expires within 30 days", short("2026-12-22T14:05:00Z"), ErrExpired, "updates in 30 days"},
		{"no timestamp", func(w *world) { w.changed = func(m *Published) { m.Timestamp = nil } }, nil, "timestamp.json is not there"},
		{"no targets", func(w *world) { w.changed = func(m *Published) { m.Targets = nil } }, nil, "targets.json is not there"},
		{"timestamp by the wrong key", func(w *world) { w.pens[RoleTimestamp] = targetsPen() }, ErrThreshold, "verify timestamp 1 by root 3"},
		{"snapshot by the wrong key", func(w *world) { w.pens[RoleSnapshot] = targetsPen() }, ErrThreshold, "verify snapshot 1"},
		{"targets by the wrong key", func(w *world) { w.pens[RoleTargets] = snapshotPen() }, ErrThreshold, "verify targets 1"},
		{"another length of snapshot", func(w *world) { w.timestamp["meta"] = dict{"snapshot.json": dict{"length": 7}} }, nil, "listed with 7"},
		{"another hash of snapshot", func(w *world) { w.timestamp["meta"] = dict{"snapshot.json": dict{"hashes": dict{"sha256": hash256}}} }, nil, "snapshot.json has the sha256"},
		{"another version of snapshot", func(w *world) { w.timestamp["meta"] = dict{"snapshot.json": dict{"version": 2}} }, nil, "snapshot.json has version 1, and is listed with 2"},
		{"another hash of targets", func(w *world) { w.snapshot["meta"] = dict{"targets.json": dict{"hashes": dict{"sha512": hash512}}} }, nil, "targets.json has the sha512"},
		{"another version of targets", func(w *world) { w.snapshot["meta"] = dict{"targets.json": dict{"version": 9}} }, nil, "targets.json has version 1, and is listed with 9"},
		{"a timestamp beyond v0.5.2's limit", func(w *world) {
			w.changed = func(m *Published) { m.Timestamp = append(m.Timestamp, strings.Repeat(" ", maxTimestamp052)...) }
		}, ErrTooLarge, "16384"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 3)
			c.edit(w)
			_, err := Simulate(w.publish(t), today)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Simulate says %v, want %q", err, c.says)
			}
		})
	}
}

// The releaser renews online files; a ceremony that does not touch them goes on.
func TestExpiredOnlineFilesAreShown(t *testing.T) {
	w := newWorld(t, 2)
	w.timestamp["expires"] = "2026-11-01T00:00:00Z"
	w.targets["expires"] = "2027-06-01T00:00:00Z"
	sim, err := Simulate(w.publish(t), today)
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.Join(sim.Shown, "\n")
	for _, want := range []string{
		"timestamp.json expired on Sun 1 Nov 2026 00:00 UTC: every client stops until it is renewed.",
		"targets.json expires on Tue 1 Jun 2027 00:00 UTC, before root does",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("shown is %q, want %q", shown, want)
		}
	}
}

// What is expired must still be right in all else: renewing it would not help.
func TestExpiredOnlineFilesAreStillChecked(t *testing.T) {
	w := newWorld(t, 2)
	w.timestamp["expires"] = "2026-11-01T00:00:00Z"
	w.pens[RoleSnapshot] = targetsPen()
	if _, err := Simulate(w.publish(t), today); !errors.Is(err, ErrThreshold) {
		t.Errorf("Simulate says %v", err)
	}
}

func TestSimulateShowsWhatFleetNeeds(t *testing.T) {
	bare := target(1, hash512)
	delete(bare, "custom")
	w := newWorld(t, 1)
	w.targets["targets"] = dict{"a": target(1, hash512), "b": bare}
	sim, err := Simulate(w.publish(t), today)
	if err != nil || !strings.Contains(strings.Join(sim.Shown, "\n"), "1 of 2 targets have no custom.version") {
		t.Errorf("%v, shown %q", err, sim.Shown)
	}
}

func TestSimulateShowsLargeTargets(t *testing.T) {
	w := newWorld(t, 1)
	large := target(1, hash512)
	large["custom"] = dict{"version": strings.Repeat("1", nearTargets2)}
	w.targets["targets"] = dict{"a": large}
	sim, err := Simulate(w.publish(t), today)
	if shown := strings.Join(sim.Shown, "\n"); err != nil || !strings.Contains(shown, "a client of go-tuf/v2 reads 5000000 at most") {
		t.Errorf("%v, shown %q", err, shown)
	}
}

// TestSimulateLeavesOutWhatGoTUF2DoesNotRead: its clients read 5 MB, and to ask it
// about more takes minutes. What it would object to is no objection here.
func TestSimulateLeavesOutWhatGoTUF2DoesNotRead(t *testing.T) {
	for size, asked := range map[int]bool{nearTargets2: true, maxTargets2: false} {
		w := newWorld(t, 1)
		large := target(1, hash512)
		large["custom"] = dict{"version": strings.Repeat("1", size)}
		w.targets["targets"] = dict{"a": large}
		before, s := w.publish(t), &simulator{now: today}
		s.m = before
		if _, err := s.play(s.roots, s.copies, s.online, func() error { return s.after(before) }, s.lasts); err != nil || s.large == asked {
			t.Errorf("%d bytes: go-tuf/v2 was asked: %v, want %v; %v", size, !s.large, asked, err)
		}
		at(w.snapshot, "meta")["targets.json"], at(w.timestamp, "meta")["snapshot.json"] = dict{}, dict{}
		w.pens[RoleTargets] = snapshotPen()
		if _, err := Simulate(w.publish(t), today); !errors.Is(err, ErrThreshold) {
			t.Errorf("%d bytes signed by the wrong key: %v", size, err)
		}
	}
}

// A hostile folder must not keep signer check busy: this root takes go-tuf/v2
// half a minute each time that it is asked.
func TestManyKeysAreNotGivenToTheEngine(t *testing.T) {
	var many []pen
	for i := range 600 {
		seed := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		private := ed25519.NewKeyFromSeed(seed[:])
		many = append(many, penOf(private, listing("ed25519", "ed25519", hex.EncodeToString(private.Public().(ed25519.PublicKey)))))
	}
	b := inked(t, rootSigned(1, 1, many...), many[0])
	began := time.Now()
	root := mustRoot(t, b, Strict)
	if _, err := root.VerifyBy(root, RoleRoot); !errors.Is(err, ErrDissent) {
		t.Errorf("VerifyBy says %v", err)
	}
	if _, err := Simulate(Published{Roots: [][]byte{b, b}}, today); !errors.Is(err, ErrDissent) {
		t.Errorf("Simulate says %v", err)
	}
	if took := time.Since(began); took > time.Minute { // asked even once, under the race detector, it takes far longer
		t.Errorf("that took %v", took)
	}
}

func TestSimulateWarnsNearTheLimitOfRotations(t *testing.T) {
	sim, err := Simulate(Published{Roots: newWorld(t, nearRotations+1).roots}, today)
	if err != nil || len(sim.Shown) != 1 || !strings.Contains(sim.Shown[0], "256 steps") {
		t.Errorf("%v, shown %q", err, sim.Shown)
	}
}

// History is adopted: what deviates is shown, and the clients that go-tuf v0.5.2
// would serve are served. go-tuf/v2 writes +00:00 as Z before it verifies.
func TestSimulateAdoptsHistory(t *testing.T) {
	keys := pens(1, 2, 3)
	first, second := rootSigned(1, 2, keys...), rootSigned(2, 2, keys...)
	first["expires"] = "2026-01-01T01:00:00+00:00"
	second["expires"] = "2027-11-22T01:00:00.5+01:00"
	for name, c := range map[string]struct {
		edit func(*world)
		want []string
	}{
		"a root": {func(w *world) { w.roots[0], w.roots[1] = inked(t, first, keys...), inked(t, second, keys...) },
			[]string{"A client of go-tuf/v2 cannot begin with root 1: ", `Root 2: the expiry "2027-11-22T01:00:00.5+01:00"`}},
		"the latest root": {func(w *world) { w.roots = [][]byte{link(t, 1, keys), inked(t, renewed(second), keys...)} },
			[]string{"A client of go-tuf/v2 cannot begin with root 2: ", "A client of go-tuf/v2 that holds root 1 does not take root 2: "}},
		"a timestamp": {func(w *world) { w.timestamp["expires"] = "2027-12-06T00:00:00+00:00" },
			[]string{"A client of go-tuf/v2 does not take timestamp.json: ", "timestamp.json: the expiry"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 2)
			c.edit(w)
			sim, err := Simulate(w.publish(t), today)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if shown := strings.Join(sim.Shown, "\n"); !strings.Contains(shown, want) {
					t.Errorf("shown is %s\nwant %s", shown, want)
				}
			}
		})
	}
}

// renewed is the root with an expiry that go-tuf/v2 spells another way.
func renewed(signed dict) dict {
	other := maps.Clone(signed)
	other["expires"] = "2027-11-22T01:00:00+00:00"
	return other
}
