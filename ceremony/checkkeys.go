package ceremony

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// showKeys is the end of a check: every key of the latest root, where it was
// seen, and what to do next.
func showKeys(ctx context.Context, s *Session) error {
	pages := []Question{{ID: "check.unknown", Title: "No repository", Prompt: "Enter goes on to the record.",
		Text: []Block{Warn("None of these drives says which repository they are of: no root was seen. A repository drive or a signing drive has it.")}}}
	if s.State.Known.Chain != nil {
		s.tellGrades()
		pages = []Question{s.gradesPage(tuf.RoleRoot, "root keys"), s.onlineGradesPage(), s.advicePage()}
	}
	for _, page := range pages {
		if err := s.Part(ctx, page.ID, func(ctx context.Context) error { return s.read(ctx, page) }); err != nil {
			return err
		}
	}
	return nil
}

// sighting is a drive on which a key was seen.
type sighting struct {
	label string
	grade Grade
}

// sightings of a key. A file that nobody unlocked is whose its drive says.
func (s *Session) sightings(id tuf.KeyID) (seen []sighting) {
	for _, c := range s.State.Care.checkup.drives {
		if !c.good() {
			continue
		}
		for _, file := range c.found.keyFiles() {
			keys, opened := s.State.Care.checkup.opened[tuf.DigestOf(c.found.files[file])]
			switch {
			case opened && slices.ContainsFunc(keys, func(k tuf.Key) bool { return k.ID == id }):
				seen = append(seen, sighting{c.name(), ProvenToday})
			case !opened && s.keyIn(c.found, file).Key.ID == id:
				seen = append(seen, sighting{c.name(), ReadOnly})
			}
		}
	}
	return seen
}

func best(seen []sighting) Grade {
	switch {
	case len(seen) == 0:
		return NotSeen
	case slices.ContainsFunc(seen, func(s sighting) bool { return s.grade == ProvenToday }):
		return ProvenToday
	}
	return ReadOnly
}

// gradesPage is the table of the keys of a role.
func (s *Session) gradesPage(role tuf.Role, what string) Question {
	var rows []Row
	for _, h := range s.State.Known.holdersOf(s.State.Known.Latest(), role) {
		name := h.Holder
		if role != tuf.RoleRoot {
			name = string(role)
		}
		rows = append(rows, Row{cmp.Or(name, "a root key"), h.KeyID.Short() + ": " + s.graded(h.KeyID)})
	}
	return Question{ID: "check." + string(role), Title: "Checked: the " + what, Text: []Block{Table(rows...)}, Prompt: "Is this what you expected?"}
}

// onlineGradesPage is the table of the keys that releasers have.
func (s *Session) onlineGradesPage() Question {
	q := Question{ID: "check.online", Title: "Checked: the online keys", Prompt: "Is this what you expected?"}
	for _, role := range tuf.OnlineRoles() {
		q.Text = append(q.Text, s.gradesPage(role, "").Text...)
	}
	return q
}

func keyTitle(h holder) string {
	if h.Name == "" {
		return h.KeyID.Short()
	}
	return HeldKey{Name: h.Name, Role: h.Role, Holder: h.Holder}.Title()
}

func (s *Session) graded(id tuf.KeyID) string {
	var labels []string
	seen := s.sightings(id)
	for _, at := range seen {
		labels = append(labels, at.label)
	}
	return strings.TrimSuffix(string(best(seen))+", "+strings.Join(labels, ", "), ", ")
}

// tellGrades records the grade of each key of the latest root.
func (s *Session) tellGrades() {
	data := map[string]string{"root": fmt.Sprint(s.State.Known.Latest().Version)}
	count := map[Grade]int{}
	for _, role := range tuf.Roles() {
		for _, id := range s.State.Known.Latest().Roles[role].KeyIDs {
			grade := best(s.sightings(id))
			data["grade."+id.String()] = string(grade)
			count[grade]++
		}
	}
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("keys of root %d: %d proven today, %d read only, %d not seen",
		s.State.Known.Latest().Version, count[ProvenToday], count[ReadOnly], count[NotSeen]), Data: data})
}

// advicePage says what is to be done, or that nothing is.
func (s *Session) advicePage() Question {
	q := Question{ID: "check.advice", Title: "Checked: what to do next", Prompt: "Write this down."}
	var lines []string
	for i, n := range s.advice() {
		lines = append(lines, wrap(n, fmt.Sprintf("%d. ", i+1), "   ", listWidth)...)
	}
	q.Text = []Block{Lines(strings.Join(lines, "\n"))}
	return q
}

// checkAgain is when the next check is due.
func checkAgain(now time.Time) string { return now.AddDate(0, 6, 0).UTC().Format("January 2006") }

func (s *Session) advice() (out []string) {
	known := s.State.Known
	for _, h := range known.rootHolders() {
		seen := s.sightings(h.KeyID)
		if n := len(seen); n < 2 {
			out = append(out, fmt.Sprintf("%s: seen on %s today. Two should be: copy a drive, or bring the others.", keyTitle(h), plural(n, "drive", "drives")))
		}
		if best(seen) == ReadOnly {
			out = append(out, fmt.Sprintf("%s: nobody unlocked it today. Last time on these drives: %s.", keyTitle(h), s.lastProof(seen)))
		}
	}
	for _, c := range s.State.Care.checkup.drives {
		if c.found == nil || c.found.torn() || c.problem != "" {
			out = append(out, c.name()+": not whole. Replace it: Copy or replace a drive.")
		}
	}
	for _, d := range s.unseen() {
		out = append(out, fmt.Sprintf("%s, serial %s, was not here; last seen %s.", d.Label, Foreign(d.Serial), since(d.Seen, s.State.Now)))
	}
	for _, role := range tuf.Roles() {
		if at, ok := known.Public.Dates(known.Latest())[role]; ok && at.Sub(s.State.Now) < time.Duration(SoonDays(role))*24*time.Hour {
			out = append(out, fmt.Sprintf("%s: %s.", asTitle(role), daysLeft(role, at, s.State.Now)))
		}
	}
	return append(out, fmt.Sprintf("Check the drives again in %s.", checkAgain(s.State.Now)))
}

// lastProof is when a key was last proven on one of the drives on which it was
// seen.
func (s *Session) lastProof(seen []sighting) string {
	var last time.Time
	for _, at := range seen {
		for _, d := range s.State.Known.Drives {
			if d.Label == at.label && d.Proven.After(last) {
				last = d.Proven
			}
		}
	}
	return since(last, s.State.Now)
}
