package ceremony_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/usb"
)

// bench has the drives with which a ceremony begins, staged once, and what it
// makes of them when nothing fails.
type bench struct {
	trial
	drives     *usb.Memory
	before     map[string]map[string][]byte
	points     []usb.Point
	begin, end map[string]int64 // see standing
}

func newBench(t *testing.T, tr trial) *bench {
	t.Helper()
	b := &bench{trial: tr, drives: usb.NewMemory()}
	w := b.world(t, usb.VirtualOptions{})
	b.drives = w.memory
	item, ok := ceremony.Find(tr.script().Name)
	if !ok {
		t.Fatalf("there is no ceremony %q", tr.script().Name)
	}
	if b.answers == "" {
		b.answers = answerFile(t, tr.script().Name+".answers")
	}
	if tr.stage != nil {
		tr.stage(t, w)
	} else if w.stocked(t, item); item.Stage == nil {
		t.Fatalf("%s begins with blank drives", tr.name)
	} else if err := item.Stage(t.Context(), w.env, w.tray); err != nil {
		t.Fatal(err)
	}
	w.takeAllOut(t)
	w.boot(t, usb.VirtualOptions{})
	b.before, b.begin = w.all(t), b.standing(t, w)
	w = b.world(t, usb.VirtualOptions{Fault: func(at usb.Point) error { b.points = append(b.points, at); return nil }})
	if err := b.play(t, w, 0); err != nil {
		t.Fatalf("%v; %q", err, w.seen.problems())
	}
	b.end = b.standing(t, w)
	b.holds(t, w, usb.Point{})
	return b
}

// world is a copy of the drives, and what is wrong with them.
func (b *bench) world(t *testing.T, o usb.VirtualOptions) *world {
	t.Helper()
	w := &world{memory: b.drives.Clone()}
	w.boot(t, o)
	return w
}

// play plays the ceremony on a day.
func (b *bench) play(t *testing.T, w *world, day int) error {
	t.Helper()
	return b.plays(t, w, b.script(), b.answers, day, nil)
}

// cutShort is power that fails at a write point: nobody is asked anything after it.
func (b *bench) cutShort(t *testing.T, at usb.Point) (*world, error) {
	t.Helper()
	var dark bool
	w := b.world(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
		if p.N != at.N {
			return nil
		}
		dark = true
		return usb.Crash
	}})
	err := b.plays(t, w, b.script(), b.answers, 0, func(ceremony.Question) error {
		if dark {
			return usb.Crash
		}
		return nil
	})
	w.boot(t, usb.VirtualOptions{})
	return w, err
}

// recovers writes out what was signed, and no more.
func (b *bench) recovers(t *testing.T, w *world, day int) error {
	t.Helper()
	return b.plays(t, w, ceremony.Recover(), "what: unpublished\n", day, nil)
}

func (b *bench) plays(t *testing.T, w *world, script ceremony.Script, answers string, day int, refused func(ceremony.Question) error) error {
	t.Helper()
	w.takeAllOut(t)
	at := noon.AddDate(0, 0, day)
	w.env.Now, w.env.Rand = func() time.Time { return at }, &stream{seed: uint64(100 + day)}
	item, _ := ceremony.Find(script.Name)
	w.stocked(t, item)
	op := &persistent{robot: &robot{tray: w.tray, choices: b.choices}, lines: linesOf(answers), instead: b.instead, turned: map[string]bool{}, led: map[string]bool{}}
	w.seen = watcher{op: op, refused: refused}
	return ceremony.Run(t.Context(), script, w.env, &w.seen)
}

// stocked has the drives of a rehearsal in the tray, and one that leaves.
func (w *world) stocked(t *testing.T, item ceremony.Item) {
	t.Helper()
	for _, label := range append([]string{"transfer"}, item.Sticks...) {
		if err := w.tray.Add(label); err != nil {
			t.Fatal(err)
		}
	}
}

// everyPoint is for who changes how drives are written, and has a quarter of an hour.
var everyPoint = os.Getenv("SIGNER_EVERY_POINT") != ""

// sample is some of the write points.
func (b *bench) sample() (some []usb.Point) {
	if everyPoint {
		return b.points
	}
	const every = 41 // prime to the points that each file has
	seen := map[string]bool{}
	for i, at := range b.points {
		kind := at.Label + string(at.Op)
		last := i+1 == len(b.points) || b.points[i+1].Label != at.Label
		if !seen[kind] || last || i%every == 0 {
			some = append(some, at)
		}
		seen[kind] = true
	}
	return some
}

// persistent is a robot with an answer file that does not give up when a drive
// fails: its last answer to a question stands, and where a drive was turned away
// it brings another that does.
type persistent struct {
	*robot
	lines   map[string][]string
	instead map[string]string
	turned  map[string]bool // by the id of a visit
	led     map[string]bool // by the id of what an option leads to
}

func linesOf(answers string) map[string][]string {
	lines := map[string][]string{}
	for line := range strings.Lines(answers) {
		if id, text, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && !strings.HasPrefix(id, "#") {
			lines[id] = append(lines[id], strings.TrimSpace(text))
		}
	}
	return lines
}

