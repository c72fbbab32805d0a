package ui

import (
	"fmt"
	"strings"

	"signer/ceremony"
)

const (
	logKept  = 8 // events
	logShown = 6 // lines
	barWidth = 40
)

// logLines are the latest of what happened, the newest last, none of them cut.
func (s *screen) logLines(room int) []string {
	var out []string
	for i := len(s.log) - 1; i >= 0; i-- {
		lines := eventLines(s.log[i])
		if len(lines)+len(out) > min(room, logShown) {
			break
		}
		out = append(lines, out...)
	}
	return out
}

func eventLines(e ceremony.Event) []string {
	glyph, style := dot, func(s string) string { return s }
	switch e.Kind {
	case ceremony.Did:
		glyph, style = tick, good
	case ceremony.Trouble, ceremony.Alarm:
		glyph, style = cross, bad
	}
	out := hang(glyph+" ", e.Text, rightWidth)
	out[0] = style(glyph) + strings.TrimPrefix(out[0], glyph)
	return out
}

// barLines show how far the work is.
func (s *screen) barLines() []string {
	p := s.progress
	if p == nil {
		return nil
	}
	done := int(100 * max(0, p.Done) / max(1, p.Total))
	done = min(done, 100)
	full := barWidth * done / 100
	bar := strings.Repeat("█", full) + strings.Repeat("░", barWidth-full)
	return []string{"", clip(p.Text, rightWidth), bar + fmt.Sprintf("%4d%%", done)}
}
