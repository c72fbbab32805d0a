package boot_test

import (
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"signer/image"
	"signer/image/qemu"
)

// TestWrongClocks: what the clock chip says is shown, a time that cannot be is no
// choice, and what is typed is in the chip too.
func TestWrongClocks(t *testing.T) {
	theImage(t)
	right := afterBuild(t)
	noon := time.Date(time.Now().Year()+10, 6, 7, 12, 0, 0, 0, time.UTC) // the chip goes on while the computer starts, and the date stays
	for name, c := range map[string]struct {
		chip time.Time
		why  string
	}{
		"1970":            {time.Date(1970, 1, 1, 0, 0, 5, 0, time.UTC), "which would be after now"},
		"2019":            {time.Date(2019, 6, 7, 8, 9, 10, 0, time.UTC), "which would be after now"},
		"ten years ahead": {noon, "this program was made more than 5 years before that"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := atDate(t, c.chip)
			a.tells("Date "+c.chip.Format("Mon 2 Jan 2006 "), "The clock of this computer is wrong: ", c.why)
			a.hearsKey("home", "► No, set the date and time") // "Yes" stands above it
			a.setsClock(right.Format("2006-01-02 15:04"))
			a.tells("Date " + right.Format("Mon 2 Jan 2006 15:"))
			a.presses("ret")
			a.tells("What is to be done?")
			a.chipSays(right)
		})
	}
}

// afterBuild is a time that the image takes for a right one: some days after it was
// made, and early in an hour.
func afterBuild(t *testing.T) time.Time {
	t.Helper()
	built, err := image.SourceDate(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(built.Year(), built.Month(), built.Day()+100, 5, 6, 0, 0, time.UTC)
}

// TestLocalTimeInTheClockChip: no program can know that, but who looks at a watch
// sees it.
func TestLocalTimeInTheClockChip(t *testing.T) {
	t.Parallel()
	watch := func() time.Time { return time.Now().In(time.FixedZone("UTC+8", 8*60*60)) }
	a := atDate(t, watch())
	if shown := a.shownAt("UTC+8"); near(shown, watch()) || !near(shown, watch().Add(8*time.Hour)) {
		t.Errorf("where clocks are at UTC+8 the screen shows %s, and a watch %s", shown.Format("15:04"), watch().Format("15:04"))
	}
	a.hearsKey("end", "► No, set the date and time")
	a.setsClock(time.Now().UTC().Format("2006-01-02 15:04"))
	a.hearsKey("home", "► Yes, go on")
	if shown := a.shownAt("UTC+8"); !near(shown, watch()) {
		t.Errorf("the clock was set, and where clocks are at UTC+8 the screen shows %s, and a watch %s", shown.Format("15:04"), watch().Format("15:04"))
	}
	a.chipSays(time.Now())
}

// atDate starts a computer whose clock chip shows this, up to the page of the date.
func atDate(t *testing.T, chip time.Time) *appliance {
	t.Helper()
	a := start(t, func(c *qemu.Config) { c.Boot, c.Clock = nil, chip })
	a.isAwake()
	a.presses("ret")
	a.tells("Type here to try")
	a.presses("ret")
	a.tells("The boot drive was not read")
	a.presses("ret")
	a.tells("Is that the date")
	return a
}

// setsClock chooses to set the clock, where that is chosen already, and types the
// time over the one that stands there.
func (a *appliance) setsClock(text string) {
	a.t.Helper()
	a.presses("ret")
	a.tells("Date and time in UTC: >")
	a.must(a.Press(a.ctx, "ctrl-u"))
	a.must(a.Type(a.ctx, text))
	a.tells("> " + text)
	a.presses("ret")
	a.tells("Is that the date")
}

// shownAt is the time of day on the screen's line for an offset.
func (a *appliance) shownAt(offset string) time.Time {
	a.t.Helper()
	line := regexp.MustCompile(regexp.QuoteMeta(offset) + ` (\d\d:\d\d)`)
	var found []string
	_, err := a.WaitScreenText(a.ctx, func(lines []string) bool {
		found = line.FindStringSubmatch(rightSide(lines))
		return found != nil
	})
	a.must(err)
	t, err := time.Parse("15:04", found[1])
	a.must(err)
	return t
}

// near says whether two times of day differ by minutes only.
func near(a, b time.Time) bool {
	minutes := func(t time.Time) int { return t.Hour()*60 + t.Minute() }
	d := (minutes(a) - minutes(b) + 36*60) % (24 * 60)
	return d > 12*60-20 && d < 12*60+20
}

// chipSays asks the machine for what its clock chip shows. It was set to whole
// minutes, some time before or after want; another time zone is off by hours.
func (a *appliance) chipSays(want time.Time) {
	a.t.Helper()
	var tm struct {
		Year   int `json:"tm_year"`
		Month  int `json:"tm_mon"`
		Day    int `json:"tm_mday"`
		Hour   int `json:"tm_hour"`
		Minute int `json:"tm_min"`
		Second int `json:"tm_sec"`
	}
	a.must(a.Do(a.ctx, "qom-get", map[string]any{"path": "/machine", "property": "rtc-time"}, &tm))
	got := time.Date(1900+tm.Year, time.Month(tm.Month+1), tm.Day, tm.Hour, tm.Minute, tm.Second, 0, time.UTC)
	if d := got.Sub(want); d.Abs() > 20*time.Minute {
		a.t.Errorf("the clock chip shows %s, and should show %s", got, want.UTC())
	}
}
