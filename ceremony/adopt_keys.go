package ceremony

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// takeOverKeys has each key file unlocked once, finds its keys in the root, and
// asks who holds them.
func takeOverKeys(ctx context.Context, s *Session) error {
	for i := range s.State.Adoption.Files {
		if err := s.Part(ctx, fmt.Sprintf("take-over.%d", i), func(ctx context.Context) error { return s.takeOver(ctx, i) }); err != nil {
			return err
		}
	}
	return nil
}

// oldName is how a question names a key file: "root", "root-1", "targets".
func (f oldFile) oldName(i int) string {
	if name := keyNameOf(f.Name); plainName.MatchString(name) {
		return name
	}
	return fmt.Sprintf("file-%d", i+1)
}

var plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// likelyRole is the role after which go-tuf v0 names a key file.
func (f oldFile) likelyRole() tuf.Role {
	return tuf.Role(strings.TrimRight(strings.TrimSuffix(path.Base(f.Name), ".json"), "0123456789"))
}

func (s *Session) takeOver(ctx context.Context, i int) error {
	f := s.State.Adoption.Files[i]
	keys, pass, err := s.openOld(ctx, i, f)
	defer pass.Wipe()
	if err != nil || len(keys) == 0 {
		return err
	}
	role, ours := s.sortOld(f, keys)
	switch {
	case len(ours) == 0:
		return nil
	case role == tuf.RoleRoot:
		return s.takeRootKeys(ctx, f, ours, len(keys), pass)
	}
	return s.takeOnlineKeys(ctx, f, role, ours, len(keys), pass)
}

// openOld unlocks a file. Its keys are in the Keyring then; the passphrase
// belongs to the caller. Enter alone passes the file over.
func (s *Session) openOld(ctx context.Context, i int, f oldFile) (keys []*tuf.PrivateKey, pass secret.Bytes, err error) {
	if f.Data == nil {
		for _, id := range f.Open {
			key, err := s.Keys.Key(id)
			if err != nil {
				return nil, nil, err
			}
			keys = append(keys, key)
		}
		return keys, nil, nil
	}
	name := f.oldName(i)
	q := Question{ID: name + ".passphrase", Kind: Passphrase, Optional: true,
		Title: fmt.Sprintf("Key file %d of %d: %s", i+1, len(s.State.Adoption.Files), f.Name),
		Text: append([]Block{Para(fmt.Sprintf("It lies on old drive %d. Only who knows its passphrase types; nobody else looks.", f.Stick+1)),
			Para("Enter alone: nobody here knows it. Its keys are not taken over.")}, s.stagedHint(strings.ReplaceAll(name, "-", " "))...),
		Prompt: "Passphrase of " + f.Name + ":"}
	for {
		s.asked = 0 // Esc leaves it, however often it was typed
		a, err := s.ask(ctx, q, nil)
		if err != nil {
			return nil, nil, err
		}
		if len(a.Secret) == 0 {
			s.passOver(f, "nobody here knows its passphrase")
			return nil, nil, nil
		}
		keys, err := s.openOldBeside(ctx, q, f.Data, a.Secret)
		if err == nil {
			return keys, a.Secret, nil
		}
		a.Secret.Wipe()
		switch {
		case errors.Is(err, tuf.ErrWrongPassphrase):
			q.Problem = "That passphrase did not open the file. Type it again, or Enter alone to pass it over."
		case errors.Is(err, ErrStop), errors.Is(err, ErrBack), ctx.Err() != nil:
			return nil, nil, err
		default:
			s.passOver(f, err.Error())
			return nil, nil, nil
		}
	}
}

