package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signer/ceremony/tuf"
)

// explainExpired says what an expired root means: the next ceremony mends it.
func (s *Session) explainExpired(ctx context.Context) error {
	latest := s.State.Known.Latest()
	text := []Block{Table(s.knownRows()...)}
	if latest.Expires.After(s.State.Now) {
		text = append(text, Para(fmt.Sprintf("Root %d has not expired: clients still take it. If they stop all the same, look at the other dates.", latest.Version)))
	} else {
		text = append(text, Para(fmt.Sprintf("Every client has stopped, and none is lost: a client looks for root %d before it looks at the date. As soon as a new root is published, all go on.", latest.Version+1)))
	}
	return s.read(ctx, Question{ID: "situation", Title: "An expired root", Text: text,
		Prompt: "Choose Renew, or Rotate if a year has passed. Enter ends this."})
}

// explainLostKeys counts what is left.
func (s *Session) explainLostKeys(ctx context.Context) error {
	if err := s.chooseKeys(ctx, "Which root keys are lost?", "lost",
		"A key is lost when no drive that holds it can be read, or nobody knows its passphrase. Try every backup first: Check drives does that."); err != nil {
		return err
	}
	root := s.State.Known.Latest()
	left, want := len(root.Roles[tuf.RoleRoot].KeyIDs)-len(s.State.Recovery.Keys), root.Roles[tuf.RoleRoot].Threshold
	s.note("lost: %s; %s left, and %d must sign", s.namesOf(s.State.Recovery.Keys), plural(left, "root key is", "root keys are"), want)
	if left >= want {
		return s.read(ctx, Question{ID: "situation", Title: "The root can still be signed", Prompt: "Choose Rotate. Enter ends this.",
			Text: []Block{Table(Row{"Lost", s.namesOf(s.State.Recovery.Keys)}, Row{"Left", fmt.Sprintf("%d keys, %d must sign", left, want)}),
				Para("Clients notice nothing. Rotate now, while that is so: the lost keys are replaced by new ones, and the others sign it."),
				Para("A key that is lost may be found by somebody else. If that cannot be ruled out, choose what is said of a stolen one.")}})
	}
	return s.read(ctx, Question{ID: "situation", Title: "No root can be signed any more", Prompt: "Enter ends this.",
		Text: []Block{Table(Row{"Left", plural(left, "key", "keys") + fmt.Sprintf(", and %d must sign", want)}, Row{"Root expires", daysLeft(tuf.RoleRoot, root.Expires, s.State.Now)}),
			Warn("No program can mend this: clients take a new root only from those keys."),
			Para("Until the root expires, releasers go on as before. After that every client stops, for good."),
			Para("Before that day: Create makes a new repository, with a root 1 of its own. Each client must get that root in another way than by an update: a new installation package (fleetctl package --update-roots), or device management. Keep the old repository running until the last one has it.")}})
}

// chooseKeys has root keys marked, one after the other.
func (s *Session) chooseKeys(ctx context.Context, title, mark, text string) error {
	return s.chooseMarked(ctx, marking{title: title, mark: mark, text: text, keys: s.State.Known.rootHolders()})
}

// marking is a page on which keys and drives are marked.
type marking struct {
	title, mark, text string
	keys              []holder
	drives            []KnownDrive
}

func (s *Session) chooseMarked(ctx context.Context, m marking) error {
	for {
		s.asked = 0 // Esc on the page leaves it, whatever was marked
		delete(s.recall, "marked")
		way, err := s.choose(ctx, m.question(s.State.Recovery))
		if err != nil || way == "go" {
			return err
		}
		m.toggle(&s.State.Recovery, way)
	}
}

