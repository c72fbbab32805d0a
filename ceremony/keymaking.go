package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

func makeRootKeys(ctx context.Context, s *Session) error {
	n := s.State.Plan.RootKeys
	for i := 1; i <= n; i++ {
		title := fmt.Sprintf("Root key %d of %d", i, n)
		if err := s.holderPart(ctx, HeldKey{Name: rootKeyName(i), Role: tuf.RoleRoot}, title); err != nil {
			return err
		}
		if err := s.keyPart(ctx, rootKeyName(i), title); err != nil {
			return err
		}
	}
	return s.stock(s.State.DriveLabels())
}

func makeOnlineKeys(ctx context.Context, s *Session) error {
	for i, role := range tuf.OnlineRoles() {
		if k, _ := s.heldKey(string(role)); k.Holder == "" {
			s.State.putKey(HeldKey{Name: string(role), Role: role, Holder: s.State.Plan.Releaser})
		}
		title := fmt.Sprintf("Online key %d of %d: %s", i+1, len(tuf.OnlineRoles()), role)
		if err := s.keyPart(ctx, string(role), title); err != nil {
			return err
		}
	}
	return nil
}

// heldKey is the key of this name, as far as it is made.
func (s *Session) heldKey(name string) (HeldKey, bool) {
	for _, k := range s.State.Keys {
		if k.Name == name {
			return k, true
		}
	}
	return HeldKey{}, false
}

func (s *Session) holderPart(ctx context.Context, k HeldKey, title string) error {
	return s.Part(ctx, k.Name+".holder", func(ctx context.Context) error {
		a, err := s.ask(ctx, Question{ID: k.Name + ".holder", Kind: Type, Title: title,
			Text:   []Block{Para("The name of a person, or of an office. It is public: it stands in the records, beside the key.")},
			Prompt: "Who will hold this key?"}, func(a Answer) error {
			if err := fitsName(a); err != nil {
				return err
			}
			return s.firstOfName(k.Name, strings.TrimSpace(a.Text))
		})
		if err == nil {
			k.Holder = strings.TrimSpace(a.Text)
			s.State.putKey(k)
		}
		return err
	})
}

// firstOfName refuses a second root key under one name: the names tell the keys
// apart for years.
func (s *Session) firstOfName(key, holder string) error {
	for _, other := range s.State.keysOf(tuf.RoleRoot) {
		if s.State.Plan.PerHolder && other.Name != key && slug(other.Holder) == slug(holder) && !strings.EqualFold(other.Holder, holder) {
			return remarkf("The drives of %s and of %s would have one label. Labels have letters from a to z and digits: name them apart by these.", other.Holder, holder)
		}
	}
	for _, other := range s.State.keysOf(tuf.RoleRoot) {
		if other.Name != key && strings.EqualFold(other.Holder, holder) {
			return remarkf("%s holds %s already. One person with two keys has two votes; if that is meant, name them apart: %s 2.",
				other.Holder, other.Title(), other.Holder)
		}
	}
	return nil
}

// keyPart makes a key and has its holder lock it.
func (s *Session) keyPart(ctx context.Context, name, title string) error {
	return s.Part(ctx, name+".key", func(ctx context.Context) error {
		k, _ := s.heldKey(name)
		if k.File != nil {
			return s.reopenKey(ctx, k, title)
		}
		problem := ""
		if s.anew == name {
			problem = "Its passphrase is forgotten: this is a new key in the old one's place."
		}
		var made HeldKey
		err := s.lockedBy(ctx, k, title, problem, func(pass secret.Bytes) (err error) {
			made, err = s.lockNewKey(ctx, k, title, pass)
			return err
		})
		if err == nil {
			s.State.putKey(made)
			s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s: made, unlocked, signs %s", made.Title(), made.Key.ID.Short()),
				Data: made.data()})
		}
		return err
	})
}

// lockedBy asks for a new passphrase until lock takes it. What lock remarks stands
// above the question.
func (s *Session) lockedBy(ctx context.Context, k HeldKey, title, problem string, lock func(secret.Bytes) error) error {
	for {
		pass, err := s.newPassphrase(ctx, k, title, problem)
		if err != nil {
			return err
		}
		err = lock(pass)
		pass.Wipe()
		var r remark
		if !errors.As(err, &r) {
			return err
		}
		problem = r.Error()
	}
}

