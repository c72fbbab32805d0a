package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// finishing ends a ceremony that made a root: what was made, what to do next, and
// the digest of the record.
func finishing(next func(*Session) []string) func(context.Context, *Session) error {
	return func(ctx context.Context, s *Session) error {
		end := s.partPage
		if s.State.Partial == nil {
			end = func() Question { return s.madePage(next(s)) }
		}
		for _, page := range []Question{end(), s.recordPage()} {
			if err := s.Part(ctx, page.ID, func(ctx context.Context) error { return s.read(ctx, page) }); err != nil {
				return err
			}
		}
		return nil
	}
}

// madePage compares key ids with signatures, as the handbook asks, and says what
// comes next.
func (s *Session) madePage(next []string) Question {
	root := s.State.Root
	rows := []Row{{"Root", fmt.Sprintf("version %d, %s", root.Version, root.Digest().Groups()[:9])},
		{"Expires", days(root.Expires, s.State.Now)}, {"Renew by", days(s.rotateBy(), s.State.Now)}}
	known := s.State.Known
	known.Holders = s.holders() // the new keys' too
	for _, h := range known.holdersOf(root, tuf.RoleRoot) {
		rows = append(rows, Row{cmpName(h), h.KeyID.Short() + "  " + s.listedAndSigned(HeldKey{Role: tuf.RoleRoot, Key: tuf.Key{ID: h.KeyID}})})
	}
	for _, d := range s.written {
		rows = append(rows, Row{d.Label, "√ " + d.Standing()})
	}
	q := Question{ID: "finish", Title: "Finished", Text: []Block{Table(rows...)}, Prompt: "Write down what is to do next."}
	q.Text = append(q.Text, Lines(nextSteps(next)))
	if aside := s.setAsideText(); aside != "" {
		q.Text = append(q.Text, Warn(aside))
	}
	return q
}

func cmpName(h holder) string {
	if h.Holder == "" {
		return "a root key"
	}
	return h.Holder
}

// uploadNext says which files go to the web server. A drive's online files may be
// old: they are not to overwrite newer ones.
func (s *Session) uploadNext(label string) string {
	return fmt.Sprintf("Upload repository/%d.root.json from %s to the web server, then repository/root.json. Nothing else of it: the online files there are newer. Each root before it must be there already: clients stop at a gap.", s.State.Root.Version, label)
}

// absentBackups says what it means that backups were not here.
func (s *Session) absentBackups() []string {
	var absent []string
	for _, d := range s.State.Known.drivesInUse(RootBackup) {
		if !slices.ContainsFunc(s.written, func(r DriveReport) bool { return r.Label == d.Label }) {
			absent = append(absent, d.Label)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	return []string{strings.Join(absent, ", ") + ": not here today. The keys there stay good; the ledger there is brought up to date when it comes next."}
}