func (m marking) question(r Recovery) Question {
	q := Question{ID: "marked", Title: m.title, Text: []Block{Para(m.text)}, Default: "key-1",
		Prompt: "Choose each one, then go on.", Options: []Option{{Key: "go", Label: "Go on"}}}
	if len(r.Keys)+len(r.Drives) == 0 {
		q.Options[0].Disabled = "nothing is marked"
	} else {
		q.Default = "go"
	}
	state := func(marked bool) string {
		if marked {
			return m.mark
		}
		return "safe"
	}
	for i, h := range m.keys {
		q.Options = append(q.Options, Option{Key: "key-" + strconv.Itoa(i+1), Label: "root key of " + cmpName(h) + ", " + h.KeyID.Short(), Value: state(slices.Contains(r.Keys, h.KeyID))})
	}
	for i, d := range m.drives {
		q.Options = append(q.Options, Option{Key: "drive-" + strconv.Itoa(i+1), Label: Foreign(d.Label) + ", a " + string(d.Role) + " drive", Value: state(slices.Contains(r.Drives, d.Label))})
	}
	if len(m.keys) == 0 && q.Default != "go" {
		q.Default = "drive-1"
	}
	return q
}

func (m marking) toggle(r *Recovery, way string) {
	*r = r.clone()
	kind, n, _ := strings.Cut(way, "-")
	i, err := strconv.Atoi(n)
	switch {
	case err != nil:
	case kind == "key" && i <= len(m.keys):
		r.Keys = toggled(r.Keys, m.keys[i-1].KeyID)
	case kind == "drive" && i <= len(m.drives):
		r.Drives = toggled(r.Drives, m.drives[i-1].Label)
	}
}

func toggled[T comparable](list []T, one T) []T {
	if i := slices.Index(list, one); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return append(list, one)
}

// explainExposed says what whoever has the keys can do, and marks stolen drives.
func (s *Session) explainExposed(ctx context.Context) error {
	m := marking{title: "What was stolen or exposed?", mark: "exposed", keys: s.State.Known.rootHolders(), drives: s.drivesAbout(),
		text: "Mark the drive that is gone, or a key of which somebody may know both file and passphrase. A locked file alone is as safe as its passphrase: count it as exposed all the same."}
	if err := s.chooseMarked(ctx, m); err != nil {
		return err
	}
	root := s.State.Known.Latest()
	exposed, online := s.exposedKeys()
	s.loseDrives()
	want := root.Roles[tuf.RoleRoot].Threshold
	s.note("exposed: %s", s.namesOf(exposed))
	text := []Block{Table(Row{"Root keys exposed", fmt.Sprintf("%d, and %d must sign", len(exposed), want)})}
	switch {
	case len(exposed) >= want:
		text = append(text, Warn("Whoever has them can sign a root of their own. A client that is offered it takes it, and every update that follows: any program, on every computer. It never comes back to yours."),
			Para("It must be offered first: take hold of the web server and its credentials now. Then Rotate, all root keys, and publish within the hour: a client that has your new root cannot be led away any more."),
			Para("Compare the root on clients with yours. Those that have another one, and those that cannot be asked, are installed again with the new root in the package."))
	case len(exposed) > 0:
		text = append(text, Para(fmt.Sprintf("They are not enough to sign anything: %d more would be needed. No client is in danger today.", want-len(exposed))),
			Para("Rotate now, and replace at least these keys. When the new root is published they are worth nothing."))
	}
	if online {
		text = append(text, Para("A releaser's keys are exposed: with them, updates can be signed until the root takes them away. Choose Remove keys, and there: compromised."))
	}
	if len(exposed) == 0 && !online {
		text = append(text, Para("No private key is on it. Whoever has it can read what is public in any case."))
	}
	return s.read(ctx, Question{ID: "situation", Title: "What that means", Text: text, Prompt: s.whatIsNoted()})
}

// exposedKeys are the root keys that are exposed, and whether a releaser's are.
func (s *Session) exposedKeys() (root []tuf.KeyID, online bool) {
	root = slices.Clone(s.State.Recovery.Keys)
	is := s.State.Known.Latest().Roles[tuf.RoleRoot].KeyIDs
	for _, d := range s.State.Known.Drives {
		if !slices.Contains(s.State.Recovery.Drives, d.Label) {
			continue
		}
		online = online || d.Role == Signing
		for _, id := range d.Keys {
			if slices.Contains(is, id) && !slices.Contains(root, id) {
				root = append(root, id)
			}
		}
	}
	return root, online
}

// whatIsNoted says what comes after the page.
func (s *Session) whatIsNoted() string {
	if len(s.State.Recovery.Drives) == 0 {
		return "Enter ends this; nothing is written."
	}
	return "Next, the ledgers note what is gone."
}
