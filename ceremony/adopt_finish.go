package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// finishAdoption says what was taken over, what to cure, and what becomes of the
// old drives.
func finishAdoption(ctx context.Context, s *Session) error {
	for _, page := range []Question{s.adoptedPage(), s.curesPage(), s.recordPage()} {
		if err := s.Part(ctx, page.ID, func(ctx context.Context) error { return s.read(ctx, page) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) adoptedPage() Question {
	root := s.current()
	rows := []Row{{"Repository", s.State.Known.Chain.First().Groups()[:19]},
		{"Root", fmt.Sprintf("version %d, %s", root.Version, root.Digest().Groups()[:9])}}
	for _, id := range root.Roles[tuf.RoleRoot].KeyIDs {
		rows = append(rows, Row{"Root key", id.Short() + "  " + s.adoptedFrom(id)})
	}
	for _, d := range s.written {
		rows = append(rows, Row{d.Label, "√ " + d.Standing()})
	}
	q := Question{ID: "finish", Title: "Adopted", Text: []Block{Table(rows...)}, Prompt: "The repository is as it was; its keys are on drives with roles."}
	if s.State.Root != nil {
		for _, sentence := range append([]string{s.uploadNext(repositoryLabel)}, s.goesTogether()...) {
			q.Text = append(q.Text, Para(sentence))
		}
	}
	if aside := s.setAsideText(); aside != "" {
		q.Text = append(q.Text, Warn(aside))
	}
	return q
}

func (s *Session) adoptedFrom(id tuf.KeyID) string {
	for _, k := range s.State.keysOf(tuf.RoleRoot) {
		if k.Key.ID == id {
			return "√ " + k.Holder
		}
	}
	return "was not here"
}

func (s *Session) curesPage() Question {
	var lines []string
	for i, cure := range append(s.cures(), s.oldDrivesEnd()) {
		lines = append(lines, wrap(cure, fmt.Sprintf("%d. ", i+1), "   ", listWidth)...)
	}
	return Question{ID: "finish.next", Title: "Adopted: what to do next", Text: []Block{Lines(strings.Join(lines, "\n"))},
		Prompt: "Write this down before you go on."}
}

// cures are the ceremonies that follow, the most urgent first.
func (s *Session) cures() []string {
	var out []string
	a, root := s.State.Adoption, s.current()
	if a.Staged != nil && !a.Finish {
		out = append(out, "Continue: staged/root.json on the old drive was never published. Finish it there, or forget it.")
	}
	switch why := s.whyRotate(); {
	case len(why) > 0:
		out = append(out, fmt.Sprintf("Rotate root keys, now: %s. 3 keys of which 2 sign are advised.", strings.Join(why, "; ")))
	case root.Expires.Before(s.State.Now):
		out = append(out, "Recover: the root has expired, and no client can update.")
	case s.rotateBy().Before(s.State.Now.AddDate(0, 0, SoonDays(tuf.RoleRoot))):
		out = append(out, fmt.Sprintf("Renew the root before %s.", s.rotateBy().Format("Mon 2 Jan 2006")))
	}
	if unmet := s.unmetOnline(); len(unmet) > 0 {
		out = append(out, "Remove an online key: "+strings.Join(unmet, "; ")+". Keys that nobody uses any more are a danger.")
	}
	for _, role := range tuf.OnlineRoles() {
		if at, ok := s.dates()[role]; ok && at.Before(s.State.Now.Add(time.Duration(SoonDays(role))*24*time.Hour)) {
			out = append(out, fmt.Sprintf("The releaser signs %s anew: %s.", role, daysLeft(role, at, s.State.Now)))
		}
	}
	return out
}

// whyRotate are the reasons why the root keys are to be replaced first of all.
func (s *Session) whyRotate() []string {
	var why []string
	root := s.current().Roles[tuf.RoleRoot]
	if s.State.Adoption.Exposed {
		why = append(why, "they may have been on a computer with a network")
	}
	switch {
	case len(root.KeyIDs) == 1:
		why = append(why, "one key alone decides everything")
	case root.Threshold == 1:
		why = append(why, fmt.Sprintf("each of %d keys alone decides everything", len(root.KeyIDs)))
	}
	return why
}

// unmetOnline counts the online keys of which nobody showed a file.
func (s *Session) unmetOnline() []string {
	var out []string
	for _, role := range tuf.OnlineRoles() {
		n := 0
		for _, id := range s.current().Roles[role].KeyIDs {
			if !s.tookOver(id, role) {
				n++
			}
		}
		if n > 0 && n < len(s.current().Roles[role].KeyIDs) {
			out = append(out, fmt.Sprintf("%d of %d %s keys were not on the old drives", n, len(s.current().Roles[role].KeyIDs), role))
		}
	}
	return out
}

// oldDrivesEnd is what becomes of the old drives.
func (s *Session) oldDrivesEnd() string {
	var names []string
	for i, d := range s.State.Adoption.Sticks {
		held := slices.ContainsFunc(s.State.Adoption.Files, func(f oldFile) bool { return f.Stick == i })
		if held {
			names = append(names, "serial "+Foreign(d.Serial))
		}
	}
	if len(names) == 0 {
		return "The old drives hold no key, and may be used for anything."
	}
	return "The old drives (" + strings.Join(names, ", ") + ") still hold keys, and so do the computers they came from. Destroy the drives; flash keeps copies of what is erased."
}
