package ceremony_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// Each write point of the later ceremonies is failed in turn. Whatever happens,
// the old keys stay as they are on every old drive, some drive has metadata that
// every client from root 1 on takes, no torn drive passes for a whole one, and
// there are never two roots of one version on drives.

// laterCeremony is one whose write points are failed.
type laterCeremony struct {
	name    string
	script  func() ceremony.Script
	choices map[string]string
	prepare func(t *testing.T, w *world)
	fails   []string // drives whose write points are failed; the others are as in another ceremony
	last    []string // drives that have the new root when it ends well
}

func laterCeremonies() []laterCeremony {
	return []laterCeremony{
		{name: "renew", script: ceremony.Renew, fails: []string{"root-backup-1", "repository"}, last: []string{"root-backup-1", "repository"}},
		{name: "rotate", script: ceremony.Rotate, fails: []string{"root-backup-3", "root-backup-2"}, last: []string{"root-backup-1", "root-backup-2", "repository"}},
		{name: "releaser", script: ceremony.Releaser, prepare: bringRequest, fails: []string{"transfer"}, last: []string{"root-backup-1", "repository", "transfer"}},
		{name: "releaser, made here", script: ceremony.Releaser, choices: map[string]string{"keys": "here", "keys.holder": "Rhea"}, fails: []string{"signing-holder-of-keys-holder"}, last: []string{"signing-holder-of-keys-holder", "root-backup-1", "repository"}},
	}
}

func bringRequest(t *testing.T, w *world) {
	if err := w.tray.Add("transfer"); err != nil {
		t.Fatal(err)
	}
	root := w.files(t, "repository")["repository/root.json"]
	w.put(t, "transfer", map[string][]byte{ceremony.RequestName: newRhea(t).request(root, nil)})
}

// made is a small repository, one root key on two backups, and the fault that
// waits in its drives.
func (l laterCeremony) made(t *testing.T, fault func(usb.Point) error) *world {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{})
	w.seen = watcher{op: &robot{tray: w.tray, first: oneKey()}}
	w.env.Now = func() time.Time { return noon.AddDate(0, 0, -3) }
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	if l.prepare != nil {
		l.prepare(t, w)
	}
	w.takeAllOut(t)
	w.boot(t, usb.VirtualOptions{Fault: fault})
	return w
}

// on plays the ceremony on a day.
func (l laterCeremony) on(t *testing.T, w *world, day int, refused func(ceremony.Question) error) error {
	t.Helper()
	at := noon.AddDate(0, 0, day)
	w.env.Now, w.env.Rand = func() time.Time { return at }, &stream{seed: uint64(100 + day)}
	choices := maps.Clone(l.choices)
	w.seen = watcher{op: &resourceful{robot: &robot{tray: w.tray, choices: choices}, turned: map[string]bool{}}, refused: refused}
	return ceremony.Run(t.Context(), l.script(), w.env, &w.seen)
}

// resourceful is a robot that inserts the other backup where a torn drive was
// turned away.
type resourceful struct {
	*robot
	turned map[string]bool
}

func (r *resourceful) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if visited, ok := strings.CutSuffix(q.ID, ".wrong"); ok {
		r.turned[visited] = true
	}
	if other := map[string]string{"repository": "root-backup-1", "unlock.root": "root-backup-2"}[q.ID]; r.turned[q.ID] && other != "" {
		q.Motion.Label = other
	}
	return r.robot.Ask(ctx, q)
}

// points are the write points of the ceremony, in order.
func (l laterCeremony) points(t *testing.T) (points []usb.Point) {
	t.Helper()
	w := l.made(t, func(at usb.Point) error { points = append(points, at); return nil })
	if err := l.on(t, w, 0, nil); err != nil {
		t.Fatal(err)
	}
	return points
}

// atSome plays something at write points of each ceremony: the first of each kind
// on each drive, the last on each drive, and of the others every so many.
func atSome(t *testing.T, every int, play func(*testing.T, laterCeremony, usb.Point)) {
	for _, l := range laterCeremonies() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			points, seen := l.points(t), map[string]bool{}
			for i, at := range points {
				kind := at.Label + string(at.Op)
				last := i+1 == len(points) || points[i+1].Label != at.Label
				if slices.Contains(l.fails, at.Label) && (!seen[kind] || last || i%every == 0) {
					play(t, l, at)
				}
				seen[kind] = true
			}
		})
	}
}

// TestLaterWritePointsFail: an error, a full drive or a pulled one costs another
// attempt and nothing else.
func TestLaterWritePointsFail(t *testing.T) {
	long(t)
	fills := []usb.Op{usb.OpMkdir, usb.OpCreate, usb.OpWrite}
	faults := []error{errors.New("input/output error"), usb.Pull, ceremony.ErrFull}
	atSome(t, 40, func(t *testing.T, l laterCeremony, at usb.Point) {
		fault := faults[at.N%3]
		if fault == ceremony.ErrFull && !slices.Contains(fills, at.Op) {
			fault = usb.Pull
		}
		w := l.made(t, failing(at, fault).Fault)
		before := w.all(t)
		if err := l.on(t, w, 0, nil); err != nil {
			t.Fatalf("%v at %+v: %v", fault, at, err)
		}
		if !w.seen.told(ceremony.Trouble, at.Label) {
			t.Errorf("%v at %+v: nobody was told", fault, at)
		}
		w.keepsWhatItHad(t, at, before)
		l.isDone(t, w, at)
	})
}

