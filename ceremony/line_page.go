package ceremony

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"signer/ceremony/secret"
)

// linePage writes wrapped lines. All text goes through Foreign on its way.
type linePage struct {
	mu    sync.Mutex
	out   io.Writer
	width int
}

// heading begins something: a blank line stands before it.
func (p *linePage) heading(text string) {
	if text != "" {
		p.write("\n" + strings.Join(wrap(text, "", "", p.width), "\n") + "\n")
	}
}

func (p *linePage) paragraph(text string) { p.wrapped(text, "", "") }

// wrapped writes text with first before its first line and rest before the others.
func (p *linePage) wrapped(text, first, rest string) {
	if strings.TrimSpace(text) != "" {
		p.write(strings.Join(wrap(text, first, rest, p.width), "\n") + "\n")
	}
}

func (p *linePage) block(b Block) {
	switch b.Kind {
	case Caution:
		p.paragraph("CAUTION: " + b.Text)
	case Facts:
		for _, row := range b.Rows {
			if row.Label == "" { // it goes on
				p.wrapped(row.Value, "  ", "  ")
				continue
			}
			p.wrapped(row.Label+": "+row.Value, "", "  ")
		}
	case Verbatim:
		for line := range strings.SplitSeq(strings.TrimSuffix(b.Text, "\n"), "\n") {
			p.write(Foreign(line) + "\n")
		}
	case QRCode:
		p.paragraph("(A QR code is left out here. The text screen shows it.)")
	default:
		p.paragraph(b.Text)
	}
}

func (p *linePage) options(options []Option) {
	for i, o := range options {
		text := o.Label
		if o.Value != "" {
			text += ": " + o.Value
		}
		if o.Disabled != "" {
			text += " (not now: " + o.Disabled + ")"
		}
		p.wrapped(text, fmt.Sprintf("%3d. ", i+1), "     ")
	}
}

func (p *linePage) tray(sticks []Stick) {
	for _, s := range sticks {
		state := "in the tray"
		switch {
		case s.Busy:
			state = "plugged in, in use"
		case s.Plugged:
			state = "plugged in"
		}
		p.wrapped(fmt.Sprintf("%s: %s, %s", s.Label, state, s.Content), "", "  ")
	}
}

// reveal writes a secret as it is, and keeps nothing of it.
func (p *linePage) reveal(s secret.Bytes) {
	line := append(s.Clone(), '\n')
	defer line.Wipe()
	p.paragraph("Shown once. It stays on this terminal until that is cleared:")
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.out.Write(line)
}

func (p *linePage) write(lines string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = io.WriteString(p.out, lines) // a console that is gone shows at the next reading
}

// wrap breaks text into lines of at most width characters, at spaces where there
// are some.
func wrap(text, first, rest string, width int) []string {
	var lines []string
	line, empty := first, true
	for _, word := range strings.Fields(text) {
		word = Foreign(word)
		for {
			room := width - utf8.RuneCountInString(line)
			if !empty {
				room--
			}
			if utf8.RuneCountInString(word) <= room {
				break
			}
			if empty { // the word alone is too long
				head, tail := splitRunes(word, max(room, 1))
				line, word = line+head, tail
			}
			lines = append(lines, line)
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	return append(lines, line)
}

func splitRunes(s string, n int) (head, tail string) {
	for i := range s {
		if n == 0 {
			return s[:i], s[i:]
		}
		n--
	}
	return s, ""
}
