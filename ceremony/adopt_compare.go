package ceremony

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// showFound is the page of what the old drives are.
func (s *Session) showFound(ctx context.Context) error {
	known := s.State.Known
	a := s.State.Adoption.clone()
	a.settleStaged(known)
	a.Remarks = append(s.differences(), a.Remarks...)
	s.State.Adoption = a
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("found: root %d of repository %s; %s", known.Latest().Version, known.Chain.First().Groups()[:9],
		plural(len(a.Remarks), "remark", "remarks")), Data: map[string]string{"repository": known.Chain.First().String(),
		"root_before": string(known.Latest().Raw), "remarks": strings.Join(a.Remarks, "\n")}})
	text := []Block{Table(s.knownRows()...)}
	if len(a.Remarks) > 0 {
		text = append(text, list(a.Remarks)...)
	}
	return s.read(ctx, Question{ID: "found", Title: "What was found", Text: text, Prompt: "This is shown, and is no reason to stop."})
}

// differences are what this program would have done differently, and what stops
// clients. The dates are in rows of their own.
func (s *Session) differences() []string {
	out := s.State.Known.deviations()
	played, err := tuf.Simulate(s.State.Known.Public, s.State.Now)
	if err != nil {
		out = append(out, "A client that updates now stops: "+Foreign(err.Error())+".")
	}
	for _, sentence := range played.Shown {
		if sentence = Foreign(sentence); !strings.Contains(sentence, ".json expire") && !slices.Contains(out, sentence) {
			out = append(out, sentence)
		}
	}
	return out
}

// compareOutside has a person compare the latest root with something that did not
// come from the drives, and answer for where the root keys have been.
func compareOutside(ctx context.Context, s *Session) error {
	if err := s.Part(ctx, "compare", s.compareWords); err != nil {
		return err
	}
	if err := s.Part(ctx, "exposed", s.askExposed); err != nil {
		return err
	}
	return s.Part(ctx, "staged", s.askStaged)
}

// compareWords asks for two words of the fingerprint, and does not show them.
func (s *Session) compareWords(ctx context.Context) error {
	latest := s.State.Known.Latest()
	words := latest.Digest().Words()
	at, err := twoOf(len(words), s)
	if err != nil {
		return err
	}
	shown := words[at[0]] + " " + words[at[1]]
	q := Question{ID: "compare", Kind: Type, Title: "Compare with the outside", Shown: shown,
		Text: append([]Block{Para(fmt.Sprintf("On another computer, save root.json of the web server, or of a client that follows it, and run: signer check FOLDER. It shows the words of root %d, with numbers.", latest.Version)),
			Table(Row{"Repository", s.State.Known.Chain.First().Groups()[:39]}, Row{"", s.State.Known.Chain.First().Groups()[40:]}),
			Para("Is nothing outside to be had? Then type: nothing")}, s.stagedCompare(shown)...),
		Prompt: fmt.Sprintf("Type word %d and word %d of root %d, as shown outside:", at[0]+1, at[1]+1, latest.Version)}
	nothing := false
	_, err = s.ask(ctx, q, func(a Answer) error {
		typed := strings.ToLower(strings.Join(strings.Fields(a.Text), " "))
		nothing = typed == "nothing"
		if !nothing && typed != strings.ToLower(shown) {
			return remarkf("Those are not the words of the root on these drives. If they are what the outside shows, these drives are not of your repository: stop here.")
		}
		return nil
	})
	if err == nil && nothing {
		err = s.acceptUncompared(ctx)
	}
	if err != nil {
		return err
	}
	s.State.Adoption.Compared = !nothing
	if !nothing {
		s.did("root %d compared with the outside: %s", latest.Version, latest.Digest().Groups()[:9])
	}
	return nil
}

// acceptUncompared takes a repository for which nobody but its drives speaks.
func (s *Session) acceptUncompared(ctx context.Context) error {
	err := s.typedFreely(ctx, Question{ID: "compare.nothing", Title: "Nothing to compare with",
		Text: []Block{Warn("Whoever had these drives may have put another repository in the place of yours. The record says that it was not compared."),
			Para("Esc goes back to the comparison.")},
		Prompt: "To take it as it is, type: not compared", Shown: "not compared"})
	if err == nil {
		s.note("the repository was not compared with anything outside")
	}
	return err
}

func (s *Session) stagedCompare(shown string) []Block {
	if !s.env.Staged {
		return nil
	}
	return []Block{Para("In this rehearsal they would show: " + shown)}
}

// twoOf picks two places of n, ascending.
func twoOf(n int, s *Session) (at [2]int, err error) {
	for at[0] == at[1] {
		for i := range at {
			v, err := rand.Int(s.rand, big.NewInt(int64(n)))
			if err != nil {
				return at, fmt.Errorf("pick words: %w", err)
			}
			at[i] = int(v.Int64())
		}
	}
	return [2]int{min(at[0], at[1]), max(at[0], at[1])}, nil
}

func (s *Session) askExposed(ctx context.Context) error {
	way, err := s.choose(ctx, Question{ID: "exposed", Title: "Where the root keys have been", Default: "yes",
		Text:   []Block{Para("fleetctl and tuf make all keys where they run. A key file that was once on a computer with a network may have been copied, passphrase and all, and nobody would know.")},
		Prompt: "Was a root key ever on a computer with a network?",
		Options: []Option{{Key: "yes", Label: "Yes, or nobody knows"},
			{Key: "no", Label: "No, never"}}})
	s.State.Adoption.Exposed = way == "yes"
	return err
}

// askStaged explains a root that somebody began and did not commit, and offers
// to finish it.
func (s *Session) askStaged(ctx context.Context) error {
	staged := s.State.Adoption.Staged
	if staged == nil {
		return nil
	}
	q := Question{ID: "staged", Title: "A root that was never published", Default: "leave", Prompt: "What shall become of it?",
		Options: []Option{{Key: "finish", Label: "Finish it here: review it, and sign it"}, {Key: "leave", Label: "Leave it where it is"}}}
	draft, err := tuf.Resume(s.State.Known.Chain, staged, nil, s.State.Now)
	if err == nil {
		err = s.leavesUnsigned(draft.Root())
	}
	if err != nil {
		q.Options[0].Disabled = "it is not what this program would make"
		q.Text = []Block{Para("In staged/ is a root.json that no client has ever seen: it was changed with tuf or fleetctl, and not committed."),
			Warn(asSentence(Foreign(err.Error())))}
	} else {
		was, is := s.State.Known.Latest().Roles[tuf.RoleRoot], draft.Root().Roles[tuf.RoleRoot]
		q.Default = "finish"
		q.Text = []Block{Para(fmt.Sprintf("In staged/ is root %d, which no client has ever seen: its commands were run, and the last one, tuf commit, was not. So the keys that it adds have no power yet.", draft.Root().Version)),
			Table(Row{"Published", fmt.Sprintf("root %d: %d of %d keys sign", s.State.Known.Latest().Version, was.Threshold, len(was.KeyIDs))},
				Row{"Staged", fmt.Sprintf("root %d: %d of %d keys sign", draft.Root().Version, is.Threshold, len(is.KeyIDs))},
				Row{"Signed by", plural(len(draft.Signed()), "key so far", "keys so far")})}
	}
	way, err := s.choose(ctx, q)
	if err != nil {
		return err
	}
	if s.State.Adoption.Finish = way == "finish"; s.State.Adoption.Finish {
		s.State.Draft = draft // its names come when the keys are met
	}
	return nil
}
