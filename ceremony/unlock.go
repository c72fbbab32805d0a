package ceremony

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// unlockRootKeys has holders unlock root keys of the latest root, drive by drive,
// until as many can sign as it wants.
func unlockRootKeys(ctx context.Context, s *Session) error {
	return s.Part(ctx, "unlock", func(ctx context.Context) error {
		return s.gatherKeys(ctx, tuf.RoleRoot, RootBackup, func() int { return s.signersMissing(tuf.RoleRoot) })
	})
}

// signersMissing is how many more keys of a role of the latest root must be
// unlocked before its threshold can sign.
func (s *Session) signersMissing(role tuf.Role) int {
	missing := 0
	for _, list := range s.listsOf(role) {
		missing = max(missing, s.missingBy(list, role))
	}
	return missing
}

// missingBy is how many more keys must sign by the list of one root.
func (s *Session) missingBy(list *tuf.Root, role tuf.Role) int {
	n := 0
	for _, id := range list.Roles[role].KeyIDs {
		if _, err := s.Keys.Key(id); err == nil || s.hasSigned(id) {
			n++
		}
	}
	return max(0, list.Roles[role].Threshold-n)
}

// hasSigned says whether the root that is continued came with a signature by the
// key.
func (s *Session) hasSigned(id tuf.KeyID) bool {
	return s.State.Draft != nil && slices.Contains(s.State.Draft.Signed(), id)
}

// rootLists are the roots whose keys sign the next one: the one in force, and
// when it is derived its own.
func (s *Session) rootLists() []*tuf.Root { return s.listsOf(tuf.RoleRoot) }

func (s *Session) listsOf(role tuf.Role) []*tuf.Root {
	lists := []*tuf.Root{s.State.Known.Latest()}
	if s.State.Draft != nil && role == tuf.RoleRoot {
		lists = append(lists, s.State.Draft.Root())
	}
	return lists
}

// listed are the keys that these roots name for a role.
func (s *Session) listed(role tuf.Role) []tuf.KeyID {
	var ids []tuf.KeyID
	for _, list := range s.listsOf(role) {
		ids = append(ids, list.Roles[role].KeyIDs...)
	}
	return ids
}

// unlocked are the keys of a role of a root that are in memory now.
func (s *Session) unlocked(root *tuf.Root, role tuf.Role) []*tuf.PrivateKey {
	var out []*tuf.PrivateKey
	for _, id := range root.Roles[role].KeyIDs {
		if key, err := s.Keys.Key(id); err == nil {
			out = append(out, key)
		}
	}
	return out
}

// gatherKeys visits drives until nothing is missing, or nobody else is here.
func (s *Session) gatherKeys(ctx context.Context, role tuf.Role, from DriveRole, missing func() int) error {
	var asked []string // serials of the drives whose holders were asked
	for missing() > 0 {
		before := s.State.Known.Latest().Version
		if len(asked) > 0 && s.nextUnasked(from, asked) == "" { // nobody else has a drive
			done, err := s.tooFewSigners(ctx)
			if done || err != nil {
				return err
			}
			asked = nil
		}
		d, way, err := s.visitDrive(ctx, s.keyVisit(role, from, missing(), asked))
		switch {
		case err != nil:
			return err
		case way == "enough":
			done, err := s.tooFewSigners(ctx)
			if done || err != nil {
				return err
			}
			asked = nil // whoever was passed over may have come
			continue
		case s.State.Known.Latest().Version > before:
			return s.foundNewerRoot(ctx, d)
		}
		if err := s.askHolders(ctx, role, d, missing); err != nil {
			return err
		}
		s.met(d)
		asked = append(asked, d.drive.Serial)
	}
	return nil
}

// keyVisit asks for the next drive with keys of a role.
func (s *Session) keyVisit(role tuf.Role, from DriveRole, missing int, asked []string) visit {
	known := s.learning("a "+string(from)+" drive", from)
	v := visit{id: "unlock." + string(role), title: asTitle(role) + " keys", label: s.nextLabel(from, asked),
		prompt: fmt.Sprintf("Insert a %s drive", from),
		text: []Block{Para(fmt.Sprintf("%s. Each is unlocked by its holder, from a drive on which it lies.",
			plural(missing, "more "+string(role)+" key has to sign", "more "+string(role)+" keys have to sign")))},
		wrong: func(d *foundDrive) string {
			if slices.Contains(asked, d.drive.Serial) {
				return "The holders of the keys on " + d.label() + " were asked."
			}
			return known(d)
		}}
	v.others = []Option{{Key: "enough", Label: "No other holder is here today"}}
	return v
}

