//go:build !airgap

package main

import (
	"fmt"
	"strings"
	"time"

	"signer/ceremony"
)

// line is what is known, as much of it as fits: the title, a bar, percent, bytes,
// rate, how long it will take, and files. It is ASCII, which every terminal has.
func (p *progress) line(width int) string {
	title, facts := plain(p.title), p.facts()
	share, known := p.share()
	fixed := len(title) + 2
	if known {
		fixed += shortestBar + len("[]  ")
	}
	for len(facts) > 1 && fixed+len(strings.Join(facts, "  ")) > width {
		facts = facts[:len(facts)-1]
	}
	text := strings.Join(facts, "  ")
	if room := width - len(title) - len(text) - len("  []  "); known && room >= shortestBar {
		text = bar(share, min(room, longestBar)) + "  " + text
	}
	return fit(title+"  "+text, width)
}

const shortestBar, longestBar = 8, 30

// facts are in the order of their worth: the last ones go where there is no room.
func (p *progress) facts() []string {
	var facts []string
	if share, known := p.share(); known {
		facts = append(facts, fmt.Sprintf("%3d%%", int(share*100)))
	}
	if p.ofBytes > 0 || p.bytes > 0 {
		facts = append(facts, doneText(p.bytes, p.ofBytes))
	}
	rate := p.rate()
	if rate > 0 {
		facts = append(facts, byteText(int64(rate))+"/s")
	}
	if left := p.left(rate); left >= 2*time.Second {
		facts = append(facts, leftText(left)+" left")
	}
	switch {
	case p.ofItems > 0:
		facts = append(facts, fmt.Sprintf("%d/%d files", p.items, p.ofItems))
	case p.items > 0:
		facts = append(facts, fmt.Sprintf("%d files", p.items))
	}
	return facts
}

// doneText is "20.0 of 50.0 MB", with the unit once where it is the same.
func doneText(done, of int64) string {
	text, all := byteText(done), byteText(of)
	switch number, unit, _ := strings.Cut(text, " "); {
	case of <= 0:
		return text
	case strings.HasSuffix(all, " "+unit):
		return number + " of " + all
	}
	return text + " of " + all
}

// share is how much is done, of bytes, or of files where nobody knows their bytes.
func (p *progress) share() (share float64, known bool) {
	switch {
	case p.ofBytes > 0:
		share = float64(p.bytes) / float64(p.ofBytes)
	case p.ofItems > 0:
		share = float64(p.items) / float64(p.ofItems)
	default:
		return 0, false
	}
	return min(max(share, 0), 1), true
}

// rate is in bytes per second, over the last seconds.
func (p *progress) rate() float64 {
	if len(p.seen) < 2 {
		return 0
	}
	first, last := p.seen[0], p.seen[len(p.seen)-1]
	return float64(last.bytes-first.bytes) / last.at.Sub(first.at).Seconds()
}

// left is how long the rest will take.
func (p *progress) left(rate float64) time.Duration {
	if rate <= 0 || p.ofBytes <= p.bytes {
		return 0
	}
	seconds := float64(p.ofBytes-p.bytes) / rate
	return time.Duration(min(seconds, (99*time.Hour).Seconds())) * time.Second
}

func leftText(left time.Duration) string {
	if left >= time.Hour {
		return fmt.Sprintf("%d:%02d:%02d", left/time.Hour, left/time.Minute%60, left/time.Second%60)
	}
	return fmt.Sprintf("%d:%02d", left/time.Minute, left/time.Second%60)
}

func bar(share float64, width int) string {
	full := int(share * float64(width))
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-full) + "]"
}

// byteText writes a number of bytes as people do: 512 B, 1.5 kB, 50.0 MB.
func byteText(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n)/1000, []string{"kB", "MB", "GB", "TB"}
	for value >= 999.95 && len(units) > 1 {
		value, units = value/1000, units[1:]
	}
	return fmt.Sprintf("%.1f %s", value, units[0])
}

// plain is ASCII, so that a byte is a column. Titles hold names of files.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, ceremony.Foreign(s))
}

// fit cuts what is too long.
func fit(s string, width int) string {
	s = strings.TrimRight(s, " ")
	switch {
	case width <= 0:
		return ""
	case len(s) > width && width > 3:
		return s[:width-3] + "..."
	case len(s) > width:
		return s[:width]
	}
	return s
}
