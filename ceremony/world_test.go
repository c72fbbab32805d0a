package ceremony_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// cheap is a key derivation that costs nothing, so that a ceremony takes
// milliseconds. TestProductCost pins the real one.
const cheap tuf.Cost = 2

var noon = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)

// world is a computer, a tray of drives, and what was seen on the way.
type world struct {
	memory *usb.Memory
	dir    string // with it, drives are folders
	tray   *usb.Virtual
	env    ceremony.Env
	out    bytes.Buffer
	seen   watcher
}

// stream is a generator for tests: the same seed, the same bytes.
type stream struct {
	seed, n uint64
	left    []byte
}

func (s *stream) Read(p []byte) (int, error) {
	for i := range p {
		if len(s.left) == 0 {
			var b [16]byte
			binary.BigEndian.PutUint64(b[:], s.seed)
			binary.BigEndian.PutUint64(b[8:], s.n)
			s.n++
			sum := sha256.Sum256(b[:])
			s.left = sum[:]
		}
		p[i], s.left = s.left[0], s.left[1:]
	}
	return len(p), nil
}

func newWorld(t testing.TB, o usb.VirtualOptions) *world {
	t.Helper()
	w := &world{memory: usb.NewMemory()}
	w.boot(t, o)
	return w
}

// boot starts the computer: anew after a power cut, with the drives as they are.
func (w *world) boot(t testing.TB, o usb.VirtualOptions) {
	t.Helper()
	if w.dir == "" {
		o.Memory = w.memory
	}
	labels := []string{"root-backup-1", "root-backup-2", "signing", "repository", "spare"}
	tray, err := usb.OpenVirtual(w.dir, labels, o)
	if err != nil {
		t.Fatal(err)
	}
	w.tray = tray
	w.env = ceremony.Env{Now: func() time.Time { return noon }, Rand: &stream{seed: 1}, Drives: tray, Cost: cheap,
		Built: noon.AddDate(0, 0, -20), Rehearsal: true, Network: func() ([]string, error) { return nil, nil }}
}

// play runs create by an answer file.
func (w *world) play(t testing.TB, answers string) error {
	t.Helper()
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	w.seen = watcher{op: op}
	err = ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen)
	if err == nil {
		err = op.Finish()
	}
	return err
}

// watcher keeps all that people were shown and asked.
type watcher struct {
	op        ceremony.Operator
	events    []ceremony.Event
	questions []ceremony.Question
	revealed  []revealed
	refused   func(ceremony.Question) error // instead of asking
}

// revealed is a passphrase that the device made and showed.
type revealed struct {
	question   string
	passphrase []byte
}

func (w *watcher) Tell(e ceremony.Event) {
	if e.Kind != ceremony.Progress {
		w.events = append(w.events, e)
	}
	w.op.Tell(e)
}

func (w *watcher) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	w.questions = append(w.questions, q)
	if q.Reveal != nil {
		w.revealed = append(w.revealed, revealed{q.ID, bytes.Clone(q.Reveal)})
	}
	if w.refused != nil {
		if err := w.refused(q); err != nil {
			return ceremony.Answer{}, err
		}
	}
	return w.op.Ask(ctx, q)
}

// told reports whether an event of this kind had this text in it.
func (w *watcher) told(kind ceremony.EventKind, text string) bool {
	for _, e := range w.events {
		if e.Kind == kind && strings.Contains(e.Text, text) {
			return true
		}
	}
	return false
}

// askedFor finds the questions with this id.
func (w *watcher) askedFor(id string) (out []ceremony.Question) {
	for _, q := range w.questions {
		if q.ID == id {
			out = append(out, q)
		}
	}
	return out
}

func answerFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// files reads all files of a drive, whatever state the tray is in.
func (w *world) files(t testing.TB, label string) map[string][]byte {
	t.Helper()
	for _, stick := range w.tray.Sticks() {
		if stick.Plugged {
			if err := w.tray.Unplug(stick.Label); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.tray.Plug(label); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.tray.Unplug(label) }()
	files := map[string][]byte{}
	vol, err := w.tray.Open(t.Context(), w.tray.List()[0], false)
	if errors.Is(err, usb.ErrNoFileSystem) {
		return files
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = vol.Close() }()
	entries, err := vol.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Mode.IsRegular() {
			if files[e.Name], err = vol.ReadFile(e.Name, 1<<20); err != nil {
				t.Fatal(err)
			}
		} else {
			files[e.Name+"/"] = nil
		}
	}
	return files
}

// robot is an operator that wants to get through: it takes defaults, types what
// is asked for, and moves the drives that are waited for. choices overrules the
// default of a question for as often as it is asked.
type robot struct {
	tray    *usb.Virtual
	choices map[string]string
	first   map[string][]string // before choices: the first answers to a question
	made    map[string][]byte   // passphrases made by the device, by key
	asked   []string
}