func (s *Session) openOldBeside(ctx context.Context, q Question, file []byte, pass secret.Bytes) (keys []*tuf.PrivateKey, err error) {
	_, err = s.askBeside(ctx, Question{ID: strings.TrimSuffix(q.ID, "passphrase") + "unlocking", Kind: Wait, Title: q.Title, NoBack: true, Prompt: "Unlocking"},
		func(context.Context) error {
			if keys, err = s.opener().Open(file, pass); err != nil {
				return err
			}
			for _, key := range keys {
				s.Keys.Add(key)
				if err := s.provesItself(key); err != nil {
					return err
				}
			}
			return nil
		})
	return keys, err
}

func (s *Session) passOver(f oldFile, why string) {
	a := s.State.Adoption.clone()
	a.remark(fmt.Sprintf("%s on old drive %d is not taken over: %s.", f.Name, f.Stick+1, asWords(why)))
	s.State.Adoption = a
	s.note("%s: not taken over, %s", f.Name, why)
}

func asWords(s string) string { return strings.TrimSuffix(s, ".") }

// sortOld parts the keys that a root names from those that none does, which are
// said and forgotten. The role is that of the first.
func (s *Session) sortOld(f oldFile, keys []*tuf.PrivateKey) (role tuf.Role, ours []*tuf.PrivateKey) {
	for _, key := range keys {
		its, named := s.roleOf(key.Key(), f.likelyRole())
		why := "no root that is published names it"
		switch {
		case named && (role == "" || its == role) && !s.tookOver(key.ID(), its):
			role = its
			ours = append(ours, key)
			continue
		case named && role != "" && its != role:
			why = "it is a " + string(its) + " key in a file of " + string(role) + " keys"
		case named:
			why = "it was taken over from another file"
		case s.underOtherID(key.Key()):
			why = "the root lists it under an id that is not its own"
		}
		a := s.State.Adoption.clone()
		a.remark(fmt.Sprintf("The key %s in %s is not taken over: %s.", key.ID().Short(), f.Name, why))
		s.State.Adoption = a
		s.note("%s: key %s is not taken over, %s", f.Name, key.ID().Short(), why)
		if !named && f.Data != nil { // it was unlocked in this part: going back counts keys
			s.Keys.Remove(key.ID())
		}
	}
	return role, ours
}

// tookOver says whether the key came from another file. An online key that has
// several roles is in the file of each.
func (s *Session) tookOver(id tuf.KeyID, role tuf.Role) bool {
	met := s.State.keysOf(tuf.RoleRoot)
	for _, set := range s.State.Adoption.Signing {
		met = append(met, set.Keys...)
	}
	return slices.ContainsFunc(met, func(k HeldKey) bool {
		return k.Role == role && (k.Key.ID == id || slices.ContainsFunc(k.More, func(m tuf.Key) bool { return m.ID == id }))
	})
}

// takeRootKeys makes each root key of a file one of its own, with a holder.
func (s *Session) takeRootKeys(ctx context.Context, f oldFile, keys []*tuf.PrivateKey, inFile int, pass secret.Bytes) error {
	for _, key := range keys {
		n, err := s.freeNumber(f)
		if err != nil {
			s.passOver(f, err.Error())
			return nil
		}
		k := HeldKey{Name: rootKeyName(n), Role: tuf.RoleRoot, Key: key.Key()}
		if k.Holder, err = s.askAdoptedHolder(ctx, k); err != nil {
			return err
		}
		old := oldLock{file: f.Data, pass: pass, whole: inFile == 1, alone: len(keys) == 1}
		if err := s.lockAdopted(ctx, &k, []*tuf.PrivateKey{key}, old); err != nil {
			return err
		}
		s.State.putKey(k)
		s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s: unlocked, signs %s", k.Title(), k.Key.ID.Short()), Data: k.data()})
	}
	return nil
}