func asTitle(role tuf.Role) string { return strings.ToUpper(string(role[:1])) + string(role[1:]) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// nextLabel is the drive that people are likely to have at hand.
func (s *Session) nextLabel(role DriveRole, asked []string) string {
	switch label := s.nextUnasked(role, asked); {
	case label != "":
		return label
	case role == Signing:
		return signingLabel
	}
	return backupLabel(1)
}

// nextUnasked is a drive with a key that is still locked, as the ledger has it.
func (s *Session) nextUnasked(role DriveRole, asked []string) string {
	locked := func(id tuf.KeyID) bool { _, err := s.Keys.Key(id); return err != nil }
	for _, d := range s.State.Known.drivesInUse(role) {
		// Each holder may have drives of their own, and two of them.
		if !slices.Contains(asked, d.Serial) && (len(d.Keys) == 0 || slices.ContainsFunc(d.Keys, locked)) {
			return d.Label
		}
	}
	return ""
}

// ErrUnpublished is a root that was signed in an earlier ceremony and did not get
// onto the repository drive.
var ErrUnpublished = errors.New("a signed root was not written out; recover does that")

// foundNewerRoot ends the ceremony when a drive knows of a root that the
// repository drive does not: there must never be two of one version.
func (s *Session) foundNewerRoot(ctx context.Context, d *foundDrive) error {
	k := s.State.Known
	if !s.sawToday(Repository) {
		return s.foundLaterDrive(ctx, d)
	}
	err := s.read(ctx, Question{ID: "unpublished", Title: "A root was signed and not written out", Prompt: "Enter ends this ceremony.",
		Text: []Block{Warn(fmt.Sprintf("%s holds root %d, signed on an earlier day. The repository drive that was read has not seen it.", d.label(), k.Latest().Version)),
			Para("There must never be two roots of one version, so nothing is signed now. Choose Recover: it writes that root out again, or abandons it.")}})
	if err != nil {
		return err
	}
	return ErrUnpublished
}

// ErrOutdatedDrive is a ceremony that began from a drive which did not know the
// latest root.
var ErrOutdatedDrive = errors.New("the drive that was read first does not know the latest root; begin again with the repository drive")

// foundLaterDrive ends the ceremony when it began from a root backup that was not
// here when the latest root was signed.
func (s *Session) foundLaterDrive(ctx context.Context, d *foundDrive) error {
	err := s.read(ctx, Question{ID: "outdated", Title: "The first drive is not up to date", Prompt: "Enter ends this ceremony. Nothing was written.",
		Text: []Block{Warn(fmt.Sprintf("%s has root %d. The drive that was read first has not seen it.", d.label(), s.State.Known.Latest().Version)),
			Para("What was decided so far was decided about an older root. Begin again, and insert the repository drive first.")}})
	if err != nil {
		return err
	}
	return ErrOutdatedDrive
}

// askHolders has each holder of a key on the drive unlock it, while keys are
// missing. Enter alone passes one over.
func (s *Session) askHolders(ctx context.Context, role tuf.Role, d *foundDrive, missing func() int) error {
	for _, name := range d.keyFiles() {
		if missing() == 0 {
			return nil
		}
		if h, ok := s.wanted(role, d, name); ok {
			if err := s.unlockFrom(ctx, d, name, h); err != nil {
				return err
			}
		}
	}
	return nil
}

// wanted says whose key a file holds, as the drive's own ledger has it, and
// whether the latest root names that key for the role and it is still locked.
// What is not known is asked for.
func (s *Session) wanted(role tuf.Role, d *foundDrive, file string) (holder, bool) {
	if s.opened(d.files[file]) {
		return holder{}, false
	}
	listed := s.listed(role)
	known := slices.Concat(holdersOn(d), s.State.Known.Holders)
	found := holder{Role: role, Name: keyNameOf(file)}
	for _, h := range known {
		if (HeldKey{Name: h.Name}).FileName() != file {
			continue
		}
		if slices.Contains(listed, h.KeyID) {
			_, err := s.Keys.Key(h.KeyID)
			return h, err != nil && !s.hasSigned(h.KeyID)
		}
		found = h
	}
	return found, found.KeyID.IsZero()
}

// opened says whether the file was unlocked today.
func (s *Session) opened(file []byte) bool { return s.proven[tuf.DigestOf(file)] }

// keyNameOf is the name of the key in a file: root-1 for keys/root1.json.
func keyNameOf(file string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(file, "keys/"), ".json")
	if n, numbered := strings.CutPrefix(name, "root"); numbered && n != "" {
		return "root-" + n
	}
	return name
}

// someHolder stands on a page for a name that no drive tells; it is written nowhere.
const someHolder = "its holder"

