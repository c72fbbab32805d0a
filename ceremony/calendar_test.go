package ceremony

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestCalendarIsTakenByCalendars: a program that reads RFC 5545 finds the texts as
// they were given, in lines of at most 75 bytes.
func TestCalendarIsTakenByCalendars(t *testing.T) {
	long := strings.Repeat("Schlüssel, erneuern; ", 20) + `C:\keys`
	now := time.Date(2026, 11, 22, 14, 5, 0, 0, time.FixedZone("", 3600))
	file := string(Calendar(now, []CalendarDay{
		{UID: "root-1@signer", Day: now, Summary: "Renew root", Text: long, Alarm: true, Revision: 4},
		{UID: "x\r\nATTACH:evil", Day: now, Summary: "two\nlines"},
	}))
	lines := strings.Split(strings.TrimSuffix(file, "\r\n"), "\r\n")
	for _, line := range lines {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Errorf("%q has %d bytes", line, len(line))
		}
	}
	unfolded := strings.ReplaceAll(file, "\r\n ", "")
	for _, want := range []string{
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "UID:root-1@signer\r\nDTSTAMP:20261122T130500Z\r\nDTSTART;VALUE=DATE:20261122\r\nSEQUENCE:4\r\n",
		"DESCRIPTION:" + strings.Repeat(`Schlüssel\, erneuern\; `, 20) + `C:\\keys` + "\r\n",
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Renew root\r\nTRIGGER:PT9H\r\nEND:VALARM\r\nEND:VEVENT\r\n",
		"UID:x<0D><0A>ATTACH:evil\r\n",
	} {
		if !strings.Contains(unfolded, want) {
			t.Errorf("%q is not in\n%s", want, file)
		}
	}
	if !strings.HasSuffix(file, "END:VCALENDAR\r\n") {
		t.Errorf("it ends in %q", lines[len(lines)-1])
	}
}
