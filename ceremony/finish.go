package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// finishCreate says what was made, where it is, when it expires, and what next.
func finishCreate(ctx context.Context, s *Session) error {
	for _, page := range []Question{s.keysPage(), s.drivesPage(), s.nextPage(), s.recordPage()} {
		if err := s.Part(ctx, page.ID, func(ctx context.Context) error { return s.read(ctx, page) }); err != nil {
			return err
		}
	}
	return nil
}

// keysPage compares key ids with signatures, as the handbook asks: each root key
// must be listed and must have signed.
func (s *Session) keysPage() Question {
	q := Question{ID: "finish.keys", Title: "Finished: the keys", Prompt: "Every key is listed, and signed."}
	for some := range slices.Chunk(s.State.Keys, listHeight/2) {
		var lines []string
		for _, k := range some {
			lines = append(lines, fmt.Sprintf("%s\n  %s  %s", k.Title(), k.Key.ID.Groups()[:19], s.listedAndSigned(k)))
		}
		q.Text = append(q.Text, Lines(strings.Join(lines, "\n")))
	}
	return q
}

func (s *Session) listedAndSigned(k HeldKey) string {
	listed, signed := "× not listed", "× did not sign"
	if slices.Contains(s.State.Root.Roles[k.Role].KeyIDs, k.Key.ID) {
		listed = "√ listed"
	}
	env, err := s.signedFile(k.Role)
	if err == nil && slices.ContainsFunc(env.Signatures, func(sig tuf.Signature) bool { return sig.KeyID == k.Key.ID }) {
		signed = "√ signed"
	}
	return listed + "  " + signed
}

func (s *Session) drivesPage() Question {
	var rows []Row
	for _, d := range s.written {
		rows = append(rows, Row{d.Label, "√ " + d.Standing() + ", serial " + Foreign(d.Drive.Serial)})
	}
	var expiries []Row
	for _, role := range tuf.Roles() {
		expiries = append(expiries, Row{string(role), days(s.State.Plan.Expires[role], s.State.Now)})
	}
	expiries = append(expiries, Row{"rotate by", days(s.rotateBy(), s.State.Now)})
	first := Row{"Repository", tuf.DigestOf(s.State.Root.Raw).Groups()[:19]} // as every later ceremony names it
	q := Question{ID: "finish.drives", Title: "Finished: drives and dates", Prompt: "The dates are in ledger/expiries.ics, for a calendar.",
		Text: []Block{Table(append([]Row{first}, rows...)...), Table(expiries...)}}
	if aside := s.setAsideText(); aside != "" {
		q.Text = append(q.Text, Warn(aside))
	}
	return q
}

func (s *Session) nextPage() Question {
	return Question{ID: "finish.next", Title: "Finished: what to do next", Prompt: "Write this down before you go on.",
		Text: []Block{
			Para("1. Upload repository/ from the repository drive to the web server."),
			Para("2. Give repository/root.json to `fleetctl package --update-roots`."),
			Para("3. Give the signing drive to " + s.State.Plan.Releaser + ". The timestamp is due again on " +
				s.State.Plan.Expires[tuf.RoleTimestamp].Format("Mon 2 Jan 2006") + "."),
			Para("4. Store the root backups apart from each other, locked away."),
			Para("5. Rotate the root keys with this program by " + s.rotateBy().Format("Mon 2 Jan 2006") + "."),
		}}
}

func (s *Session) recordPage() Question {
	return Question{ID: "finish.record", Title: "Finished: the record", Prompt: "Enter ends the ceremony.",
		Text: []Block{
			Para("The record is on the repository drive. Copy its digest: it shows later that nothing was altered."),
			Lines(groupsOf(s.ledger.Groups(), 8)), Lines(wordLines(s.ledger.Words())),
		}}
}

// signedFile is the file of a role as this ceremony leaves it.
func (s *Session) signedFile(role tuf.Role) (tuf.Envelope, error) {
	if role == tuf.RoleRoot {
		return s.State.Root.Envelope, nil
	}
	return s.State.Published.Online(role)
}