// freeNumber is the number of the next root key: that of its file, as backups of
// the handbook have it, or the first that is free.
func (s *Session) freeNumber(f oldFile) (int, error) {
	taken := func(n int) bool { _, ok := s.heldKey(rootKeyName(n)); return ok }
	for n := 1; n <= mostRootKeys; n++ {
		if keyNameOf(f.Name) == rootKeyName(n) && !taken(n) {
			return n, nil
		}
	}
	for n := 1; n <= mostRootKeys; n++ {
		reserved := slices.ContainsFunc(s.State.Adoption.Files, func(o oldFile) bool { return keyNameOf(o.Name) == rootKeyName(n) })
		if !taken(n) && !reserved {
			return n, nil
		}
	}
	return 0, fmt.Errorf("root backups hold %d root keys at most", mostRootKeys)
}

func (s *Session) askAdoptedHolder(ctx context.Context, k HeldKey) (string, error) {
	a, err := s.ask(ctx, Question{ID: k.Name + ".holder", Kind: Type, Title: "Root key " + k.Key.ID.Short(),
		Text:   []Block{Para("The key is in the root, and signs. The name of the person or office that holds it is public: it stands in the records.")},
		Prompt: "Who holds this key?"}, func(a Answer) error {
		if err := fitsName(a); err != nil {
			return err
		}
		return s.firstOfName(k.Name, strings.TrimSpace(a.Text))
	})
	return strings.TrimSpace(a.Text), err
}

// takeOnlineKeys adds the keys of an online role to those of the drive's
// releaser.
func (s *Session) takeOnlineKeys(ctx context.Context, f oldFile, role tuf.Role, keys []*tuf.PrivateKey, inFile int, pass secret.Bytes) error {
	a := s.State.Adoption.clone()
	i := slices.IndexFunc(a.Signing, func(set signingSet) bool {
		return set.Stick == f.Stick && !slices.ContainsFunc(set.Keys, func(k HeldKey) bool { return k.Role == role })
	})
	if i < 0 {
		releaser, err := s.askReleaser(ctx, len(a.Signing))
		if err != nil {
			return err
		}
		i = len(a.Signing)
		a.Signing = append(a.Signing, signingSet{Stick: f.Stick, Releaser: releaser, Label: signingLabelOf(i, releaser), Write: true})
	}
	k := HeldKey{Name: string(role), Role: role, Holder: a.Signing[i].Releaser, Key: keys[0].Key()}
	for _, key := range keys[1:] {
		k.More = append(k.More, key.Key())
	}
	s.State.Adoption = a
	if err := s.lockAdopted(ctx, &k, keys, oldLock{file: f.Data, pass: pass, whole: inFile == len(keys), alone: true}); err != nil {
		return err
	}
	a = s.State.Adoption.clone()
	a.Signing[i].Keys = append(a.Signing[i].Keys, k)
	s.State.Adoption = a
	s.State.putHeld(k)
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s: unlocked, signs %s", k.Title(), k.Key.ID.Short()), Data: k.data()})
	return nil
}

// askReleaser asks whose the online keys of a drive are.
func (s *Session) askReleaser(ctx context.Context, n int) (string, error) {
	id := "releaser"
	if n > 0 {
		id = fmt.Sprintf("releaser-%d", n+1)
	}
	a, err := s.ask(ctx, Question{ID: id, Kind: Type, Title: "The releaser",
		Text:   []Block{Para("The keys of targets, snapshot and timestamp on this drive are those of one person or team, who signs updates day by day. The name is public.")},
		Prompt: "Whose are they?"}, func(a Answer) error {
		name := strings.TrimSpace(a.Text)
		if slices.ContainsFunc(s.State.Adoption.Signing, func(set signingSet) bool {
			return strings.EqualFold(set.Releaser, name) || n > 0 && set.Label == signingLabelOf(n, name)
		}) {
			return remarkf("%s has keys on another drive. Name them apart.", name)
		}
		return fitsName(a)
	})
	return strings.TrimSpace(a.Text), err
}

// signingLabelOf is the label of a releaser's drive; the first has the plain one.
func signingLabelOf(n int, releaser string) string {
	if n == 0 {
		return signingLabel
	}
	return signingLabel + "-" + slug(releaser)
}
