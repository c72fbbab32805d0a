package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signer/ceremony/tuf"
)

// planRotation shows what becomes of each key on one page, where any line can be
// changed.
func planRotation(ctx context.Context, s *Session) error {
	return s.Part(ctx, "plan", func(ctx context.Context) error {
		s.State.Rotation, s.State.Change.Expires = s.usualRotation(), s.inAYear()
		for {
			s.asked = 0 // Esc on the page leaves it, whatever was changed
			delete(s.recall, "plan")
			line, err := s.choose(ctx, s.rotationQuestion())
			switch {
			case err != nil:
				return err
			case line == "go":
				s.nameNewKeys()
				return s.stockRotation()
			}
			if err := s.changeRotation(ctx, line); err != nil && !errors.Is(err, ErrBack) {
				return err
			}
		}
	})
}

func (s *Session) rotationQuestion() Question {
	r := s.State.Rotation
	q := Question{ID: "plan", Title: "The plan", Prompt: "Go on with this plan, or choose a line to change it.", Default: "go",
		Options: []Option{{Key: "go", Label: "Go on with this plan", Disabled: s.rotationProblem()}}}
	for i, k := range r.Keys {
		q.Options = append(q.Options, Option{Key: "key-" + strconv.Itoa(i+1), Label: k.title(i), Value: k.fate()})
	}
	q.Options = append(q.Options,
		Option{Key: "add", Label: "Add a root key", Disabled: r.full()},
		Option{Key: "threshold", Label: "Threshold", Value: fmt.Sprintf("%d of %d sign", r.Threshold, r.size())},
		Option{Key: "backups", Label: "New backups", Value: r.backupsText()},
		Option{Key: "custody", Label: "On each backup", Value: custodyText(r.PerHolder)},
		Option{Key: "expires.root", Label: "Root expires", Value: days(s.State.Change.Expires, s.State.Now)})
	q.Text = (Plan{RootKeys: r.size(), Threshold: r.Threshold, Backups: r.Backups}).remarks()
	if r.Threshold != 2 || r.size() != 3 {
		q.Text = append(q.Text, Para("Two of three is advised: one key can then be lost or stolen without harm."))
	}
	return q
}

func (k RotatedKey) title(i int) string {
	if k.Was != "" {
		return HeldKey{Name: k.Was, Role: tuf.RoleRoot, Holder: k.Holder}.Title()
	}
	return fmt.Sprintf("root key of %s", k.Holder)
}

func (k RotatedKey) fate() string {
	switch k.Fate {
	case FateReplaced:
		return "gets a new key"
	case FateAdded:
		return "is added"
	}
	return string(k.Fate)
}

func (r Rotation) full() string {
	if r.size() >= mostRootKeys {
		return fmt.Sprintf("there are %d", mostRootKeys)
	}
	return ""
}

func (r Rotation) backupsText() string {
	if r.PerHolder {
		return plural(r.Backups, "drive for each holder", "drives for each holder")
	}
	return plural(r.Backups, "drive", "drives")
}

func custodyText(perHolder bool) string {
	if perHolder {
		return "one holder's key"
	}
	return "all root keys"
}

// rotationProblem says why the plan cannot be carried out.
func (s *Session) rotationProblem() string {
	r := s.State.Rotation
	news := slices.ContainsFunc(r.Keys, func(k RotatedKey) bool { return k.Fate != FateStays })
	old := s.State.Known.Latest().Roles[tuf.RoleRoot].Threshold
	switch {
	case r.Threshold < 1 || r.Threshold > r.size():
		return fmt.Sprintf("%d keys cannot give %d signatures", r.size(), r.Threshold)
	case !news && r.Threshold == old:
		return "no key is replaced: that is a renewal"
	}
	if one := s.twoOfOneHolder(); one != "" {
		return one
	}
	return s.twoOfOneLabel()
}

// twoOfOneLabel refuses two holders whose own drives would have one label: the
// second would be taken for the first, and one key would lie on no drive.
func (s *Session) twoOfOneLabel() string {
	if !s.State.Rotation.PerHolder {
		return ""
	}
	first := map[string]string{}
	for _, k := range s.State.Rotation.Keys {
		if k.Fate == FateLeaves {
			continue
		}
		if other, taken := first[slug(k.Holder)]; taken {
			return fmt.Sprintf("the drives of %s and %s would have one label: name them apart in letters a to z", other, k.Holder)
		}
		first[slug(k.Holder)] = k.Holder
	}
	return ""
}

// twoOfOneHolder refuses two keys under one name.
func (s *Session) twoOfOneHolder() string {
	seen := map[string]bool{}
	for _, k := range s.State.Rotation.Keys {
		name := strings.ToLower(k.Holder)
		if k.Fate != FateLeaves && seen[name] {
			return "two root keys are of " + k.Holder + ": name them apart"
		}
		seen[name] = seen[name] || k.Fate != FateLeaves
	}
	return ""
}

