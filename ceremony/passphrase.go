package ceremony

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"

	"github.com/ccojocar/zxcvbn-go"
	"github.com/sethvargo/go-diceware/diceware"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

const (
	// madeWords is how many words a passphrase made by the device has: seven of
	// 7776 are 90 bits.
	madeWords = 7
	// madeRoom is more than they take: the longest has nine letters.
	madeRoom = madeWords * 16
	// strongEnough is the estimator's best grade: more than 10^10 guesses, each of
	// which costs a key derivation.
	strongEnough = 4
	// estimated is how much of a passphrase is graded; the estimator's work grows
	// with the square of it.
	estimated = 100
)

// newPassphrase asks for a passphrase that locks a new key: typed twice, or made
// here and typed back. It belongs to the caller.
func (s *Session) newPassphrase(ctx context.Context, k HeldKey, title, problem string) (secret.Bytes, error) {
	way, err := s.choose(ctx, Question{ID: k.Name + ".make", Title: title, Default: "type", Problem: problem,
		Text: []Block{Para(fmt.Sprintf("A passphrase locks this key. Call it \"%s\" in a password manager.", k.PassphraseName())),
			Para("Only " + k.Holder + " looks at the screen now.")},
		Prompt: "How shall the passphrase be made?",
		Options: []Option{
			{Key: "type", Label: "I type one that I made up"},
			{Key: "device", Label: fmt.Sprintf("This computer makes one of %d words", madeWords)},
		}})
	switch {
	case err != nil:
		return nil, err
	case way == "device":
		return s.madePassphrase(ctx, k, title)
	}
	return s.typedPassphrase(ctx, k, title)
}

func (s *Session) typedPassphrase(ctx context.Context, k HeldKey, title string) (secret.Bytes, error) {
	q := Question{ID: k.Name + ".passphrase", Kind: Passphrase, Title: title,
		Text:   []Block{Para("A sentence that nobody else would say is good; a name or a date is not. It will be asked for each time the key is used.")},
		Prompt: "Passphrase " + k.PassphraseName() + ":"}
	for {
		first, err := s.ask(ctx, q, func(a Answer) error { return s.strength(k, a.Secret) })
		if err != nil {
			return nil, err
		}
		again, err := s.ask(ctx, Question{ID: k.Name + ".passphrase.again", Kind: Passphrase, Title: title,
			Repeats: q.ID, Prompt: "The same passphrase once more:"}, nil)
		same := first.Secret.Equal(again.Secret)
		again.Secret.Wipe()
		if err == nil && same {
			return first.Secret, nil
		}
		first.Secret.Wipe()
		if err != nil {
			return nil, err
		}
		q.Problem = "The two were not the same. Type it anew, twice."
	}
}

// strength refuses a weak passphrase, or only names it in a rehearsal.
func (s *Session) strength(k HeldKey, pass secret.Bytes) error {
	switch {
	case StrongPassphrase(pass, append(s.names(), k.Holder)...):
	case !s.env.Rehearsal:
		return remarkf("That could be guessed. Use more words, or words that do not belong together.")
	default:
		s.note("%s: a weak passphrase, which a real ceremony refuses", k.PassphraseName())
	}
	return nil
}

// StrongPassphrase reports whether a passphrase can stand between a thief and a
// key. Names that stand beside the key add nothing to it; the estimator compares
// in small letters.
func StrongPassphrase(pass secret.Bytes, names ...string) bool {
	known := strings.Fields(strings.ToLower(strings.Join(names, " ")))
	// The estimator takes a string: a copy that is not wiped.
	return zxcvbn.PasswordStrength(string(pass[:min(len(pass), estimated)]), known).Score >= strongEnough
}

// names stand beside the keys in every record: no passphrase is strong by them.
func (s *Session) names() []string {
	all := []string{s.State.Plan.Releaser}
	for _, h := range s.holders() {
		all = append(all, h.Holder)
	}
	for _, k := range s.State.Keys { // of a key that is yet to be made, too
		all = append(all, k.Holder)
	}
	return all
}

func (s *Session) madePassphrase(ctx context.Context, k HeldKey, title string) (secret.Bytes, error) {
	pass, err := makePassphrase(s.rand)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, Question{ID: k.Name + ".passphrase.made", Title: title, Reveal: pass,
		Text:   []Block{Para("This is the passphrase. Write it down now: it is shown once."), Warn("Who reads it can use the key.")},
		Prompt: "Written down?"})
	if err == nil {
		_, err = s.ask(ctx, Question{ID: k.Name + ".passphrase", Kind: Passphrase, Title: title, Suggest: longWords(),
			Text:   []Block{Para("Type it back from your note. Tab completes a word.")},
			Prompt: "Passphrase " + k.PassphraseName() + ":"}, func(a Answer) error {
			defer a.Secret.Wipe()
			if !a.Secret.Equal(pass) {
				return remarkf("That is not what was shown. Read your note again; Esc makes a new passphrase.")
			}
			return nil
		})
	}
	if err != nil {
		pass.Wipe()
		return nil, err
	}
	return pass, nil
}

// longWords is the EFF's long list, which is made for dice: 7776 words.
func longWords() []string {
	list := diceware.WordListEffLarge()
	words := make([]string, 0, 7776)
	for _, roll := range rolls(list.Digits()) {
		words = append(words, list.WordAt(roll))
	}
	return words
}

// rolls are all results of n dice, in order: 11111, 11112, … 66666.
func rolls(n int) []int {
	out := []int{0}
	for range n {
		var next []int
		for _, r := range out {
			for d := 1; d <= 6; d++ {
				next = append(next, r*10+d)
			}
		}
		out = next
	}
	return out
}

func makePassphrase(random io.Reader) (secret.Bytes, error) {
	words := longWords()
	pass := make(secret.Bytes, 0, madeRoom) // a slice that grows leaves copies
	for i := range madeWords {
		n, err := rand.Int(random, big.NewInt(int64(len(words))))
		if err != nil {
			pass.Wipe()
			return nil, fmt.Errorf("make a passphrase: %w", err)
		}
		if i > 0 {
			pass = append(pass, ' ')
		}
		pass = append(pass, words[n.Int64()]...)
	}
	return pass, nil
}

// notUsedBefore refuses a passphrase that opens a key already locked in this
// ceremony. None is kept for comparing: it is tried.
func (s *Session) notUsedBefore(name string, pass secret.Bytes) error {
	for _, k := range append(slices.Clone(s.State.Held), s.State.Keys...) {
		if k.Name == name || k.File == nil {
			continue
		}
		keys, err := s.opener().Open(k.File, pass)
		for _, key := range keys {
			key.Wipe()
		}
		switch {
		case err == nil:
			return remarkf("That passphrase opens %s already. Each key needs one of its own.", k.The())
		case !errors.Is(err, tuf.ErrWrongPassphrase):
			return fmt.Errorf("try the passphrase on %s: %w", k.The(), err)
		}
	}
	return nil
}

// groupsOf breaks hex groups into lines of n groups each.
func groupsOf(groups string, n int) string {
	parts := strings.Fields(groups)
	var lines []string
	for i := 0; i < len(parts); i += n {
		lines = append(lines, strings.Join(parts[i:min(i+n, len(parts))], " "))
	}
	return strings.Join(lines, "\n")
}
