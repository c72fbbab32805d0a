package boot_test

import (
	"regexp"
	"strings"
	"sync/atomic"
)

// renewRules are the questions of renewals, and of a recovery where one was cut
// short.
func renewRules(h *atHome) []*rule {
	return []*rule{
		hints(`What is to be done\?`, anyNumber, h.answer),
		reads(`Ready\?`, anyNumber),
		chooses(`Is the date right\?`, anyNumber, "Yes, go on"),
		chooses(`Choose what fits best\.`, anyNumber, "A root was signed and never got out"),
		inserts(`Insert the repository drive, or else a root backup\n`, anyNumber, "repository"),
		chooses(`Sign root \d+ with the same keys\?`, anyNumber, "Yes"),
		inserts(`Insert a root backup drive\n`, anyNumber, "root-backup-1"),
		inserts(`Insert the root backup that was written in that ceremony\n`, anyNumber, "root-backup-1"),
		types(`Press Enter first: this computer is still reading the answer to the question before\.`, anyNumber, ""),
		asks(`Passphrase root 1: $`, anyNumber, func(*player, question) string { return passphraseFor("root 1") }),
		reads(`Is this what was decided\?`, anyNumber),
		asks(`Type word (\d+) and word (\d+):`, anyNumber, func(p *player, q question) string {
			return wordOf(p, q, q.parts[1]) + " " + wordOf(p, q, q.parts[2])
		}),
		reads(`Next, it is written to the drives that carry it out\.`, anyNumber),
		inserts(`Insert (?:the drive that becomes )?(\S+)(?: again)?\n`, anyNumber, "$1"),
		takesOut(`Take (\S+) out\.`, anyNumber),
		chooses(`How shall it go on\?`, anyNumber, "Try again"),
		asks(`Take the drive out\. Then insert it again, or another one\.`, anyNumber, func(p *player, _ question) string {
			p.table.unplug(p)
			return notTyped
		}),
		reads(`Write down what is to do next\.`, anyNumber),
		reads(`Enter ends the ceremony\.`, anyNumber),
		hints(`Enter ends this ceremony\.`, anyNumber, func(_ *player, q question) string {
			h.ended = append(h.ended, q.page)
			return ""
		}),
	}
}

// atHome looks at the drives that were written when the power went, and then
// chooses.
type atHome struct {
	look    []string // labels
	looking bool
	seen    string // the page with all of them
	do      []string
	ended   []string // pages that end a ceremony: the root was signed and not written out
	whole   map[string]bool
	chosen  atomic.Int32 // how often something was chosen
}

var noDrive = regexp.MustCompile(`Drives:\s+none is plugged in`)

func (h *atHome) answer(p *player, q question) string {
	page := q.page[strings.LastIndex(q.page, "\nHome\n"):]
	switch {
	case len(h.look) > 0:
		if !h.looking {
			for _, label := range h.look {
				p.table.plug(p, label)
			}
			h.looking = true
		} else if strings.Count(page, "\n") > 0 && p.table.shown(page) {
			h.seen, h.look = page, nil
			p.table.unplug(p)
		}
		return notTyped
	case !noDrive.MatchString(page):
		p.table.unplug(p) // what a ceremony that ended early has left in
		return notTyped
	}
	choice := "Switch off"
	if len(h.do) > 0 {
		choice, h.do = h.do[0], h.do[1:]
	}
	h.chosen.Add(1)
	return p.numberOf(q, choice)
}

// shown says whether a page of home has all drives that are in.
func (t *table) shown(page string) bool {
	for _, label := range t.plugged {
		if !strings.Contains(page, "\n"+label+":") && !strings.Contains(page, "serial "+t.sticks[label].Serial) {
			return false
		}
	}
	return true
}

// smallCreation are the questions of a creation of one root key, up to its first
// drive.
func smallCreation() []*rule {
	plan := []string{"Root keys", "Go on with this plan"}
	return append(usualRules(1),
		chooses(`What is to be done\?`, 1, "Create a repository"),
		chooses(`Go on with this plan, or choose a line to change it\.`, len(plan), plan...),
		hints(`How many root keys\?`, 1, func(*player, question) string { return "1" }),
		types(`Who will hold this key\?`, 1, "Ada"),
		reads(`Is this what was decided\?`, 1),
		reads(`Every key, and who holds it\.`, 1),
		reads(`Review: the digest of root 1`, 1),
		reads(`Begin to write\?`, 1),
	)
}
