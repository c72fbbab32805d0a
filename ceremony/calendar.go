package ceremony

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"signer/ceremony/tuf"
)

// calendar is the ledger's: the expiries, and the day to rotate by.
func (s *Session) calendar() []byte {
	var days []CalendarDay
	add := func(what string, at time.Time, summary string) {
		if s.env.Rehearsal {
			summary = "REHEARSAL: " + summary
		}
		days = append(days, CalendarDay{UID: fmt.Sprintf("%s-%s@signer", what, s.mark().Signed.String()[:16]), Day: at, Summary: summary})
	}
	add("rotate", s.rotateBy(), "TUF: rotate the root keys by today")
	for _, role := range tuf.Roles() {
		if at, known := s.dates()[role]; known {
			add(string(role), at, "TUF: "+string(role)+" expires")
		}
	}
	return Calendar(s.State.Now, days)
}

// CalendarDay is a day on which something is due. Its UID stays the same when the
// day moves, so that a calendar moves it and does not show two.
type CalendarDay struct {
	UID           string
	Day           time.Time
	Revision      int64 // higher each time it moves; 0: it does not
	Summary, Text string
	Alarm         bool // at nine in the morning of the day
}

// Calendar is an iCalendar file (RFC 5545) with these days.
func Calendar(now time.Time, days []CalendarDay) []byte {
	c := calendarFile{}
	c.line("BEGIN:VCALENDAR")
	c.line("VERSION:2.0")
	c.line("PRODID:-//signer//expiries//EN")
	for _, d := range days {
		c.day(now, d)
	}
	c.line("END:VCALENDAR")
	return []byte(c.String())
}

type calendarFile struct{ strings.Builder }

func (c *calendarFile) day(now time.Time, d CalendarDay) {
	c.line("BEGIN:VEVENT")
	c.line("UID:" + calendarText(d.UID))
	c.line("DTSTAMP:" + now.UTC().Format("20060102T150405Z"))
	c.line("DTSTART;VALUE=DATE:" + d.Day.UTC().Format("20060102"))
	if d.Revision > 0 {
		c.line(fmt.Sprintf("SEQUENCE:%d", d.Revision))
	}
	c.line("SUMMARY:" + calendarText(d.Summary))
	if d.Text != "" {
		c.line("DESCRIPTION:" + calendarText(d.Text))
	}
	if d.Alarm {
		c.line("BEGIN:VALARM")
		c.line("ACTION:DISPLAY")
		c.line("DESCRIPTION:" + calendarText(d.Summary))
		c.line("TRIGGER:PT9H")
		c.line("END:VALARM")
	}
	c.line("END:VEVENT")
}

// line writes one of at most 75 bytes, and goes on in lines that begin with a
// space; no letter is cut in two (RFC 5545 §3.1).
func (c *calendarFile) line(s string) {
	const most = 75
	for room := most; len(s) > room; room = most - 1 {
		cut := room
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		c.WriteString(s[:cut] + "\r\n ")
		s = s[cut:]
	}
	c.WriteString(s + "\r\n")
}

// calendarText escapes what would end a value or a line (RFC 5545 §3.3.11).
func calendarText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`).Replace(Foreign(s))
}
