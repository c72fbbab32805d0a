package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signer/ceremony/tuf"
)

// Here it is decided which online keys go, and who signs from then on.

// chooseKeysToRemove asks what has happened, whose keys go, and who takes over.
func chooseKeysToRemove(ctx context.Context, s *Session) error {
	if err := s.Part(ctx, "happened", s.askHappened); err != nil {
		return err
	}
	if s.State.Removal.Exposed {
		if err := s.Part(ctx, "exposed", s.explainExposure); err != nil {
			return err
		}
	} else {
		if err := s.Part(ctx, "whose", s.askWhose); err != nil {
			return err
		}
		if err := s.Part(ctx, "takeover", s.askTakeover); err != nil {
			return err
		}
	}
	return s.Part(ctx, "heir", s.askHeir)
}

func (s *Session) askHappened(ctx context.Context) error {
	way, err := s.choose(ctx, Question{ID: "happened", Title: "What has happened?", Default: "leaves",
		Text:   []Block{Para("If you do not know whether somebody else has the keys, choose the second: it costs the releasers new keys, and nothing else.")},
		Prompt: "Why do keys go?",
		Options: []Option{{Key: "leaves", Label: "A releaser leaves, or gets new keys"},
			{Key: "exposed", Label: "Somebody else may have keys: stolen, copied, seen"}}})
	s.State.Removal.Exposed = way == "exposed"
	return err
}

// onlineKeys are those of the latest root, each with its role and holder.
func (k Known) onlineKeys() []holder {
	var out []holder
	for _, role := range tuf.OnlineRoles() {
		for _, h := range k.holdersOf(k.Latest(), role) {
			h.Role = role
			out = append(out, h)
		}
	}
	return out
}

// whose are the online keys of each holder, by name. A key of whom nobody is known
// stands alone.
func (k Known) whose() [][]holder {
	var out [][]holder
	for _, h := range k.onlineKeys() {
		i := slices.IndexFunc(out, func(o []holder) bool { return o[0].KeyID == h.KeyID || h.Holder != "" && o[0].Holder == h.Holder })
		if i < 0 {
			out = append(out, []holder{h})
			continue
		}
		out[i] = append(out[i], h)
	}
	slices.SortStableFunc(out, func(a, b []holder) int { return strings.Compare(holderText(a[0]), holderText(b[0])) })
	return out
}

// askWhose offers each holder's keys together, and single ones.
func (s *Session) askWhose(ctx context.Context) error {
	groups := s.State.Known.whose()
	q := Question{ID: "whose", Title: "Which keys", Prompt: "Whose keys go?"}
	for i, keys := range groups {
		key := slug(holderText(keys[0]))
		if slices.ContainsFunc(q.Options, func(o Option) bool { return o.Key == key }) {
			key += "-" + strconv.Itoa(i+1) // two names may differ in signs that a key does not have
		}
		q.Options = append(q.Options, Option{Key: key, Label: holderText(keys[0]), Value: rolesOf(keys)})
	}
	q.Default = q.Options[0].Key
	q.Options = append(q.Options, Option{Key: "one", Label: "A single key"})
	way, err := s.choose(ctx, q)
	if err != nil {
		return err
	}
	if way == "one" {
		return s.askSingle(ctx)
	}
	i := slices.IndexFunc(q.Options, func(o Option) bool { return o.Key == way })
	s.State.Removal.Leaves = idsOf(groups[i])
	return nil
}

func (s *Session) askSingle(ctx context.Context) error {
	keys := s.State.Known.onlineKeys()
	q := Question{ID: "whose.key", Title: "Which key", Prompt: "Which key goes?"}
	for _, h := range keys {
		q.Options = append(q.Options, Option{Key: h.KeyID.String()[:8] + "-" + string(h.Role), Label: string(h.Role) + " key of " + holderText(h), Value: h.KeyID.Short()})
	}
	q.Default = q.Options[0].Key
	way, err := s.choose(ctx, q)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(q.Options, func(o Option) bool { return o.Key == way })
	s.State.Removal.Leaves = []tuf.KeyID{keys[i].KeyID}
	return nil
}

func holderText(h holder) string {
	if h.Holder == "" {
		return "nobody known, key " + h.KeyID.Short()
	}
	return h.Holder
}

func rolesOf(keys []holder) string {
	var roles []string
	for _, h := range keys {
		if !slices.Contains(roles, string(h.Role)) {
			roles = append(roles, string(h.Role))
		}
	}
	return strings.Join(roles, ", ")
}

