package ceremony

import (
	"context"
	"fmt"

	"signer/ceremony/tuf"
)

// Keys that somebody else may have are a path of their own. Clients remember the
// versions that they have seen: a thief who published timestamp 2147483647 has
// made every honest one look old. They forget when the keys of a role are replaced
// (TUF 1.0.34 §5.3.11), those of v0.5.2 only when the targets keys are, too
// (measured). So all go at once, whichever was exposed.

// explainExposure says what can be done with each key, and takes all of them.
func (s *Session) explainExposure(ctx context.Context) error {
	text := []Block{Lines(joinedLines(exposureSentences())),
		Warn("So all keys of targets, snapshot and timestamp are replaced together, those of every releaser: clients then forget what they saw, and go on from our own files.")}
	if err := s.read(ctx, Question{ID: "exposed", Title: "What somebody with these keys can do", Text: text,
		Help:   "Each key is locked with a passphrase. A drive alone gives nothing to a thief who cannot guess it; a computer on which the key was used may have given everything.",
		Prompt: "Enter goes on to replace all of them."}); err != nil {
		return err
	}
	s.State.Removal.Leaves, s.State.Removal.Heir = idsOf(s.State.Known.onlineKeys()), theHeir
	return nil
}

func exposureSentences() []string {
	return []string{
		"The timestamp key: keep clients at an old release for as long as they like, and publish versions so high that ours look old.",
		"The snapshot key, with it: give clients old lists of files, with faults that are known.",
		"The targets key, with both: have clients install any file. That is the worst.",
		"None of them: change who holds keys. That takes the root keys, so this ceremony is the cure.",
	}
}

func joinedLines(sentences []string) (text string) {
	for i, sentence := range sentences {
		if i > 0 {
			text += "\n"
		}
		for j, line := range wrap(sentence, "• ", "  ", listWidth) {
			if j > 0 {
				text += "\n"
			}
			text += line
		}
	}
	return text
}

// confirmGoodFiles shows the files that everything starts from again. The web
// server says nothing here: what is there may be the thief's.
func (s *Session) confirmGoodFiles(ctx context.Context) error {
	way, err := s.chooseFreely(ctx, Question{ID: "online-files.good", Title: "The last good files", Default: "good",
		Text: []Block{Table(s.onlineRows()...),
			Warn("Clients will install what this targets.json lists. Compare its files, and the releases they came from, with what your build made: if a thief had the targets key, this may be the thief's list."),
			Para("Not sure? Take older files that you are sure of, and release the rest again afterwards.")},
		Prompt:  "Are these the last files that you are sure of?",
		Options: []Option{{Key: "good", Label: "Yes, sign these again"}, {Key: "other", Label: "No, take them from another drive"}}})
	if err == nil && way == "other" {
		return ErrBack
	}
	if err == nil {
		s.note("taken for the last good files: %s", s.filesInWords())
	}
	return err
}

// chooseFreely is choose for a question whose caller handles ErrBack.
func (s *Session) chooseFreely(ctx context.Context, q Question) (string, error) {
	q.Kind = Choose
	a, err := s.askFreely(ctx, q, nil)
	return a.Text, err
}

// filesInWords names the files for the record.
func (s *Session) filesInWords() string {
	text := ""
	for _, role := range tuf.OnlineRoles() {
		if e, err := s.State.Known.Public.Online(role); err == nil {
			text += fmt.Sprintf("%s %d (%s) ", role, e.Version, tuf.DigestOf(e.Raw).Groups()[:9])
		}
	}
	return text + "from " + s.State.Removal.Files
}
