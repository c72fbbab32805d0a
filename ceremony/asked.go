package ceremony

import (
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// Asked is what somebody asks for on a transfer drive: keys of online roles. Of
// what was brought nothing else is ever taken.
type Asked struct {
	From   string // "request.json", "staged/root.json"; "" when the keys are made here
	Holder string // as the request says it; "" when it does not
	Keys   []AskedKey
	Notes  []string // for people: what was ignored, and what the keys do not show
}

// AskedKey is one key for one role.
type AskedKey struct {
	Role   tuf.Role
	Key    tuf.Key
	Proven bool // its private key signed for the root it was asked for
	Taken  bool
}

// askedOn reads what is asked for on a drive, by a request or by a root that
// `tuf gen-key` staged. The second result says why none of it is taken.
func (s *Session) askedOn(b *brought) (Asked, string) {
	var asked Asked
	var wrong string
	switch staged := b.staged(); {
	case b.request != nil:
		asked, wrong = s.readRequest(b.request)
	case staged != nil:
		asked, wrong = s.readWish(staged)
	default:
		return Asked{}, "There is neither " + RequestName + " nor staged/root.json on this drive." + refusals(b)
	}
	if wrong != "" {
		return asked, wrong
	}
	asked.Notes = append(asked.Notes, b.oddities()...)
	return asked, s.cannotTake(asked)
}

// refusals say what stands in the place of what is looked for.
func refusals(b *brought) string {
	var out []string
	for _, r := range b.layout.Refused {
		out = append(out, fmt.Sprintf(" %s was not read: %s.", Foreign(r.Name), Foreign(r.Err.Error())))
	}
	return strings.Join(out[:min(len(out), 3)], "")
}

// readRequest reads request.json, and holds it against the roots that are known.
func (s *Session) readRequest(file []byte) (Asked, string) {
	r, err := ParseKeyRequest(file)
	if err != nil {
		return Asked{}, refused(RequestName, RequestName+": ", err)
	}
	known := s.State.Known
	switch {
	case r.Rehearsal != s.env.Rehearsal && r.Rehearsal:
		return Asked{}, "This request is of a REHEARSAL. A real ceremony does not use it."
	case r.Rehearsal != s.env.Rehearsal:
		return Asked{}, "This request is for a REAL ceremony. A rehearsal does not use it."
	case r.Repository != nil && *r.Repository != known.Chain.First():
		return Asked{}, fmt.Sprintf("This request is for another repository (%s).", r.Repository.Groups()[:19])
	}
	asked := Asked{From: RequestName, Holder: r.Holder}
	note, wrong := s.madeFor(r.Root)
	if wrong != "" {
		return asked, wrong
	}
	asked.Notes = append(asked.Notes, note...)
	for _, k := range r.Keys {
		asked.Keys = append(asked.Keys, AskedKey{Role: k.Role, Key: k.Key, Proven: k.Proven(), Taken: true})
		if !k.Proven() {
			asked.Notes = append(asked.Notes, fmt.Sprintf("the %s key %s comes without a proof that its private key exists", k.Role, k.Key.ID.Short()))
		}
	}
	return asked, ""
}

// refused says why a file is, without the words that the error begins with.
func refused(name, begins string, err error) string {
	return name + " is refused: " + strings.TrimPrefix(Foreign(err.Error()), begins) + "."
}

// madeFor compares the root that a request names with those that are known.
func (s *Session) madeFor(mark RootMark) (notes []string, wrong string) {
	known := s.State.Known
	latest := known.Latest()
	if mark.Version > latest.Version {
		return nil, fmt.Sprintf("This request is for root %d, and root %d is the latest that is known here. Bring the newest repository drive.", mark.Version, latest.Version)
	}
	i := mark.Version - max(1, known.Public.Base)
	if i < 0 {
		return nil, fmt.Sprintf("This request is for root %d, which is lost.", mark.Version)
	}
	root, err := tuf.ParseRoot(known.Public.Roots[i], tuf.History)
	switch {
	case err != nil:
		return nil, asSentence(err.Error())
	case root.Digest() != mark.Signed:
		return nil, fmt.Sprintf("This request is for another root %d (%s) than the one that is known (%s).", mark.Version,
			mark.Signed.Groups()[:9], root.Digest().Groups()[:9])
	case mark.Version < latest.Version:
		notes = append(notes, fmt.Sprintf("it was made for root %d; now there is root %d", mark.Version, latest.Version))
	}
	return notes, ""
}

// readWish reads a root that was staged on the releaser's computer.
func (s *Session) readWish(staged []byte) (Asked, string) {
	wish, err := tuf.ReadWish(s.State.Known.Public.Roots, staged)
	if err != nil {
		return Asked{}, refused("staged/root.json", "read a wish: ", err)
	}
	if len(wish.Refused) > 0 {
		return Asked{}, "staged/root.json is refused. " + strings.Join(wish.Refused[:min(len(wish.Refused), 6)], " ")
	}
	asked := Asked{From: "staged/root.json", Notes: wish.Ignored}
	if !wish.Current {
		asked.Notes = append(asked.Notes, fmt.Sprintf("it was made for root %d; now there is root %d", wish.Based, s.State.Known.Latest().Version))
	}
	for _, g := range wish.Grants {
		asked.Keys = append(asked.Keys, AskedKey{Role: g.Role, Key: g.Key, Taken: true})
	}
	if len(asked.Keys) > 0 {
		asked.Notes = append(asked.Notes, "the keys come without a proof that their private keys exist")
	}
	return asked, ""
}

// cannotTake derives the root with all keys that are asked for, and says why that
// cannot be.
func (s *Session) cannotTake(asked Asked) string {
	if len(asked.Keys) == 0 {
		return "No key is asked for that the root does not have already."
	}
	if s.hasAlready(asked) {
		return fmt.Sprintf("Root %d gives these keys their roles already. If it is not on the web server yet, upload repository/%[1]d.root.json and then repository/root.json from the repository drive.",
			s.State.Known.Latest().Version)
	}
	_, err := tuf.Derive(s.State.Known.Chain, tuf.Change{Name: "releaser", Grants: asked.grants("nobody"), Expires: s.inAYear()}, s.State.Now)
	if err != nil {
		return "These keys cannot be added: " + Foreign(err.Error()) + "."
	}
	return ""
}

// hasAlready says whether the latest root has all that is asked for: the ceremony was
// done, and perhaps cut short at its end.
func (s *Session) hasAlready(asked Asked) bool {
	roles := s.State.Known.Latest().Roles
	return !slices.ContainsFunc(asked.Keys, func(k AskedKey) bool { return !slices.Contains(roles[k.Role].KeyIDs, k.Key.ID) })
}

// grants are the keys that are taken.
func (a Asked) grants(holder string) []tuf.Grant {
	var out []tuf.Grant
	for _, k := range a.Keys {
		if k.Taken {
			out = append(out, tuf.Grant{Role: k.Role, Key: k.Key, Holder: holder})
		}
	}
	return out
}

func (a Asked) clone() Asked {
	a.Keys, a.Notes = slices.Clone(a.Keys), slices.Clone(a.Notes)
	return a
}