// TestLaterWritePointsStop: power fails at a write point. The ceremony is done
// again on the next day, or says that a signed root was not written out.
func TestLaterWritePointsStop(t *testing.T) {
	long(t)
	atSome(t, 40, func(t *testing.T, l laterCeremony, at usb.Point) {
		dark := false
		w := l.made(t, func(p usb.Point) error {
			if p.N == at.N {
				dark = true
				return usb.Crash
			}
			return nil
		})
		before := w.all(t)
		if err := l.on(t, w, 0, func(ceremony.Question) error {
			if dark { // nobody is asked anything any more
				return errSeen
			}
			return nil
		}); err == nil {
			t.Fatalf("%+v: a program that was stopped finished", at)
		}
		w.boot(t, usb.VirtualOptions{})
		w.keepsWhatItHad(t, at, before)
		err := l.on(t, w, 1, endAt("keys.wrong"))
		w.takeAllOut(t)
		switch {
		case err == nil:
			l.isDone(t, w, at)
		case errors.Is(err, ceremony.ErrUnpublished) && len(w.seen.askedFor("unpublished")) > 0:
		case errors.Is(err, errSeen) && w.hasRoot(t, "repository", 2): // the keys are in root 2: nothing is asked for any more
		default:
			t.Errorf("%+v: a calm operator does not get on: %v; %q %q", at, err, w.seen.reasons("repository"), w.seen.reasons("unlock.root"))
		}
		w.keepsWhatItHad(t, at, before)
	})
}

// all are the files of all drives, by label.
func (w *world) all(t testing.TB) map[string]map[string][]byte {
	t.Helper()
	all := map[string]map[string][]byte{}
	for _, stick := range w.tray.Sticks() {
		all[stick.Label] = w.files(t, stick.Label)
	}
	return all
}

// keepsWhatItHad: the old keys are as they were, clients find what they can
// follow, and what is torn is seen to be.
func (w *world) keepsWhatItHad(t *testing.T, at usb.Point, before map[string]map[string][]byte) {
	t.Helper()
	now := w.all(t)
	for label, files := range before {
		for name, b := range files {
			if strings.HasPrefix(name, "keys/") && !bytes.Equal(now[label][name], b) {
				t.Errorf("%+v: %s on %s is not as it was", at, name, label)
			}
		}
	}
	for _, label := range []string{"repository", "signing"} {
		published, err := tuf.PublishedFrom(now[label])
		if err == nil {
			_, err = tuf.Simulate(published, noon)
		}
		if whole := isWhole(now[label]); whole && err != nil {
			t.Errorf("%+v: clients cannot follow %s: %v", at, label, err)
		} else if label == "signing" && !whole {
			t.Errorf("%+v: the signing drive was touched", at)
		}
	}
	for label, files := range now {
		if r := ceremony.Check(treeOf(files), noon); len(files) > 0 && !isWhole(files) && r.Verdict == ceremony.Good && before[label] == nil {
			t.Errorf("%+v: %s is torn, and passes for whole", at, label)
		}
	}
	w.hasNoTwins(t, at, now)
}

// isWhole says whether a drive is what its manifest lists, and nothing else.
func isWhole(files map[string][]byte) bool {
	m, err := listOf(files)
	if err != nil {
		return false
	}
	listed := map[string]bool{ceremony.ManifestName: true, nextList: true}
	for _, f := range m.Files {
		if listed[f.Name] = true; tuf.DigestOf(files[f.Name]) != f.SHA256 {
			return false
		}
	}
	for name := range files {
		if !listed[name] && !strings.HasSuffix(name, "/") {
			return false
		}
	}
	return true
}

// hasNoTwins: of each version there is one root on all drives together.
func (w *world) hasNoTwins(t *testing.T, at usb.Point, drives map[string]map[string][]byte) {
	t.Helper()
	seen := map[int64]tuf.Digest{}
	for label, files := range drives {
		for name, b := range files {
			root, err := tuf.ParseRoot(b, tuf.Strict)
			if !strings.HasSuffix(name, ".root.json") || err != nil {
				continue
			}
			if was, ok := seen[root.Version]; ok && was != root.Digest() {
				t.Errorf("%+v: there are two roots %d, one of them as %s on %s", at, root.Version, name, label)
			}
			seen[root.Version] = root.Digest()
		}
	}
}

func (w *world) hasRoot(t *testing.T, label string, version int64) bool {
	t.Helper()
	files := w.files(t, label)
	return isWhole(files) && files[fmt.Sprintf("repository/%d.root.json", version)] != nil
}

// isDone: every drive that the ceremony writes is whole and has the new root.
func (l laterCeremony) isDone(t *testing.T, w *world, at usb.Point) {
	t.Helper()
	for _, label := range l.last {
		files := w.files(t, label)
		m := w.manifestOf(t, label)
		if !isWhole(files) || m == nil || m.Root.Version < 2 {
			t.Errorf("%+v: %s is not finished", at, label)
		}
	}
}
