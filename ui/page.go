package ui

import (
	"fmt"

	"signer/ceremony"
	"signer/ceremony/secret"
)

// page is what is shown of a question's text at once: lines, or a code.
type page struct{ lines, code []string }

// sheet is text between codes, each block by itself; or a code.
type sheet struct {
	blocks [][]string
	code   []string
}

// pages divides a text into pages of at most room lines; a code has a page of
// its own, of at most whole lines. When there are several, each leaves a line for
// saying so.
func pages(text []ceremony.Block, reveal secret.Bytes, room, whole int) []page {
	sheets := layOut(text, reveal, whole)
	if len(sheets) == 1 && sheets[0].code == nil {
		if lines := spaced(sheets[0].blocks); len(lines) <= room {
			return []page{{lines: lines}}
		}
	}
	var out []page
	for _, s := range sheets {
		if s.code != nil {
			out = append(out, page{code: s.code})
			continue
		}
		out = append(out, s.divide(max(1, room-1))...)
	}
	return out
}

// divide fills pages with blocks, whole ones where they fit: a key id is not torn
// from whose it is.
func (s sheet) divide(room int) []page {
	var out []page
	var held [][]string
	flush := func() {
		if len(held) > 0 {
			out = append(out, page{lines: spaced(held)})
		}
		held = nil
	}
	for _, b := range s.blocks {
		if len(spaced(append(held, b))) > room {
			flush()
		}
		for ; len(b) > room; b = b[room:] {
			out = append(out, page{lines: b[:room]})
		}
		held = append(held, b)
	}
	flush()
	return out
}

// spaced are blocks with a blank line between them.
func spaced(blocks [][]string) []string {
	var out []string
	for i, b := range blocks {
		if i > 0 {
			out = append(out, "")
		}
		out = append(out, b...)
	}
	return out
}

// layOut sets a text as if there were room, but for the codes in it.
func layOut(text []ceremony.Block, reveal secret.Bytes, whole int) []sheet {
	var out []sheet
	add := func(block []string) {
		if len(out) == 0 || out[len(out)-1].code != nil {
			out = append(out, sheet{})
		}
		last := &out[len(out)-1]
		last.blocks = append(last.blocks, block)
	}
	for _, b := range text {
		if b.Kind == ceremony.QRCode {
			if code, fits := drawCode(b.Text, rightWidth, whole); fits {
				out = append(out, sheet{code: code})
				continue
			}
			b = ceremony.Warn("This screen is too small for the code of " + ceremony.Foreign(b.Text))
		}
		add(blockLines(b, rightWidth))
	}
	if len(reveal) > 0 {
		add(revealed(reveal))
	}
	return out
}

// revealed shows a secret, once: a passphrase made by the device. It is read
// anew for each frame, and kept in none.
func revealed(s secret.Bytes) []string {
	out := hang("  ", ceremony.Foreign(string(s)), rightWidth)
	for i := range out {
		out[i] = bold(out[i])
	}
	return out
}

// marker says where in a text a page is.
func marker(at, of int) []string {
	var out []string
	if at < of-1 {
		out = append(out, "↓ more below")
	}
	if at > 0 {
		out = append(out, "↑ more above")
	}
	return append(out, fmt.Sprintf("%d of %d", at+1, of))
}
