//go:build !airgap

package main

import (
	"fmt"
	"strings"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// sightPages is what people read: a few lines for each repository.
func sightPages(sights []sight) string {
	var page strings.Builder
	for i, s := range sights {
		if i > 0 {
			page.WriteString("\n")
		}
		s.page(&page)
	}
	return page.String()
}

func (s sight) page(page *strings.Builder) {
	line := func(format string, args ...any) {
		page.WriteString(ceremony.Foreign(fmt.Sprintf(format, args...)) + "\n")
	}
	line("%s: %s", s.URL, map[ceremony.Gravity]string{ceremony.Good: "good", ceremony.Soon: "EXPIRES SOON", ceremony.Expired: "EXPIRED",
		ceremony.Broken: "BROKEN", ceremony.Refused: "NOT TO BE TRUSTED"}[s.Verdict])
	for _, r := range s.Roles {
		line("  %-9s %6d  %s  %s%s", r.Role, r.Version, keysText(r), expiryText(r, s.Checked), soonText(r))
	}
	if len(s.Roles) > 0 {
		line("  %d targets, in %d bytes", s.Targets, s.Bytes)
	}
	if s.Problem != "" {
		line("  problem: %s", s.Problem)
	}
	if s.Hint != "" {
		line("  hint: %s", s.Hint)
	}
	for _, note := range s.Notes {
		line("  note: %s", note)
	}
}

// keysText is "2 of 3 keys": how many must sign, of how many.
func keysText(r ceremony.RoleSeen) string {
	text := fmt.Sprintf("%d of %d keys", r.Threshold, r.Listed)
	if r.Listed == 1 {
		text = "1 of 1 key "
	}
	return text
}

func soonText(r ceremony.RoleSeen) string {
	return map[ceremony.Gravity]string{ceremony.Soon: "  SOON", ceremony.Expired: "  EXPIRED"}[r.State]
}

// expiryText is a date with its weekday, and how far away it is. Of the last day it says
// the hours.
func expiryText(r ceremony.RoleSeen, now time.Time) string {
	date := r.Expires.UTC().Format("Mon 2 Jan 2006")
	hours := int(r.Expires.Sub(now).Hours())
	switch {
	case r.State == ceremony.Expired && -hours < 48:
		return fmt.Sprintf("expired %s, %s ago", date, howMany(-hours, "hour"))
	case r.State == ceremony.Expired:
		return fmt.Sprintf("expired %s, %s ago", date, howMany(-hours/24, "day"))
	case hours < 48:
		return fmt.Sprintf("expires %s, in %s", date, howMany(hours, "hour"))
	}
	return fmt.Sprintf("expires %s, in %s", date, howMany(r.Days, "day"))
}

func howMany(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// days are the days to renew the roles by: that on which they begin to be due. A
// role keeps its event when it is renewed, and the event moves.
func (s sight) days(soon func(tuf.Role) time.Duration) (days []ceremony.CalendarDay) {
	name := tuf.DigestOf([]byte(s.URL)).String()[:16]
	for _, r := range s.Roles {
		days = append(days, ceremony.CalendarDay{
			UID: fmt.Sprintf("watch-%s-%s@signer", r.Role, name), Day: r.Expires.Add(-soon(r.Role)), Revision: r.Version, Alarm: true,
			Summary: fmt.Sprintf("TUF: renew %s of %s by today", r.Role, s.URL),
			Text:    fmt.Sprintf("%s %d expires on %s. Clients stop then.", r.Role, r.Version, r.Expires.UTC().Format("Mon 2 Jan 2006 15:04 UTC")),
		})
	}
	return days
}