// unlockFrom has the holder unlock one key file. Keys that no role of the latest
// root has are named, and not kept.
func (s *Session) unlockFrom(ctx context.Context, d *foundDrive, file string, h holder) error {
	k := HeldKey{Name: h.Name, Role: h.Role, Holder: cmp.Or(h.Holder, someHolder)}
	q := Question{ID: k.Name + ".passphrase", Kind: Passphrase, Title: "Unlock " + k.The(), Optional: true,
		Text: append([]Block{Para(fmt.Sprintf("From %s, the file %s. Only %s types.", d.label(), file, k.Holder)),
			Para("Enter alone: " + k.Holder + " is not here today.")}, s.stagedHint(k.PassphraseName())...),
		Prompt: "Passphrase " + k.PassphraseName() + ":"}
	for {
		a, err := s.ask(ctx, q, nil)
		if err != nil {
			return err
		}
		if len(a.Secret) == 0 {
			s.note("%s: not unlocked, %s is not here", k.Title(), k.Holder)
			return nil
		}
		keys, err := s.openBeside(ctx, k, d.files[file], a.Secret)
		a.Secret.Wipe()
		if errors.Is(err, tuf.ErrWrongPassphrase) {
			q.Problem = "That passphrase did not open the key. Type it again, or Enter alone to pass it over."
			continue
		}
		if err != nil {
			return s.unusable(ctx, keyPlace{d.label(), file, d.files[file]}, err)
		}
		s.took(d, file, k, keys)
		return nil
	}
}

// unusable passes over a key file that no passphrase will open. What stopped the
// work by a person's will passes.
func (s *Session) unusable(ctx context.Context, at keyPlace, err error) error {
	if ctx.Err() != nil || errors.Is(err, ErrStop) || errors.Is(err, ErrBack) {
		return err
	}
	s.trouble("%s on %s cannot be used: %v", at.name, at.drive, err)
	return nil
}

// openBeside unlocks a file and has every key in it sign, while the screen says
// so.
func (s *Session) openBeside(ctx context.Context, k HeldKey, file []byte, pass secret.Bytes) (keys []*tuf.PrivateKey, err error) {
	_, err = s.askBeside(ctx, Question{ID: k.Name + ".unlocking", Kind: Wait, Title: "Unlock " + k.The(), NoBack: true,
		Prompt: "Unlocking " + k.The()}, func(context.Context) error {
		if keys, err = s.opener().Open(file, pass); err != nil {
			return err
		}
		for _, key := range keys {
			if err := s.provesItself(key); err != nil {
				return err
			}
		}
		return nil
	})
	return keys, err
}

// took keeps the keys of a file that the latest root names.
func (s *Session) took(d *foundDrive, file string, k HeldKey, keys []*tuf.PrivateKey) {
	s.proven[tuf.DigestOf(d.files[file])] = true
	for _, key := range keys {
		listed := tuf.Role("")
		for _, role := range tuf.Roles() {
			if slices.Contains(s.listed(role), key.ID()) {
				listed = role
			}
		}
		if listed == "" {
			s.note("%s on %s: no root that is published names its key %s", file, d.label(), key.ID().Short())
			key.Wipe()
			continue
		}
		held := HeldKey{Name: k.Name, Role: listed, Holder: k.Holder, Key: key.Key(), File: d.files[file]}
		if h, ok := s.State.Known.holderOf(key.ID()); ok {
			held.Holder = h.Holder
		}
		s.Keys.Add(key)
		s.State.putHeld(held)
		s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s: unlocked, signs %s", held.Title(), held.Key.ID.Short()), Data: held.data()})
	}
}

// putHeld notes a key that was met on a drive.
func (s *State) putHeld(k HeldKey) {
	s.Held = slices.DeleteFunc(slices.Clone(s.Held), func(h HeldKey) bool { return h.Key.ID == k.Key.ID })
	s.Held = append(s.Held, k)
}

// tooFewSigners says what can be done when not all are here. Done means that the
// root is to be signed in part.
func (s *Session) tooFewSigners(ctx context.Context) (done bool, err error) {
	n := len(s.rootSigners())
	q := Question{ID: "unlock.few", Title: "Not enough root keys", Default: "again", Prompt: "How shall it go on?",
		Text: []Block{Para(fmt.Sprintf("%s unlocked, and %s to sign.", plural(n, "root key is", "root keys are"),
			plural(s.signersMissing(tuf.RoleRoot), "more has", "more have"))),
			Para("A root that is signed in part travels on a transfer drive to whoever holds the others. Clients take nothing of it before it is complete.")},
		Options: []Option{{Key: "again", Label: "Go on: somebody else has come"},
			{Key: "part", Label: "Sign with those who are here, the others sign later", Disabled: s.noPart(n)}}}
	way, err := s.choose(ctx, q)
	s.State.InPart = way == "part"
	return s.State.InPart, err
}

func (s *Session) noPart(unlocked int) string {
	switch {
	case unlocked == 0:
		return "no root key is unlocked"
	case len(s.State.Change.Online) > 0:
		return "online files are signed in the same publish: all must be here"
	}
	return ""
}
