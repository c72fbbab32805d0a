package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

// help is the ? screen: what the question and its step have to say, over the
// question, which stays as it is.
type help struct {
	text []ceremony.Block
	page int
}

func (s *screen) newHelp() *help {
	h := &help{}
	for _, text := range []string{s.q.Help, s.stepHelp()} {
		for para := range strings.SplitSeq(text, "\n\n") {
			if para != "" {
				h.text = append(h.text, ceremony.Para(para))
			}
		}
	}
	if len(h.text) == 0 {
		h.text = []ceremony.Block{ceremony.Para("There is nothing more to say about this question.")}
	}
	return h
}

func (s *screen) stepHelp() string {
	if i := s.stepIndex(s.step); i >= 0 {
		return s.outline.Steps[i].Help
	}
	return ""
}

// helpPages leaves room for a heading and a closing line.
func (s *screen) helpPages() []page { return pages(s.help.text, nil, s.bodyHeight()-4, 0) }

func (s *screen) helpLines() []string {
	title := s.title
	if title == "" {
		title = s.outline.Title
	}
	var out []string
	for _, l := range wrap("Why: "+title, rightWidth)[:1] {
		out = append(out, bold(l), "")
	}
	p := s.helpPages()
	out = append(out, p[s.help.page].lines...)
	if len(p) > 1 {
		out = append(out, "", strings.Join(marker(s.help.page, len(p)), "   "))
	}
	return append(out, "", "Any key closes this.")
}

// pressHelp turns pages; any other key closes help and does nothing else.
func (s *screen) pressHelp(k tea.KeyPressMsg) {
	turn := 0
	switch {
	case key.Matches(k, s.keys.more, s.keys.down):
		turn = 1
	case key.Matches(k, s.keys.less, s.keys.up):
		turn = -1
	default:
		s.help = nil
		return
	}
	s.help.page = max(0, min(s.help.page+turn, len(s.helpPages())-1))
}