// changeRotation asks for one line.
func (s *Session) changeRotation(ctx context.Context, line string) error {
	r := s.State.Rotation.clone()
	defer func() { s.State.Rotation = r }()
	switch n, isKey := strings.CutPrefix(line, "key-"); {
	case isKey:
		i, err := strconv.Atoi(n)
		if err != nil {
			return err
		}
		return s.changeFate(ctx, &r, i-1)
	case line == "add":
		holder, err := s.askHolder(ctx, "plan.add", "Another root key", "")
		if err == nil {
			r.Keys = append(r.Keys, RotatedKey{Holder: holder, Fate: FateAdded})
		}
		return err
	case line == "threshold":
		return s.changeNumber(ctx, line, "How many of them must sign?", 1, r.size(), &r.Threshold)
	case line == "backups":
		return s.changeNumber(ctx, line, "How many new drives?", 1, mostBackups, &r.Backups)
	case line == "custody":
		return s.askCustody(ctx, &r.PerHolder)
	}
	t, err := s.askExpiry(ctx, tuf.RoleRoot, s.State.Change.Expires)
	if err == nil {
		s.State.Change.Expires = t
	}
	return err
}

// askCustody asks whether each holder keeps drives of their own.
func (s *Session) askCustody(ctx context.Context, perHolder *bool) error {
	way, err := s.choose(ctx, Question{ID: "plan.custody", Title: "Who keeps which drives", Default: "all",
		Text:    []Block{Para("All root keys on each backup: few drives, and any one of them is enough to sign, with the holders' passphrases. Each holder with drives of their own: nobody can carry all keys away at once, and a ceremony needs the drives of as many holders as must sign.")},
		Options: []Option{{Key: "all", Label: "All keys on each backup"}, {Key: "own", Label: "Each holder has drives of their own"}},
		Prompt:  "How are the drives kept?"})
	if err == nil {
		*perHolder = way == "own"
	}
	return err
}

// changeFate asks what becomes of one key.
func (s *Session) changeFate(ctx context.Context, r *Rotation, i int) error {
	k := &r.Keys[i]
	q := Question{ID: fmt.Sprintf("plan.key-%d", i+1), Title: k.title(i), Default: string(k.Fate), Prompt: "What becomes of this key?",
		Options: []Option{{Key: "replaced", Label: "A new key takes its place"},
			{Key: "holder", Label: "A new key of somebody else takes its place"},
			{Key: "stays", Label: "It stays"}, {Key: "leaves", Label: "It leaves, and nothing takes its place"}}}
	if k.Old.IsZero() {
		q.Default = "holder"
		q.Options = []Option{{Key: "holder", Label: "Name its holder"}, {Key: "leaves", Label: "Do not add it"}}
	}
	way, err := s.choose(ctx, q)
	switch {
	case err != nil:
		return err
	case way == "holder":
		holder, err := s.askHolder(ctx, q.ID+".holder", k.title(i), k.Holder)
		if err != nil {
			return err
		}
		k.Holder = holder
		if !k.Old.IsZero() {
			k.Fate = FateReplaced
		}
	case k.Old.IsZero():
		r.Keys = slices.Delete(r.Keys, i, i+1)
	default:
		k.Fate = KeyFate(way)
	}
	r.Threshold = min(r.Threshold, r.size())
	return nil
}

func (s *Session) askHolder(ctx context.Context, id, title, is string) (string, error) {
	a, err := s.ask(ctx, Question{ID: id, Kind: Type, Title: title, Default: is,
		Text:   []Block{Para("The name of a person, or of an office. It is public: it stands in the records, beside the key.")},
		Prompt: "Who will hold the new key?"}, fitsName)
	return strings.TrimSpace(a.Text), err
}

// stockRotation settles which drives are made, and puts those into the tray of a
// rehearsal that it lacks.
func (s *Session) stockRotation() error {
	s.State.Labels = s.rotationLabels()
	return s.stock(s.State.Labels)
}

// isHeld says whether a key's file was met today.
func (s *Session) isHeld(id tuf.KeyID) bool {
	return slices.ContainsFunc(s.State.Held, func(k HeldKey) bool { return k.Key.ID == id })
}

// rotationLabels are the drives that the plan makes.
func (s *Session) rotationLabels() []string {
	r := s.State.Rotation
	if !r.PerHolder {
		return s.freeLabels(sharedBackup, r.Backups)
	}
	var labels []string
	for _, k := range r.Keys {
		if k.Name != "" || k.Fate == FateStays && s.isHeld(k.Old) {
			labels = append(labels, s.freeLabels(ownBackup(k.Holder), r.Backups)...)
		}
	}
	return labels
}
