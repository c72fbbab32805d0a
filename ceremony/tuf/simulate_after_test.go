package tuf

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

const (
	fetched = "osqueryd/linux/stable/osqueryd"
	content = "osqueryd 5"
)

// publishing is one state of a repository: who may sign for a role and who did,
// and the versions of the online files.
type publishing struct {
	may, signed                  map[Role][]pen
	threshold                    map[Role]int // 1 where it is not named
	timestamp, snapshot, targets int
}

// usual is a repository with one key for each role.
func usual() publishing {
	keys := map[Role][]pen{RoleTargets: {targetsPen()}, RoleSnapshot: {snapshotPen()}, RoleTimestamp: {timestampPen()}}
	return publishing{may: keys, signed: keys, timestamp: 4, snapshot: 3, targets: 2}
}

func (p publishing) root(t testing.TB, version int) []byte {
	t.Helper()
	signed := rootSigned(version, 2, pens(1, 2, 3)...)
	keys := dict{}
	for _, k := range pens(1, 2, 3) {
		keys[k.id] = k.listed
	}
	for _, role := range OnlineRoles() {
		for _, k := range p.may[role] {
			keys[k.id] = k.listed
		}
		at(signed, "roles")[string(role)] = dict{"keyids": ids(p.may[role]), "threshold": max(1, p.threshold[role])}
	}
	signed["keys"] = keys
	return inked(t, signed, pens(1, 2, 3)...)
}

func (p publishing) files(t testing.TB, roots ...[]byte) Published {
	t.Helper()
	sum := sha512.Sum512([]byte(content))
	m := Published{Roots: roots}
	m.Targets = inked(t, targetsSigned(p.targets, dict{fetched: target(len(content), hex.EncodeToString(sum[:]))}), p.signed[RoleTargets]...)
	m.Snapshot = inked(t, snapshotSigned(p.snapshot, fileMetaOf(p.targets, m.Targets)), p.signed[RoleSnapshot]...)
	m.Timestamp = inked(t, timestampSigned(p.timestamp, fileMetaOf(p.snapshot, m.Snapshot)), p.signed[RoleTimestamp]...)
	return m
}

// with are keys for each of the roles, in place of those there.
func with(keys map[Role][]pen, role Role, list ...pen) map[Role][]pen {
	out := map[Role][]pen{}
	for r, k := range keys {
		out[r] = k
	}
	out[role] = list
	return out
}

// succession is what is published after usual, and what becomes of clients that had
// updated.
type succession struct {
	name   string
	before func(*publishing) // nil: usual
	after  func(*publishing)
	alone  bool   // the root, without online files
	want   error  // ours
	says   string // our error, or what is shown
	stops  string // the clients that stop; "" none
}

const v0, v2, allClients = "go-tuf v0.5.2", "go-tuf v2.4.2", "every client"

func newTargets() pen   { return newPen(111) }
func newSnapshot() pen  { return newPen(112) }
func newTimestamp() pen { return newPen(113) }

func replaceAll(p *publishing) {
	p.may = map[Role][]pen{RoleTargets: {newTargets()}, RoleSnapshot: {newSnapshot()}, RoleTimestamp: {newTimestamp()}}
	p.signed = p.may
}

func versions(p *publishing, timestamp, snapshot, targets int) {
	p.timestamp, p.snapshot, p.targets = timestamp, snapshot, targets
}

func twoSnapshot(p *publishing) {
	p.may = with(p.may, RoleSnapshot, snapshotPen(), newSnapshot())
	p.signed = with(p.signed, RoleSnapshot, snapshotPen(), newSnapshot())
}

func successions() []succession {
	return slices.Concat(rootsAlone(), removals(), setBack())
}

