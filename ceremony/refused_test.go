package ceremony_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/ceremony"
	"signer/usb"
)

// beside is an operator that may be told things at any moment, and that does
// something when a question comes or work goes on.
type beside struct {
	op       ceremony.Operator
	asks     func(ceremony.Question)
	progress func()

	mu     sync.Mutex
	events []ceremony.Event
}

func (b *beside) Tell(e ceremony.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
	if e.Kind == ceremony.Progress && b.progress != nil {
		b.progress()
	}
	b.op.Tell(e)
}

func (b *beside) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if b.asks != nil {
		b.asks(q)
	}
	return b.op.Ask(ctx, q)
}

// alarms are the texts of what nobody asked for.
func (b *beside) alarms() (texts []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Kind == ceremony.Alarm {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

// isTold waits until an alarm names the device.
func (b *beside) isTold(t testing.TB, device string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if strings.Contains(strings.Join(b.alarms(), "\n"), device) {
			return
		}
	}
	t.Errorf("nobody was told of %s", device)
}

// guardedWorld is a world whose drives turn devices away.
func guardedWorld(t testing.TB, w *world, answers string) (*guardedDrives, *beside) {
	t.Helper()
	g := &guardedDrives{Drives: w.env.Drives}
	w.env.Drives = g
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	return g, &beside{op: op}
}

// noteRecord is the record of the note on the repository drive.
func noteRecord(t *testing.T, w *world) []ceremony.RecordLine {
	t.Helper()
	for name, b := range w.files(t, "repository") {
		if strings.HasSuffix(name, "-note.jsonl") {
			lines, _, err := ceremony.ReadRecord(b)
			if err != nil {
				t.Fatal(err)
			}
			return lines
		}
	}
	t.Fatal("there is no record of the note")
	return nil
}

// TestRefusedDevicesAreTold: at once, by name, whatever the session is at, and
// once in each record.
func TestRefusedDevicesAreTold(t *testing.T) {
	w := afterCreation(t)
	g, op := guardedWorld(t, w, answerFile(t, "note.answers"))
	g.refused = []string{"Acme network card on port 1-2"}
	seen := map[string]bool{}
	op.asks = func(q ceremony.Question) {
		devices := map[string]string{"repository": "Evil keyboard, while a drive is awaited", "note.witness": "Evil modem, while a name is typed"}
		if device := devices[q.ID]; device != "" && !seen[q.ID] {
			seen[q.ID] = true
			g.mu.Lock()
			g.back = append(g.back, "Acme keyboard, "+q.ID)
			g.mu.Unlock()
			g.refuse(device)
			op.isTold(t, device)
			op.isTold(t, "Acme keyboard, "+q.ID)
		}
	}
	var once sync.Once
	op.progress = func() { once.Do(func() { g.refuse("Evil camera, while a drive is written") }) }
	if err := ceremony.Run(t.Context(), ceremony.AddNote(), w.env, op); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	op.isTold(t, "Evil camera")
	if all := op.alarms(); len(all) != 5 {
		t.Errorf("told %q, want three devices and two returns, once each", all)
	}
	times := map[string]int{}
	for _, line := range noteRecord(t, w) {
		if line.Kind == string(ceremony.Alarm) || line.Kind == string(ceremony.Fact) {
			times[line.Text]++
			if line.Step == "" || line.Time.IsZero() {
				t.Errorf("the record does not say when and where: %+v", line)
			}
		}
	}
	for _, want := range []string{"refused before: Acme network card on port 1-2", "refused: Evil keyboard, while a drive is awaited", "refused: Evil modem, while a name is typed",
		"admitted again: Acme keyboard, repository"} {
		if times[want] != 1 {
			t.Errorf("the record has %q %d times: %v", want, times[want], times)
		}
	}
}

// TestAFlappingDeviceDoesNotFillTheRecord: the screen and the record say that no
// more is told.
func TestAFlappingDeviceDoesNotFillTheRecord(t *testing.T) {
	w := afterCreation(t)
	g, op := guardedWorld(t, w, answerFile(t, "note.answers"))
	op.asks = func(q ceremony.Question) {
		if q.ID == "note.witness" && len(g.Refused()) == 0 {
			for n := range 500 {
				g.refuse(fmt.Sprintf("Evil keyboard, time %d", n))
			}
			op.isTold(t, "no more are told")
		}
	}
	if err := ceremony.Run(t.Context(), ceremony.AddNote(), w.env, op); err != nil {
		t.Fatal(err)
	}
	if n := len(op.alarms()); n > 60 {
		t.Errorf("%d alarms", n)
	}
}

// TestHomeShowsRefusedDevices: the page is new when one is refused.
func TestHomeShowsRefusedDevices(t *testing.T) {
	w := afterCreation(t)
	g, op := guardedWorld(t, w, "")
	shown := make(chan string, 10)
	times := 0
	op.op = asksHome(func(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
		if q.ID != "home" {
			<-ctx.Done()
			return ceremony.Answer{}, context.Cause(ctx)
		}
		shown <- text(q)
		if times++; times == 2 {
			return ceremony.Answer{Text: "off"}, nil
		}
		g.refuse("Evil keyboard")
		<-ctx.Done()
		return ceremony.Answer{}, context.Cause(ctx)
	})
	if err := ceremony.Home(t.Context(), w.env, op); err != nil {
		t.Fatal(err)
	}
	if first, second := <-shown, <-shown; strings.Contains(first, "Refused") || !strings.Contains(second, "Refused: Evil keyboard") {
		t.Errorf("home was\n%s\nand then\n%s", first, second)
	}
	if all := op.alarms(); len(all) != 1 {
		t.Errorf("told at home: %q", all)
	}
}

type asksHome func(context.Context, ceremony.Question) (ceremony.Answer, error)

func (asksHome) Tell(ceremony.Event) {}
func (f asksHome) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	return f(ctx, q)
}