func idsOf(keys []holder) []tuf.KeyID {
	var ids []tuf.KeyID
	for _, h := range keys {
		if !slices.Contains(ids, h.KeyID) {
			ids = append(ids, h.KeyID)
		}
	}
	return ids
}

// askTakeover asks who signs from now on. A role without keys would be the end of
// all updates, so the last key of one is never taken without another in its place.
func (s *Session) askTakeover(ctx context.Context) error {
	none := s.roleWithoutKeys()
	q := Question{ID: "takeover", Title: "Who signs from now on?", Default: "others", Prompt: "What takes the place of the keys that go?",
		Text: []Block{Para("A key that a releaser made on another computer is added first, with the ceremony Add a releaser; then the old one is removed here.")},
		Options: []Option{{Key: "others", Label: "Nothing: the others go on", Disabled: none},
			{Key: "new", Label: "New keys, made here, on a new signing drive"}}}
	if none != "" {
		q.Default = "new"
	}
	way, err := s.choose(ctx, q)
	s.State.Removal.Heir = ""
	if way == "new" {
		s.State.Removal.Heir = theHeir
	}
	return err
}

// theHeir stands for who takes over until the name is known.
const theHeir = "Releaser"

// roleWithoutKeys says why the keys cannot go without others in their place.
func (s *Session) roleWithoutKeys() string {
	for _, role := range tuf.OnlineRoles() {
		if len(s.staying(role)) == 0 {
			return fmt.Sprintf("nobody else has a %s key, and clients would take no update again", role)
		}
	}
	return ""
}

// askHeir names who holds the keys that are made here, and the drive that they go
// onto.
func (s *Session) askHeir(ctx context.Context) error {
	if s.State.Removal.Heir == "" {
		s.State.Labels = nil
		return nil
	}
	a, err := s.ask(ctx, Question{ID: "heir", Kind: Type, Title: "Who signs from now on?", Default: s.usualHeir(),
		Text:   []Block{Para("The name of the person or team that gets the new keys: " + joined(s.replaced()) + ". It is public.")},
		Prompt: "Who will hold the new keys?"}, fitsName)
	if err != nil {
		return err
	}
	s.State.Removal.Heir = strings.TrimSpace(a.Text)
	s.State.Labels = []string{s.heirLabel()}
	if tray, ok := s.env.Drives.(Stocked); ok {
		return tray.Add(s.State.Labels[0])
	}
	return nil
}

// usualHeir is who had exposed keys: the person stays, and the keys go.
func (s *Session) usualHeir() string {
	if keys := s.State.Known.onlineKeys(); s.State.Removal.Exposed && len(keys) > 0 {
		return keys[0].Holder
	}
	return ""
}

// heirLabel is that of the new signing drive. The one that is given up keeps its
// own: two of one label would be mistaken for one another.
func (s *Session) heirLabel() string {
	first := signingLabel + "-" + slug(s.State.Removal.Heir)
	label := first
	for n := 2; slices.ContainsFunc(s.State.Known.Drives, func(d KnownDrive) bool { return d.Label == label }); n++ {
		label = fmt.Sprintf("%s-%d", first, n)
	}
	return label
}

// removalRows are what goes, what comes and what is signed again.
func (s *Session) removalRows() []Row {
	var rows []Row
	for _, keys := range s.State.Known.whose() {
		goes := slices.DeleteFunc(slices.Clone(keys), func(h holder) bool { return !s.State.Removal.leaves(h.KeyID) })
		if len(goes) > 0 {
			rows = append(rows, Row{"Goes", holderText(goes[0]) + ": " + rolesOf(goes)})
		}
	}
	if roles := s.replaced(); len(roles) > 0 {
		rows = append(rows, Row{"Comes", s.State.Removal.Heir + ": " + joined(roles)})
	}
	if s.State.Removal.Signed {
		return append(rows, Row{"Files", "signed by those who stay, as they are"})
	}
	return append(rows, Row{"Signed again", joined(s.toSign())}, Row{"Files from", s.State.Removal.Files})
}

// thresholdWords say where fewer keys are left than had to sign.
func (s *Session) thresholdWords() (blocks []Block) {
	for _, role := range tuf.OnlineRoles() {
		if is, was := s.thresholdAfter(role), s.State.Known.Latest().Roles[role].Threshold; is < was {
			blocks = append(blocks, Warn(fmt.Sprintf("%d %s keys had to sign, and so many are not left: from now on %d must.", was, role, is)))
		}
	}
	return blocks
}

func joined(roles []tuf.Role) string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}
