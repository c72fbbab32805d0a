package ceremony_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// TestOneMomentForAllDates: the clock goes on while people type, past midnight
// even. All dates count from the moment that was confirmed.
func TestOneMomentForAllDates(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	now := time.Date(2026, 11, 22, 23, 58, 0, 0, time.UTC)
	w.env.Now = func() time.Time { now = now.Add(7 * time.Second); return now }
	if err := w.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	if now.Day() == 22 {
		t.Fatal("it is not past midnight: this test saw nothing")
	}
	published, err := tuf.PublishedFrom(w.files(t, "repository"))
	if err != nil {
		t.Fatal(err)
	}
	expires, err := published.Expires()
	for role, want := range map[tuf.Role]string{"root": "2027-11-22", "targets": "2029-11-22", "snapshot": "2029-11-22", "timestamp": "2026-12-06"} {
		if got := expires[role].Format(time.DateOnly); got != want || err != nil {
			t.Errorf("%s expires on %s, want %s; %v", role, got, want, err)
		}
	}
	for _, label := range []string{"root-backup-1", "signing", "repository"} {
		if m := w.manifestOf(t, label); m == nil || m.Ceremony.Began.Day() != 22 {
			t.Errorf("%s does not name the moment that was confirmed", label)
		}
	}
}

// TestEveryExpiryIsShown: as a date with its weekday and the days until then,
// where it is decided, where it is reviewed, and at the end.
func TestEveryExpiryIsShown(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	short := []string{"Mon 22 Nov 2027, in 365 days", "Thu 22 Nov 2029, in 1096 days", "Sun 6 Dec 2026, in 14 days"}
	long := []string{"Monday 22 November 2027 at 00:00 UTC, 365 days from now", "Thursday 22 November 2029 at 00:00 UTC, 1096 days from now",
		"Sunday 6 December 2026 at 00:00 UTC, 14 days from now"}
	for id, dates := range map[string][]string{"plan": short, "review.powers": long, "finish.drives": short} {
		page := (&watcher{questions: w.seen.askedFor(id)}).text()
		shown := strings.Join(strings.Fields(string(page)), " ")
		for _, date := range dates {
			if !strings.Contains(shown, date) {
				t.Errorf("%s does not show %q in\n%s", id, date, shown)
			}
		}
	}
}

// TestCalendar: the day to rotate by is 30 days before root's last; a calendar
// takes the file as it is (RFC 5545 §3.1: lines end in CRLF).
func TestCalendar(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	calendar := string(w.files(t, "repository")["ledger/expiries.ics"])
	for summary, day := range map[string]string{"rotate the root keys by today": "20271023", "root expires": "20271122",
		"targets expires": "20291122", "snapshot expires": "20291122", "timestamp expires": "20261206"} {
		event := "DTSTART;VALUE=DATE:" + day + "\r\nSUMMARY:REHEARSAL: TUF: " + summary + "\r\nEND:VEVENT\r\n"
		if !strings.Contains(calendar, event) {
			t.Errorf("%q is not in\n%s", event, calendar)
		}
	}
	if strings.Count(calendar, "\n") != strings.Count(calendar, "\r\n") || !strings.HasPrefix(calendar, "BEGIN:VCALENDAR\r\n") ||
		!strings.HasSuffix(calendar, "END:VCALENDAR\r\n") || strings.Count(calendar, "UID:") != 5 {
		t.Errorf("no calendar takes\n%q", calendar)
	}
}

// stuck is a generator that always gives the same.
type stuck struct{}

func (stuck) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte{7}, len(p)))
	return len(p), nil
}

// TestAGeneratorThatRepeatsMakesNoSecondKey: two keys that are one would be a
// threshold of one.
func TestAGeneratorThatRepeatsMakesNoSecondKey(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.env.Rand = stuck{}
	if err := w.play(t, answersFor(3)); err == nil || !strings.Contains(err.Error(), "of Holder 1 again: this computer cannot be used") {
		t.Errorf("error %v", err)
	}
}

// late is a generator that is not ready yet.
type late struct {
	stream
	ready chan struct{}
}

func (l *late) Read(p []byte) (int, error) { <-l.ready; return l.stream.Read(p) }

// TestKeysWaitForTheGenerator: nothing is asked, and no key is made, before the
// kernel's generator is ready.
func TestKeysWaitForTheGenerator(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	random := &late{ready: make(chan struct{})}
	w.env.Rand = random
	asked := make(chan string, mostQuestions)
	w.seen = watcher{op: &robot{tray: w.tray}, refused: func(q ceremony.Question) error { asked <- q.ID; return nil }}
	done := make(chan error)
	go func() { done <- ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen) }()
	for id := range asked {
		if id == "computer.random" {
			break
		}
	}
	select {
	case id := <-asked:
		t.Errorf("%s is asked without randomness", id)
	case <-time.After(50 * time.Millisecond):
	}
	close(random.ready)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestDiceChangeTheKeys, and half as many throws as are worth it are not taken.
func TestDiceChangeTheKeys(t *testing.T) {
	dice := "computer: dice\ncomputer.dice: " + strings.Repeat("3 1 4 1 5 ", 10) + "\ncomputer: right\n"
	files := map[string]map[string][]byte{}
	for name, answers := range map[string]string{"without": "", "with": dice, "with others": strings.Replace(dice, "5", "2", 1)} {
		w := newWorld(t, usb.VirtualOptions{})
		if err := w.play(t, answers+answersFor(3)); err != nil {
			t.Fatal(err)
		}
		files[name] = w.files(t, "repository")
	}
	const root = "repository/root.json"
	if bytes.Equal(files["with"][root], files["without"][root]) || bytes.Equal(files["with"][root], files["with others"][root]) {
		t.Error("the dice make no difference")
	}
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, "computer: dice\ncomputer.dice: "+strings.Repeat("3 1 4 1 5 ", 5)); err == nil || !strings.Contains(err.Error(), "25 throws; 50 are needed") {
		t.Errorf("too few throws: %v", err)
	}
}

// TestARehearsalSaysSoInWhatItLeaves: whoever finds the drives must not take
// them for real ones.
func TestARehearsalSaysSoInWhatItLeaves(t *testing.T) {
	for _, rehearsal := range []bool{true, false} {
		w := newWorld(t, usb.VirtualOptions{})
		w.env.Rehearsal, w.env.Drives = rehearsal, asDrives{w.tray, rehearsal}
		if err := w.run(t, nil); err != nil {
			t.Fatal(err)
		}
		for _, label := range []string{"root-backup-1", "root-backup-2", "repository"} {
			files := w.files(t, label)
			record, _, err := ceremony.ReadRecord(files["ledger/records/2026-11-22T140500Z-create.jsonl"])
			if err != nil || (record[0].Data["rehearsal"] == "true") != rehearsal {
				t.Errorf("rehearsal %v: the record on %s begins %+v, %v", rehearsal, label, record[0], err)
			}
			if page := files["ledger/records/2026-11-22T140500Z-create.txt"]; bytes.Contains(page, []byte("REHEARSAL")) != rehearsal {
				t.Errorf("rehearsal %v: the page on %s does not say so:\n%s", rehearsal, label, page)
			}
			if m := w.manifestOf(t, label); m.Rehearsal != rehearsal {
				t.Errorf("rehearsal %v: the manifest of %s does not say so", rehearsal, label)
			}
		}
	}
}