// reopenKey unlocks a key that an earlier part of this creation made.
func (s *Session) reopenKey(ctx context.Context, k HeldKey, title string) error {
	q := Question{ID: k.Name + ".passphrase", Kind: Passphrase, Title: title,
		Text:   []Block{Para("This key was made before the creation was cut short. Only " + k.Holder + " types.")},
		Prompt: "Passphrase " + k.PassphraseName() + ":"}
	for {
		s.asked = 0 // Esc leaves it, however often it was typed
		a, err := s.ask(ctx, q, nil)
		if err != nil {
			return err
		}
		_, err = s.askBeside(ctx, Question{ID: k.Name + ".unlocking", Kind: Wait, Title: title, NoBack: true, Prompt: "Unlocking " + k.The()},
			func(context.Context) error {
				key, err := s.unlock(k.File, a.Secret, k.Key)
				if err != nil {
					return err
				}
				s.Keys.Add(key)
				return s.provesItself(key)
			})
		a.Secret.Wipe()
		if !errors.Is(err, tuf.ErrWrongPassphrase) {
			if err == nil {
				s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s: unlocked, signs %s", k.Title(), k.Key.ID.Short()), Data: k.data()})
			}
			return err
		}
		q.Problem = "That passphrase did not open the key. Try again; Esc and a new creation are the way on if it is forgotten."
	}
}

// data is the key for the record.
func (k HeldKey) data() map[string]string {
	return map[string]string{"key": k.Name, "role": string(k.Role), "holder": k.Holder,
		"keyid": k.Key.ID.String(), "public": k.Key.Public}
}

// keyFromData is the key that a record tells of, without its file.
func keyFromData(d map[string]string) (HeldKey, error) {
	key, err := tuf.Ed25519Key(d["public"])
	if err == nil && key.ID.String() != d["keyid"] {
		err = fmt.Errorf("its id is %s", key.ID.Short())
	}
	if err != nil {
		return HeldKey{}, fmt.Errorf("%s key in the record: %w", Foreign(d["key"]), err)
	}
	k := HeldKey{Name: d["key"], Role: tuf.Role(d["role"]), Holder: d["holder"], Key: key}
	named := k.Name == string(k.Role) && slices.Contains(tuf.OnlineRoles(), k.Role)
	numbered := k.Role == tuf.RoleRoot && rootKeyFile.MatchString(k.FileName()) && k.Name != "root"
	if err := fitsName(Answer{Text: k.Holder}); err != nil || !named && !numbered {
		return HeldKey{}, fmt.Errorf("%s key in the record: it is no key of a creation, or its holder has no name", Foreign(d["key"]))
	}
	return k, nil
}

// lockNewKey makes the key, locks it, unlocks it again and has it sign, while the
// screen says so.
func (s *Session) lockNewKey(ctx context.Context, k HeldKey, title string, pass secret.Bytes) (HeldKey, error) {
	_, err := s.askBeside(ctx, Question{ID: k.Name + ".locking", Kind: Wait, Title: title, NoBack: true,
		Prompt: "Locking the key, unlocking it again, and letting it sign"},
		func(context.Context) (err error) {
			if err = s.notUsedBefore(k.Name, pass); err == nil {
				err = s.makeKey(&k, pass)
			}
			return err
		})
	return k, err
}

func (s *Session) makeKey(k *HeldKey, pass secret.Bytes) error {
	key, err := tuf.NewKey(s.rand)
	if err != nil {
		return err
	}
	defer key.Wipe()
	k.Key = key.Key()
	for _, other := range s.holders() {
		if other.KeyID == k.Key.ID {
			return fmt.Errorf("the random generator gave the key %s of %s again: this computer cannot be used", k.Key.ID.Short(), other.Holder)
		}
	}
	if k.File, err = tuf.SealKeys([]*tuf.PrivateKey{key}, pass, s.env.Cost, s.rand); err != nil {
		return err
	}
	opened, err := s.unlock(k.File, pass, k.Key)
	if err != nil {
		return err
	}
	s.Keys.Add(opened)
	return s.provesItself(opened)
}

// opener opens key files of the product's cost, and of this world's.
func (s *Session) opener() tuf.KeyOpener { return tuf.KeyOpener{Also: s.env.Cost} }

// unlock opens a key file that holds this one key.
func (s *Session) unlock(file []byte, pass secret.Bytes, want tuf.Key) (*tuf.PrivateKey, error) {
	keys, err := s.unlockAll(file, pass, []tuf.Key{want})
	if err != nil {
		return nil, err
	}
	return keys[0], nil
}

// unlockAll opens a key file that holds these keys, and no other.
func (s *Session) unlockAll(file []byte, pass secret.Bytes, want []tuf.Key) ([]*tuf.PrivateKey, error) {
	keys, err := s.opener().Open(file, pass)
	if err != nil {
		return nil, err
	}
	same := slices.EqualFunc(keys, want, func(key *tuf.PrivateKey, w tuf.Key) bool { return key.ID() == w.ID })
	if same {
		return keys, nil
	}
	for _, key := range keys {
		key.Wipe()
	}
	return nil, fmt.Errorf("the file holds another key than %s", want[0].ID.Short())
}

// provesItself has a new key sign before there is a root that lists it.
func (s *Session) provesItself(key *tuf.PrivateKey) error {
	proof, err := key.Prove(tuf.Digest{}, s.rand)
	if err != nil {
		return err
	}
	return proof.VerifyKey(key.Key())
}