// mostQuestions is more than any ceremony of these tests needs.
const mostQuestions = 300

func (r *robot) Tell(ceremony.Event) {}

func (r *robot) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if r.asked = append(r.asked, q.ID); len(r.asked) > mostQuestions {
		return ceremony.Answer{}, fmt.Errorf("going round in circles: %v", r.asked[len(r.asked)-20:])
	}
	if q.Reveal != nil {
		if r.made == nil {
			r.made = map[string][]byte{}
		}
		r.made[keyOf(q.ID)] = bytes.Clone(q.Reveal)
	}
	choice, chosen := r.choices[q.ID]
	if next := r.first[q.ID]; len(next) > 0 {
		choice, chosen, r.first[q.ID] = next[0], true, next[1:]
	}
	switch {
	case chosen && q.Kind == ceremony.Number:
		return ceremony.Answer{Text: choice}, nil
	case chosen && (q.Kind == ceremony.Choose || q.Kind == ceremony.Wait && len(q.Options) > 0):
		return ceremony.Answer{Text: choice}, nil
	case q.Kind == ceremony.Wait:
		r.move(q.Motion)
		<-ctx.Done()
		return ceremony.Answer{}, context.Cause(ctx)
	case q.Kind == ceremony.Passphrase && r.made[keyOf(q.ID)] != nil:
		return ceremony.Answer{Secret: bytes.Clone(r.made[keyOf(q.ID)])}, nil
	case q.Kind == ceremony.Passphrase:
		return ceremony.Answer{Secret: []byte(passphraseOf(q.ID))}, nil
	case q.Shown != "":
		return ceremony.Answer{Text: q.Shown}, nil
	case q.Default == "" && q.Kind == ceremony.Type:
		return ceremony.Answer{Text: "Holder of " + q.ID}, nil
	}
	return ceremony.Answer{Text: q.Default}, nil
}

// passphraseOf is the passphrase of the key that a question's id names, as
// answersFor has it.
func passphraseOf(id string) string {
	return "passphrase of " + strings.ReplaceAll(keyOf(id), "-", " ") + " zebra quill"
}

// keyOf is the key that a question's id names: "root-backup-1.root-2.passphrase"
// is about root-2.
func keyOf(id string) string {
	before, _, _ := strings.Cut(id, ".passphrase")
	return before[strings.LastIndex(before, ".")+1:]
}

func (r *robot) move(m ceremony.Motion) {
	for _, stick := range r.tray.Sticks() {
		if stick.Plugged && (m.Move == ceremony.Remove || m.Move == ceremony.Insert && stick.Label != m.Label) {
			_ = r.tray.Unplug(stick.Label)
		}
		if !stick.Plugged && m.Move == ceremony.Insert && stick.Label == m.Label {
			_ = r.tray.Plug(stick.Label)
		}
	}
}

// oneKey is the smallest plan, for tests that play create hundreds of times.
func oneKey() map[string][]string {
	return map[string][]string{"plan": {"root-keys"}, "plan.root-keys": {"1"}}
}

// run plays create with a robot.
func (w *world) run(t testing.TB, choices map[string]string) error {
	t.Helper()
	w.seen = watcher{op: &robot{tray: w.tray, choices: choices}}
	return ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen)
}

// plugAll plugs in every drive that is not blank.
func (w *world) plugAll(t testing.TB) {
	t.Helper()
	for _, stick := range w.tray.Sticks() {
		if stick.Content != "blank" && !stick.Plugged {
			if err := w.tray.Plug(stick.Label); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// published is root 1 as a complete signing drive holds it; nil without one.
func (w *world) published(t testing.TB) []byte {
	t.Helper()
	if w.manifestOf(t, "signing") == nil {
		return nil
	}
	return w.files(t, "signing")["repository/1.root.json"]
}

// manifestOf is the manifest of a drive whose every file is as listed; nil when
// the drive is unfinished.
func (w *world) manifestOf(t testing.TB, label string) *ceremony.Manifest {
	t.Helper()
	files := w.files(t, label)
	m, err := ceremony.ParseManifest(files[ceremony.ManifestName])
	if err != nil {
		return nil
	}
	for _, f := range m.Files {
		if tuf.DigestOf(files[f.Name]) != f.SHA256 {
			t.Errorf("%s has a manifest, and %s is not what it lists", label, f.Name)
		}
	}
	return m
}

// again plays create on what an interrupted one left.
func (w *world) again(t testing.TB, way string) error {
	t.Helper()
	r := &robot{tray: w.tray, choices: map[string]string{}, first: oneKey()}
	w.seen = watcher{op: r}
	w.seen.refused = func(q ceremony.Question) error {
		if q.ID == "unfinished" {
			r.choices["unfinished"] = way
			if q.Options[0].Disabled != "" {
				r.choices["unfinished"] = "over"
			}
		}
		return nil
	}
	return ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen)
}
