package ui

import (
	"fmt"
	"slices"

	"signer/ceremony"
	"signer/ceremony/secret"
)

// page is what is shown of a question's text at once: lines, or a code.
type page struct{ lines, code []string }

// pages divides a text into pages of at most room lines; a code has a page of
// its own, of at most whole lines. When there are several, each leaves two lines
// for saying so.
func pages(text []ceremony.Block, reveal secret.Bytes, room, whole int) []page {
	sheets := layOut(text, reveal, whole)
	if len(sheets) == 1 && len(sheets[0].lines) <= room {
		return sheets
	}
	var out []page
	for _, sheet := range sheets {
		if sheet.code != nil {
			out = append(out, sheet)
			continue
		}
		for lines := range slices.Chunk(sheet.lines, max(1, room-2)) {
			out = append(out, page{lines: trimBlank(lines)})
		}
	}
	return out
}

// trimBlank takes blank lines off both ends.
func trimBlank(lines []string) []string {
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// layOut sets a text as if there were room, but for the codes in it.
func layOut(text []ceremony.Block, reveal secret.Bytes, whole int) []page {
	out := []page{{}}
	lines := &out[0].lines
	add := func(more []string) {
		if len(*lines) > 0 {
			*lines = append(*lines, "")
		}
		*lines = append(*lines, more...)
	}
	for _, b := range text {
		code, fits := []string(nil), false
		if b.Kind == ceremony.QRCode {
			if code, fits = drawCode(b.Text, rightWidth, whole); !fits {
				b = ceremony.Warn("This screen is too small for the code of " + ceremony.Foreign(b.Text))
			}
		}
		if !fits {
			add(blockLines(b, rightWidth))
			continue
		}
		out = append(out, page{code: code}, page{})
		lines = &out[len(out)-1].lines
	}
	if len(reveal) > 0 {
		add(revealed(reveal))
	}
	return slices.DeleteFunc(out, func(p page) bool { return p.lines == nil && p.code == nil })
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