// TestWhatTheStartSawIsInEveryRecord: the image, the keyboard, the clock.
func TestWhatTheStartSawIsInEveryRecord(t *testing.T) {
	c := startedWith(t, afterCreation(t))
	c.w.env.Rehearsal = true
	c.clock = noon.AddDate(0, 0, 1)
	if err := c.start(t, allWell+"home: note\n"+answerFile(t, "note.answers")+"home: off\n"); err != nil {
		t.Fatalf("%v\n%s", err, c.w.out.String())
	}
	var all []string
	for _, line := range noteRecord(t, c.w) {
		if line.Kind == string(ceremony.Fact) {
			all = append(all, line.Text, line.Data["image_sha256"])
		}
	}
	facts := strings.Join(all, "\n")
	for _, want := range []string{"English (US)", "only drives are admitted", madeUp.Image, madeUp.Digest.String(), "the boot drive was taken out",
		"the clock was right: Mon 23 Nov 2026 14:05 UTC", "no network interface"} {
		if !strings.Contains(facts, want) {
			t.Errorf("the record does not say %q:\n%s", want, facts)
		}
	}
	if page := text(c.w.seen.askedFor("computer")[0]); !strings.Contains(page, madeUp.Digest.Groups()) {
		t.Errorf("the page of the computer does not show the image:\n%s", page)
	}
}

// TestRecordsWithWhatTheStartSawRebuildRoots: what is told beside a ceremony does
// not keep its root from being derived again.
func TestRecordsWithWhatTheStartSawRebuildRoots(t *testing.T) {
	w := begunWorld(t, "renew")
	w.env.Image, w.env.Before = &madeUp, []string{"keyboard layout: German"}
	g := &guardedDrives{Drives: w.env.Drives, refused: []string{"Evil modem"}}
	w.env.Drives = g
	op, err := ceremony.ParseAnswers(strings.NewReader(answerFile(t, "renew.answers")), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	told := &beside{op: op}
	told.asks = func(q ceremony.Question) {
		if q.ID == "review.words" && len(g.Refused()) == 1 {
			g.refuse("Evil keyboard")
			told.isTold(t, "Evil keyboard")
		}
	}
	if err := ceremony.Run(t.Context(), ceremony.Renew(), w.env, told); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	rederiveAll(t, w.files(t, "repository"))
}

// TestANetworkStopsWhateverRuns: in the middle of a passphrase, the last page
// comes, and nothing else does.
func TestANetworkStopsWhateverRuns(t *testing.T) {
	for _, id := range []string{"root-2.passphrase", "root-backup-1.insert", "root-1.holder", "home"} {
		t.Run(id, func(t *testing.T) {
			w := newWorld(t, usb.VirtualOptions{})
			ctx, end := context.WithCancelCause(t.Context())
			defer end(nil)
			op := &robot{tray: w.tray, choices: map[string]string{"home": "create"}}
			w.seen = watcher{op: stopping{op, id, func() { end(&ceremony.NetworkUp{Names: []string{"usb0"}}) }}}
			err := ceremony.Home(ctx, w.env, &w.seen)
			var up *ceremony.NetworkUp
			if !errors.As(err, &up) {
				t.Fatalf("home ended with %v", err)
			}
			last := w.seen.questions[len(w.seen.questions)-1]
			if last.ID != "stopped" || !strings.Contains(text(last), "usb0") || len(w.seen.askedFor("stopped")) != 1 {
				t.Errorf("the last page is\n%s", text(last))
			}
			if !w.seen.told(ceremony.Trouble, "usb0") {
				t.Error("nobody was told")
			}
		})
	}
}

// stopping has the network come up at a question.
type stopping struct {
	ceremony.Operator
	id  string
	end func()
}

func (s stopping) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if q.ID == s.id {
		s.end()
	}
	if ctx.Err() != nil {
		return ceremony.Answer{}, context.Cause(ctx)
	}
	return s.Operator.Ask(ctx, q)
}