// take is the next answer to a question; the last stands.
func (p *persistent) take(id string) (string, bool) {
	left := p.lines[id]
	if len(left) == 0 {
		return "", false
	}
	if len(left) > 1 {
		p.lines[id] = left[1:]
	}
	return left[0], true
}

func (p *persistent) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if p.asked = append(p.asked, q.ID); len(p.asked) > mostQuestions {
		return ceremony.Answer{}, fmt.Errorf("going round in circles: %v", p.asked[len(p.asked)-20:])
	}
	if visited, ok := strings.CutSuffix(q.ID, ".wrong"); ok {
		p.turned[visited] = true
	}
	switch text, known := p.take(q.ID); {
	case q.Kind == ceremony.Passphrase:
		return p.unlock(q)
	case known && text == "{drive}":
		return p.bring(ctx, q)
	case known && text == "{shown}":
		return ceremony.Answer{Text: q.Shown}, nil
	case known:
		return ceremony.Answer{Text: text}, nil
	case q.Kind == ceremony.Wait && q.Motion.Move != "" && p.choices[q.ID] == "":
		return p.bring(ctx, q)
	}
	for _, o := range q.Options {
		if id := q.ID + "." + o.Key; q.Kind == ceremony.Choose && o.Disabled == "" && len(p.lines[id]) > 0 && !p.led[id] {
			p.led[id] = true
			return ceremony.Answer{Text: o.Key}, nil
		}
	}
	return p.robot.Ask(ctx, q)
}

// unlock types the passphrase of the answer file, or that of a staged key, which
// is its name.
func (p *persistent) unlock(q ceremony.Question) (ceremony.Answer, error) {
	key := keyOf(q.ID)
	if text, ok := p.take(key + ".passphrase"); ok {
		return ceremony.Answer{Secret: []byte(text)}, nil
	}
	return ceremony.Answer{Secret: []byte(strings.ReplaceAll(key, "-", " "))}, nil
}

// bring moves the drive that is asked for. A tray notices at once: what has not
// come in a minute is not there.
func (p *persistent) bring(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if other := p.instead[q.Motion.Label]; p.turned[q.ID] && other != "" {
		q.Motion.Label = other
	} else if other := map[string]string{"repository": "root-backup-1", "root-backup-1": "root-backup-2"}[q.Motion.Label]; p.turned[q.ID] && other != "" && !strings.HasSuffix(q.ID, ".wrong") {
		q.Motion.Label = other
	}
	p.move(q.Motion)
	select {
	case <-ctx.Done():
		return ceremony.Answer{}, context.Cause(ctx)
	case <-time.After(time.Minute):
		return ceremony.Answer{}, fmt.Errorf("%s waits for %s of %q: %s %q", q.ID, q.Motion.Move, q.Motion.Label, pageOf(q), q.Options)
	}
}

// problems are what people were last told.
func (w *watcher) problems() (out []string) {
	for _, e := range w.events[max(0, len(w.events)-6):] {
		out = append(out, e.Text)
	}
	for _, q := range w.questions[max(0, len(w.questions)-8):] {
		out = append(out, q.ID+": "+q.Problem)
	}
	return out
}

// Drives that rehearsals do not begin with.

// staged plays a ceremony three days ago, or some days later than that.
func staged(t *testing.T, w *world, script ceremony.Script, later int, answers string) {
	t.Helper()
	at := noon.AddDate(0, 0, later-3)
	w.env.Now, w.env.Rand = func() time.Time { return at }, &stream{seed: uint64(10 + later)}
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), w.tray, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := ceremony.Run(t.Context(), script, w.env, op); err != nil {
		t.Fatalf("%s: %v", script.Name, err)
	}
	w.takeAllOut(t)
}

// rehearsed begins as a ceremony's rehearsal does.
func rehearsed(t *testing.T, w *world, name string) {
	t.Helper()
	item, _ := ceremony.Find(name)
	w.stocked(t, item)
	if err := item.Stage(t.Context(), w.env, w.tray); err != nil {
		t.Fatal(err)
	}
}

func eachHoldersOwn(t *testing.T, w *world) {
	staged(t, w, ceremony.Create(), 0, "plan.custody: own\n"+namedByKeys)
}

// twoReleasers: Rhea has keys of her own beside the first releaser's, made here.
func twoReleasers(t *testing.T, w *world) {
	rehearsed(t, w, "renew")
	staged(t, w, ceremony.Releaser(), 1, "keys: here\nkeys.holder: Rhea\n"+strings.SplitN(heir, "\n", 3)[2]+"root-1.passphrase: root 1\nroot-2.passphrase: root 2\nreview.words: {shown}\n")
}

// signedAndNotPublished: the drives of an unfinished renewal, and what the
// releaser downloaded, in which there is nothing of it.
func signedAndNotPublished(t *testing.T, w *world) {
	rehearsed(t, w, "recover")
	root := bytes.Clone(w.files(t, "repository")["repository/root.json"])
	if err := w.tray.Add("transfer"); err != nil {
		t.Fatal(err)
	}
	w.put(t, "transfer", map[string][]byte{"root.json": root})
}

// roots are the files that a drive has for the web server.
func (b *bench) roots(files map[string][]byte) map[string][]byte {
	out := maps.Clone(files)
	maps.DeleteFunc(out, func(name string, _ []byte) bool { return !strings.HasPrefix(name, "repository/") })
	return out
}
