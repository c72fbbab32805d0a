package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// reviewRoot derives root 1 from the plan and the keys, shows all of it, and
// lets the operator confirm it by words of its digest.
func reviewRoot(ctx context.Context, s *Session) error {
	if err := s.Part(ctx, "review.derive", func(context.Context) error { return s.deriveRoot() }); err != nil {
		return err
	}
	for _, page := range s.reviewPages() {
		if err := s.Part(ctx, page.ID, func(ctx context.Context) error { return s.read(ctx, page) }); err != nil {
			return err
		}
	}
	if err := s.Part(ctx, "review.words", s.confirmRoot); err != nil {
		return err
	}
	return s.Part(ctx, "review.commit", s.announceWriting)
}

func (s *Session) deriveRoot() error {
	draft, err := tuf.Derive(nil, creation(s.State.Plan, s.State.Keys), s.State.Now)
	if err != nil {
		return err
	}
	s.State.Draft, s.State.Signed = draft, draft.Digest()
	return nil
}

// creation is the change that makes a repository by this plan, with these keys.
func creation(p Plan, keys []HeldKey) tuf.Change {
	change := tuf.Change{Name: "create", Consistent: p.Consistent, Expires: p.Expires[tuf.RoleRoot],
		Thresholds: map[tuf.Role]int{tuf.RoleRoot: p.Threshold}, Online: map[tuf.Role]time.Time{}}
	for _, k := range keys {
		change.Grants = append(change.Grants, tuf.Grant{Role: k.Role, Key: k.Key, Holder: k.Holder})
	}
	for _, role := range tuf.OnlineRoles() {
		change.Thresholds[role] = 1
		change.Online[role] = p.Expires[role]
	}
	return change
}

func (s *Session) reviewPages() []Question {
	review := s.State.Draft.Review()
	powers := Question{ID: "review.powers", Title: "Review: who may do what", Prompt: "Is this what was decided?"}
	powers.Text = list(review.Sentences)
	keys := Question{ID: "review.keys", Title: "Review: the keys", Prompt: "Every key, and who holds it."}
	for _, k := range s.State.Keys {
		keys.Text = append(keys.Text, Lines(k.Title()+"\n"+indent(groupsOf(k.Key.ID.Groups(), 8))))
	}
	digest := s.State.Draft.Digest()
	qr := Question{ID: "review.digest", Title: "Review: the digest of root 1", Prompt: digest.Groups(),
		Text: []Block{QR(strings.ToUpper(digest.String()))}}
	return []Question{powers, keys, qr}
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// confirmRoot has the operator type two words of the digest, which the page
// picks, so that the page was read.
func (s *Session) confirmRoot(ctx context.Context) error {
	challenge, err := s.State.Draft.Review().Challenge(s.rand)
	if err != nil {
		return err
	}
	digest, version := s.State.Draft.Digest(), s.mark().Version
	_, err = s.ask(ctx, Question{ID: "review.words", Kind: Type, Title: fmt.Sprintf("Review: confirm root %d", version),
		Text: []Block{Para("These words name the bytes that you have just read."),
			Lines(numberedWords(digest.Words()))},
		Prompt: fmt.Sprintf("Type word %d and word %d:", challenge.Positions[0], challenge.Positions[1]),
		Shown:  strings.Join(challenge.Words[:], " ")},
		func(a Answer) error {
			reviewed, err := challenge.Confirm(a.Text)
			if errors.Is(err, tuf.ErrWords) {
				return remarkf("Those are not word %d and word %d of this page.", challenge.Positions[0], challenge.Positions[1])
			}
			s.State.Reviewed = reviewed
			return err
		})
	if err != nil {
		return err
	}
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("root %d reviewed and confirmed: %s", version, digest.Groups()[:9]),
		Data: map[string]string{"root": fmt.Sprint(version), "signed_sha256": digest.String()}})
	return nil
}

// listWidth is what a line of a list may have, and listHeight what stays together
// on a page.
const listWidth, listHeight = 52, 13

// list sets sentences close together, each with a dot before it.
func list(sentences []string) []Block {
	var blocks []Block
	var lines []string
	for _, sentence := range sentences {
		item := wrap(sentence, "• ", "  ", listWidth)
		if len(lines)+len(item) > listHeight {
			blocks, lines = append(blocks, Lines(strings.Join(lines, "\n"))), nil
		}
		lines = append(lines, item...)
	}
	return append(blocks, Lines(strings.Join(lines, "\n")))
}

// numberedWords sets words in three columns, each word with its number. The
// longest of the PGP words has 11 letters.
func numberedWords(words []string) string {
	var cells []string
	for i, w := range words {
		cells = append(cells, fmt.Sprintf("%2d %-12s", i+1, w))
	}
	return columns(cells, 3)
}

// wordLines sets words in four columns.
func wordLines(words []string) string {
	var cells []string
	for _, w := range words {
		cells = append(cells, fmt.Sprintf("%-12s", w))
	}
	return columns(cells, 4)
}

func columns(cells []string, n int) string {
	var lines []string
	for row := range slices.Chunk(cells, n) {
		lines = append(lines, strings.TrimRight(strings.Join(row, " "), " "))
	}
	return strings.Join(lines, "\n")
}

// announceWriting is the last page that Esc leads back from.
func (s *Session) announceWriting(ctx context.Context) error {
	q := Question{ID: "review.commit", Title: "From here on, drives are written", Prompt: "Begin to write?"}
	if s.State.Root != nil {
		q.Text = []Block{Para("Root 1 was signed before the creation was cut short, and goes out as it is. After this page there is no way back by Esc."),
			Table(Row{"Next", "the signing drive, proven"}, Row{"Then", "the repository drive"},
				Row{"Needed", s.State.Plan.Releaser + ", with the passphrases of the online keys"})}
		return s.read(ctx, q)
	}
	before := "Nothing has been written so far."
	if len(s.written) > 0 {
		before = "The drives that were written before are written again."
	}
	q.Text = []Block{
		Para(before + " After this page there is no way back by Esc, but a key can still be made again and everything can still be abandoned: nothing that a client could trust leaves before every key is proven."),
		Table(Row{"Next", fmt.Sprintf("%d root backups, each proven", len(s.State.backups()))},
			Row{"Then", "signing, the signing drive, the repository drive"},
			Row{"Needed", "the holders of the root keys, with their passphrases"}),
	}
	return s.read(ctx, q)
}
