package ceremony_test

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// game is a world that is fuzzed: computers start and stop, drives stay.
type game struct {
	t       *testing.T
	slips   *slips
	plan    []byte // what decides the plan
	days    int    // between two starts
	goesOn  bool   // after a good end
	nasty   bool   // a drive that is pulled keeps its manifest and nothing else
	starts  int
	memory  *usb.Memory
	known   map[string][]string // passphrases of all runs
	lied    map[string]bool     // stickers of drives that gave back other bytes
	proven  map[string]string   // stickers of drives that were proven, by label
	random  *recorder
	session *ceremony.Session
	op      *fumbler
	story   strings.Builder

	private   map[*tuf.PrivateKey]bool
	public    map[string]bool       // keys that were made, in hex
	rootFiles map[tuf.Digest]string // locked root keys, by their bytes
}

// recorder is a generator that remembers what may be seeds of keys.
type recorder struct {
	stream
	seeds [][]byte
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.stream.Read(p)
	if n == ed25519.SeedSize {
		r.seeds = append(r.seeds, slices.Clone(p[:n]))
	}
	return n, err
}

// worldBytes are the first of the fuzz bytes: the plan, and the days between
// starts.
const worldBytes = 2

func newGame(t *testing.T, b []byte) *game {
	for len(b) < worldBytes {
		b = append(b, 0)
	}
	return &game{t: t, slips: readSlips(b[worldBytes:]), plan: b, days: []int{0, 1, 20, 400}[b[1]%4], goesOn: b[1]/4%2 == 1, nasty: b[1]/8%2 == 1, memory: usb.NewMemory(),
		known: map[string][]string{}, lied: map[string]bool{}, proven: map[string]string{}, random: &recorder{},
		private: map[*tuf.PrivateKey]bool{}, public: map[string]bool{}, rootFiles: map[tuf.Digest]string{}}
}

// mostStarts is how often the computer starts while a hand slips.
const mostStarts = 3

// play plays until a ceremony has ended well or the slips are used up, and then
// until a calm operator has got to the end: whatever happened before, that must
// be possible. Of some worlds the finished drives are played on with.
func (g *game) play() {
	err := g.start(g.slips)
	for range mostStarts - 1 {
		if g.t.Failed() || g.slips.left() == 0 || err == nil && !g.goesOn {
			break
		}
		err = g.start(g.slips)
	}
	for range 2 { // a calm operator may have to start over
		if err == nil || g.t.Failed() {
			return
		}
		err = g.start(&slips{})
	}
	if err != nil {
		g.t.Errorf("a calm operator does not get to the end: %v", err)
	}
}

// start is one run of the program, from its start to its end.
func (g *game) start(s *slips) error {
	g.starts++
	ctx, power := context.WithCancelCause(g.t.Context())
	defer power(nil)
	g.random.stream = stream{seed: uint64(g.starts)}
	tray := g.boot(s)
	now := noon.AddDate(0, 0, g.days*(g.starts-1))
	env := ceremony.Env{Now: func() time.Time { return now }, Rand: g.random, Drives: tray, Cost: cheap,
		Built: noon.AddDate(0, 0, -20), Rehearsal: true, Network: func() ([]string, error) { return nil, nil }}
	g.op = &fumbler{tray: tray, slips: s, power: power, plan: g.planned(), known: g.known, tries: map[string]int{},
		steps: map[string]ceremony.OutlineStep{}, proven: g.proven, serials: map[string]string{}, story: &g.story}
	if g.starts > 1 {
		for _, stick := range tray.Sticks() {
			if stick.Content != "blank" {
				_ = tray.Plug(stick.Label)
			}
		}
	}
	err := ceremony.Run(ctx, g.script(), env, g.op)
	g.t.Logf("start %d ended: %v", g.starts, err)
	g.check(err)
	return err
}

// planned are the answers that make the plan that the fuzz bytes want.
func (g *game) planned() map[string][]string {
	rootKeys, backups := 1+g.plan[0]%3, 1+g.plan[0]/3%2
	answers := map[string][]string{"plan": {"root-keys", "backups"}, "plan.root-keys": {fmt.Sprint(rootKeys)}, "plan.backups": {fmt.Sprint(backups)}}
	if g.plan[0]/6%2 == 1 {
		answers["plan"], answers["plan.consistent"] = append(answers["plan"], "consistent"), []string{"yes"}
	}
	return answers
}

// script is create, watched.
func (g *game) script() ceremony.Script {
	script := ceremony.Create()
	for i, step := range script.Steps {
		script.Steps[i].Do = func(ctx context.Context, s *ceremony.Session) error {
			g.session = s
			err := step.Do(ctx, s)
			if unlocked := g.hold(s); err == nil && s.Keys.Len() != unlocked {
				g.t.Errorf("after %s %d keys are in the ring, and %d of them are of the ceremony", step.Title, s.Keys.Len(), unlocked)
			}
			return err
		}
	}
	return script
}

// hold remembers the keys of the ceremony, and counts those that are unlocked.
func (g *game) hold(s *ceremony.Session) (unlocked int) {
	for _, k := range s.State.Keys {
		if key, err := s.Keys.Key(k.Key.ID); err == nil {
			g.private[key] = true
			unlocked++
		}
		g.public[k.Key.Public] = true
		if k.Role == tuf.RoleRoot && k.File != nil {
			g.rootFiles[tuf.DigestOf(k.File)] = k.Name
		}
	}
	return unlocked
}

var stickers = []string{"root-backup-1", "root-backup-2", "signing", "repository", "spare"}

// boot opens the tray anew, with what goes wrong in it.
func (g *game) boot(s *slips) *usb.Virtual {
	tray, err := usb.OpenVirtual("", stickers, usb.VirtualOptions{Memory: g.memory,
		Fault: func(at usb.Point) error {
			if !g.op.at.Commits {
				g.t.Errorf("%+v in the step %q, which does not write", at, g.op.at.ID)
			}
			if at.Op == usb.OpFormatted {
				delete(g.lied, at.Label)
			}
			return fault(s, atWrite, at)
		},
		ReadFault: func(at usb.Point) error { return fault(s, atRead, at) },
		Lie: func(label, name string, data []byte) []byte {
			if _, ok := s.next(atKeep, label+" "+name); !ok || len(data) == 0 {
				return data
			}
			g.lied[label] = true
			data[len(data)/2] ^= 1
			return data
		},
		Survives: func(at usb.Point, size int) int {
			if g.nasty { // what claims that the rest is there, alone
				return map[bool]int{true: size}[at.Name == ceremony.ManifestName]
			}
			return []int{0, usb.AsItWas, size / 2, size}[(at.N+len(at.Name))%4]
		}})
	if err != nil {
		g.t.Fatal(err)
	}
	return tray
}

func fault(s *slips, at place, point usb.Point) error {
	slip, ok := s.next(at, fmt.Sprintf("%s %s %s", point.Label, point.Op, point.Name))
	if !ok {
		return nil
	}
	return []error{errors.New("input/output error"), usb.Pull, ceremony.ErrFull, usb.Crash}[slip.how%pointSlips]
}

// seeds are the private keys that were made, without what locks them.
func (g *game) seeds() (seeds [][]byte) {
	for _, seed := range g.random.seeds {
		public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		if g.public[hex.EncodeToString(public)] {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}
