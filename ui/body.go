package ui

import "strings"

// textAtLeast is how many lines of a question's text stay in sight, however long
// the list of choices below is, and listAtLeast how many of that list.
const textAtLeast, listAtLeast = 6, 4

// body is the right side of the screen, from top to bottom: the title, a page of
// text, the question with its field, what happened, a progress bar.
type body struct {
	head, foot, bar []string
	pages           []page
	room            int // lines for a page
}

func (s *screen) body() body {
	h := s.bodyHeight()
	b := body{bar: append(s.pinnedLines(), s.barLines()...)}
	if s.title != "" {
		for _, l := range wrap(s.title, rightWidth) {
			b.head = append(b.head, bold(l))
		}
		b.head = append(b.head, "")
	}
	room := h - len(b.head) - len(b.bar) - 1
	if s.asked == nil {
		b.foot = s.workingLines()
		return b
	}
	b.foot = append(s.remarks(), paragraph(s.q.Prompt)...)
	b.foot = append(b.foot, paragraph(s.handKey())...)
	needed := 0
	for _, p := range pages(s.q.Text, s.q.Reveal, h, h) {
		needed += len(p.lines)
	}
	b.foot = append(b.foot, s.part.lines(max(listAtLeast, room-len(b.foot)-min(needed, textAtLeast)), s.beats)...)
	b.room = max(listAtLeast, room-len(b.foot))
	b.pages = pages(s.q.Text, s.q.Reveal, b.room, h)
	return b
}

// workingLines are shown while the ceremony does something by itself.
func (s *screen) workingLines() (out []string) {
	if s.beats > 0 {
		out = append(out, spinner(s.beats)+" "+waited("working", s.beats))
	}
	if s.stopped {
		out = append(out, hang(dot+" ", "Ctrl+C was pressed. You are asked before anything stops.", rightWidth)...)
	}
	return out
}

// remarks stand above the field: why the last answer was not taken, and what the
// last key could not do.
func (s *screen) remarks() []string {
	var out []string
	if s.q.Problem != "" {
		out = append(out, problem(s.q.Problem)...)
	}
	if s.notice != "" {
		out = append(out, hang(dot+" ", s.notice, rightWidth)...)
	}
	if len(out) > 0 {
		out = append(out, "")
	}
	return out
}

// paragraph is a text's lines, none for an empty one.
func paragraph(text string) []string {
	if text == "" {
		return nil
	}
	return wrap(text, rightWidth)
}

// bodyLines are the right side's lines, as many as there is room for.
func (s *screen) bodyLines() []string {
	if s.help != nil {
		return s.helpLines()
	}
	b, h := s.body(), s.bodyHeight()
	at := min(s.page, len(b.pages)-1) // a remark may have come or gone
	if at >= 0 && b.pages[at].code != nil {
		return s.codeLines(b.pages[at].code, len(b.pages))
	}
	out := b.head
	if at >= 0 {
		out = append(out, b.pageLines(at)...)
		if len(b.foot) > 0 {
			out = append(out, "")
		}
	}
	out = append(out, b.foot...)
	out = out[max(0, len(out)+len(b.bar)-h):] // the field stays in sight whatever stands above it
	logged := s.logLines(h - len(b.bar) - len(out) - 1)
	for len(out)+len(logged)+len(b.bar) < h {
		out = append(out, "")
	}
	return append(append(out, logged...), b.bar...)
}

// pageLines are a page of text and, when there are several, which one it is.
func (b body) pageLines(at int) []string {
	out := b.pages[at].lines
	if len(b.pages) == 1 {
		return out
	}
	if len(out)+1 < b.room {
		out = append(out, "")
	}
	return append(out, strings.Join(marker(at, len(b.pages)), "   "))
}

// codeLines is a page with a code: the code takes all the height there is, and
// title and prompt are beside it.
func (s *screen) codeLines(code []string, of int) []string {
	side := rightWidth - columns(code[0]) - 2
	var caption []string
	for _, l := range wrap(s.title, side) {
		caption = append(caption, bold(l))
	}
	caption = append(append(caption, ""), wrap(s.q.Prompt, side)...)
	if of > 1 {
		where := marker(s.page, of)
		for len(caption)+len(where) < len(code) {
			caption = append(caption, "")
		}
		caption = append(caption, where...)
	}
	out := make([]string, len(code))
	for i, l := range code {
		out[i] = modules(l)
		if i < len(caption) {
			out[i] += "  " + caption[i]
		}
	}
	return out
}

// turnTo shows a page of the text.
func (s *screen) turnTo(page int) {
	last := len(s.body().pages) - 1
	s.page = max(0, min(page, last))
	s.read = s.read || s.page >= last
}

func (s *screen) showsCode() bool {
	p := s.body().pages
	at := min(s.page, len(p)-1)
	return at >= 0 && p[at].code != nil
}