func rootsAlone() []succession {
	return []succession{
		{name: "a root that adds keys, alone", alone: true, after: func(p *publishing) {
			p.may = with(with(p.may, RoleTargets, targetsPen(), newTargets()), RoleTimestamp, timestampPen(), newTimestamp())
		}},
		{name: "a root that replaces a targets key, alone", alone: true, want: ErrTogether, stops: allClients,
			says:  "takes a key away from targets. Publish with it, signed by its keys: targets.json, snapshot.json, and last timestamp.json of a version above 4",
			after: func(p *publishing) { p.may = with(p.may, RoleTargets, newTargets()) }},
		{name: "a root that replaces a timestamp key, alone", alone: true, want: ErrTogether, stops: allClients,
			says:  "takes a key away from timestamp. Publish with it, signed by its keys: and last timestamp.json of a version above 4",
			after: func(p *publishing) { p.may = with(p.may, RoleTimestamp, newTimestamp()) }},
		{name: "a root that removes one of two targets keys that signed, alone", alone: true, want: ErrTogether, stops: v0,
			before: func(p *publishing) {
				p.may, p.signed = with(p.may, RoleTargets, targetsPen(), newTargets()), with(p.signed, RoleTargets, targetsPen(), newTargets())
			},
			says:  "takes a key away from targets",
			after: func(p *publishing) { p.may = with(p.may, RoleTargets, newTargets()) }},
		// Here we are stricter than clients: one rule for all online keys.
		{name: "a root that removes one of two snapshot keys that signed, alone", alone: true, want: ErrTogether, before: twoSnapshot,
			says:  "takes a key away from snapshot",
			after: func(p *publishing) { p.may = with(p.may, RoleSnapshot, newSnapshot()) }},
		{name: "a root that wants two signatures, alone", alone: true, want: ErrTogether, stops: allClients,
			before: func(p *publishing) { p.may = with(p.may, RoleTargets, targetsPen(), newTargets()) },
			says:   "wants more signatures of the online files than they have",
			after:  func(p *publishing) { p.threshold = map[Role]int{RoleTargets: 2} }},
	}
}

// removals are roots that take keys away, with files that their keys signed.
func removals() []succession {
	return []succession{
		{name: "a removal, all signed again, timestamp and all one higher", after: func(p *publishing) { replaceAll(p); versions(p, 5, 4, 3) }},
		{name: "a removal, all signed again, only the timestamp higher", before: twoSnapshot, after: func(p *publishing) {
			p.may, p.signed = with(p.may, RoleSnapshot, newSnapshot()), with(p.signed, RoleSnapshot, newSnapshot())
			p.timestamp++
		}},
		{name: "a removed targets key, the same timestamp version", want: ErrStranded, stops: v0,
			says: "timestamp.json has version 4 as before: it must have a higher one",
			after: func(p *publishing) {
				p.may, p.signed = with(p.may, RoleTargets, newTargets()), with(p.signed, RoleTargets, newTargets())
				versions(p, 4, 4, 3)
			}},
		{name: "compromise: lower versions and three new keys", says: "is started again", after: func(p *publishing) { replaceAll(p); versions(p, 1, 1, 1) }},
		{name: "compromise: the targets key stays", want: ErrRollback, stops: v0, says: "targets.json has version 1, and it was 2",
			after: func(p *publishing) {
				replaceAll(p)
				p.may, p.signed = with(p.may, RoleTargets, targetsPen()), with(p.signed, RoleTargets, targetsPen())
				versions(p, 1, 1, 1)
			}},
		{name: "compromise: the timestamp key stays", want: ErrRollback, stops: v2, says: "timestamp.json has version 1, and it was 4",
			after: func(p *publishing) {
				replaceAll(p)
				p.may = with(p.may, RoleTimestamp, timestampPen())
				p.signed = p.may
				versions(p, 1, 1, 1)
			}},
		{name: "compromise: timestamp and snapshot keys stay", want: ErrRollback, stops: allClients, says: "timestamp.json has version 1, and it was 4",
			after: func(p *publishing) {
				p.may = with(p.may, RoleTargets, newTargets())
				p.signed = p.may
				versions(p, 1, 1, 1)
			}},
		{name: "compromise: the snapshot key stays", want: ErrRollback, stops: v0, says: "snapshot.json has version 1, and it was 3",
			after: func(p *publishing) {
				replaceAll(p)
				p.may = with(with(p.may, RoleSnapshot, snapshotPen()), RoleTargets, targetsPen())
				p.signed = p.may
				versions(p, 1, 1, 1)
			}},
	}
}

func setBack() []succession {
	return []succession{
		{name: "an older timestamp", want: ErrRollback, stops: allClients, says: "timestamp.json has version 3, and it was 4", after: func(p *publishing) { p.timestamp-- }},
		{name: "an older snapshot", want: ErrRollback, stops: allClients, says: "snapshot.json has version 2, and it was 3", after: func(p *publishing) { versions(p, 5, 2, 2) }},
		{name: "older targets", want: ErrRollback, stops: allClients, says: "targets.json has version 1, and it was 2", after: func(p *publishing) { versions(p, 5, 4, 1) }},
		{name: "another timestamp of the same version", says: "does not look at it", after: func(p *publishing) { p.snapshot++ }},
	}
}

