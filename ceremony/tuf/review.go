package tuf

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Review is all that a draft changes, for people to read before it is signed.
type Review struct {
	Version   int64
	Sentences []string // every change, whole; there is no "and others"
	Keys      []ReviewedKey
	Digest    Digest // of the bytes to be signed: what people confirm

	draft *Draft
}

// ReviewedKey is a key of the root, or one that the root no longer has.
type ReviewedKey struct {
	ID       KeyID
	Holder   string
	Roles    []Role // those of the new root; of a key that leaves, those it had
	Standing Standing
}

// Standing says what becomes of a key.
type Standing string

const (
	KeyNew    Standing = "new"
	KeyStays  Standing = "stays"
	KeyLeaves Standing = "leaves"
)

func (d *Draft) describe(now time.Time) (Review, error) {
	old := []byte(nothing)
	if d.previous != nil {
		old = d.previous.Raw
	}
	found, err := differences(old, d.root.Raw)
	if err != nil {
		return Review{}, err
	}
	sentences, err := teller{d, now}.tell(found)
	if err != nil {
		return Review{}, err
	}
	return Review{Version: d.root.Version, Sentences: sentences, Keys: d.keys(), Digest: d.Digest(), draft: d}, nil
}

// keys lists the keys role by role, in steady order, those that leave last.
func (d *Draft) keys() []ReviewedKey {
	var list []ReviewedKey
	add := func(root *Root, standing func(KeyID) Standing, skip func(KeyID) bool) {
		for _, role := range Roles() {
			for _, id := range root.Roles[role].KeyIDs {
				if i := slices.IndexFunc(list, func(k ReviewedKey) bool { return k.ID == id && k.Standing == standing(id) }); i >= 0 {
					list[i].Roles = append(list[i].Roles, role)
				} else if !skip(id) {
					list = append(list, ReviewedKey{id, d.change.holder(id), []Role{role}, standing(id)})
				}
			}
		}
	}
	add(d.root, func(id KeyID) Standing { return d.standing(id) }, func(KeyID) bool { return false })
	if d.previous != nil {
		add(d.previous, func(KeyID) Standing { return KeyLeaves }, d.root.has)
	}
	return list
}

func (d *Draft) standing(id KeyID) Standing {
	if d.previous != nil && d.previous.has(id) {
		return KeyStays
	}
	return KeyNew
}

func (r *Root) has(id KeyID) bool { _, ok := r.Keys[id]; return ok }

// holder is who holds the key, as the change says it.
func (c Change) holder(id KeyID) string {
	i := slices.IndexFunc(c.Grants, func(g Grant) bool { return g.Key.ID == id })
	if i >= 0 {
		return cmp.Or(c.Grants[i].Holder, unnamed)
	}
	return cmp.Or(c.Holders[id], unnamed)
}

const unnamed = "A holder without a name"

// Challenge asks for two words of the review's digest: who types them has the
// page of this very root before them.
type Challenge struct {
	Positions [2]int // from 1 to 32, ascending
	Words     [2]string

	draft *Draft
	words string
}

// Reviewed is a root that was read and confirmed, and the only thing that Sign
// signs. Only Confirm makes one.
type Reviewed struct {
	draft  *Draft
	digest Digest
}

// Errors of reviewing, for errors.Is.
var (
	ErrWords       = errors.New("those are not the words")
	ErrNotReviewed = errors.New("nobody has reviewed this")
)

// Challenge picks the words by rand.
func (r Review) Challenge(rand io.Reader) (Challenge, error) {
	if r.draft == nil {
		return Challenge{}, ErrNotReviewed
	}
	words := r.draft.Digest().Words()
	first, err := pick(rand, len(words))
	if err != nil {
		return Challenge{}, err
	}
	second, err := pick(rand, len(words)-1)
	if err != nil {
		return Challenge{}, err
	}
	if second >= first {
		second++ // of the others
	}
	first, second = min(first, second), max(first, second)
	c := Challenge{Positions: [2]int{first + 1, second + 1}, Words: [2]string{words[first], words[second]}, draft: r.draft}
	c.words = squeezed(c.Words[0] + c.Words[1])
	return c, nil
}

// pick is a number below n, at most 256, each as likely as the next.
func pick(rand io.Reader, n int) (int, error) {
	var b [1]byte
	for {
		if _, err := io.ReadFull(rand, b[:]); err != nil {
			return 0, fmt.Errorf("pick words: %w", err)
		}
		if i := int(b[0]); i < 256-256%n {
			return i % n, nil
		}
	}
}

// Confirm takes the two words in their order, whatever their case and spaces.
func (c Challenge) Confirm(typed string) (Reviewed, error) {
	if c.draft == nil {
		return Reviewed{}, ErrNotReviewed
	}
	if squeezed(typed) != c.words {
		return Reviewed{}, ErrWords
	}
	return Reviewed{c.draft, c.draft.Digest()}, nil
}

func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// Digest names what was reviewed; it is zero when nothing was.
func (r Reviewed) Digest() Digest { return r.digest }