// publish makes what was published before and after.
func (l succession) publish(t testing.TB) (before, after Published) {
	t.Helper()
	p := usual()
	if l.before != nil {
		l.before(&p)
	}
	first := p.root(t, 1)
	before = p.files(t, first)
	l.after(&p)
	after = Published{Roots: [][]byte{first, p.root(t, 2)}}
	if !l.alone {
		after = p.files(t, after.Roots...)
	}
	return before, after
}

func TestSimulateAfter(t *testing.T) {
	for _, l := range successions() {
		t.Run(l.name, func(t *testing.T) {
			before, after := l.publish(t)
			sim, err := SimulateAfter(before, after, today)
			said := strings.Join(sim.Shown, "\n")
			if err != nil {
				said = err.Error()
			}
			if (l.want == nil) != (err == nil) || !errors.Is(err, l.want) || !strings.Contains(said, l.says) {
				t.Errorf("SimulateAfter says %v, shows %q", err, sim.Shown)
			}
			if passed := slices.Contains(sim.Passed, "A client that had updated before accepts it, too."); passed != (err == nil) {
				t.Errorf("passed %q", sim.Passed)
			}
		})
	}
}

// Real clients update from what was published before, then from what comes after.
// Where we say that all goes on, all must; where we refuse, those stop that we
// refuse it for.
func TestClientsAgreeWithSimulateAfter(t *testing.T) {
	for _, l := range successions() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			before, after := l.publish(t)
			dir := t.TempDir()
			putPublished(t, dir, before)
			name := filepath.Join(dir, "repository", "targets", filepath.FromSlash(fetched))
			must(t, os.MkdirAll(filepath.Dir(name), 0o755))
			must(t, os.WriteFile(name, []byte(content), 0o644))
			repository := filepath.Join(dir, "repository")
			d := oracle.Device{URL: oracle.Serve(t, repository), Root: filepath.Join(repository, "1.root.json"), Memory: t.TempDir(), Now: today}
			for _, client := range oracle.Clients() {
				if b, err := client.Download(t, d, fetched); err != nil || string(b) != content {
					t.Fatalf("%s before: %q, %v", client.Name, b, err)
				}
			}
			putPublished(t, dir, after)
			for _, client := range oracle.Clients() {
				t.Run(client.Name, func(t *testing.T) { l.judge(t, client, d) })
			}
		})
	}
}

func (l succession) judge(t *testing.T, client oracle.Client, d oracle.Device) {
	b, err := client.Download(t, d, fetched)
	t.Log(err)
	goesOn := err == nil && string(b) == content
	switch {
	case l.stops == "" && !goesOn:
		t.Errorf("it stops: %q, %v", b, err)
	case (l.stops == "every client" || l.stops == client.Name) && goesOn:
		t.Error("it goes on")
	}
}

// What clients never had is nothing that they could be played from.
func TestSimulateAfterWhatNobodyCouldUpdateFrom(t *testing.T) {
	p := usual()
	root := p.root(t, 1)
	m := p.files(t, root)
	broken := m
	broken.Snapshot = inked(t, snapshotSigned(3, fileMetaOf(2, m.Targets)), targetsPen())
	for name, before := range map[string]Published{"nothing": {}, "a root": {Roots: [][]byte{root}}, "a snapshot by another": broken} {
		sim, err := SimulateAfter(before, m, today)
		if err != nil || !strings.Contains(strings.Join(sim.Shown, "\n"), "cannot update from what was published before") {
			t.Errorf("%s: %v, shown %q", name, err, sim.Shown)
		}
	}
}

func TestSimulateAfterKnowsItsRoots(t *testing.T) {
	p := usual()
	first, second := p.root(t, 1), p.root(t, 2)
	before := p.files(t, first, second)
	if _, err := SimulateAfter(before, p.files(t, first), today); !errors.Is(err, ErrRollback) {
		t.Errorf("a root less: %v", err)
	}
	other := p
	other.may = with(p.may, RoleTargets, targetsPen(), newPen(111))
	if _, err := SimulateAfter(before, p.files(t, first, other.root(t, 2)), today); !errors.Is(err, ErrFork) {
		t.Errorf("another root 2: %v", err)
	}
	if _, err := SimulateAfter(before, Published{Roots: [][]byte{first, second, p.root(t, 3)}}, today); err != nil {
		t.Errorf("the next root: %v", err)
	}
	lost := Published{Base: 2, Roots: [][]byte{second, p.root(t, 3)}}
	if _, err := SimulateAfter(before, lost, today); err != nil {
		t.Errorf("the next root, the first lost: %v", err)
	}
}
