package tuf

// A change as a record holds it: JSON in full, so that whoever has the record
// derives the same root again and asks nobody else. What is read must be what
// this program writes, to the last name.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// ErrChangeForm means JSON that is not a change as this program writes it.
var ErrChangeForm = errors.New("not a change as this program writes it")

// maxChangeSize is more than the largest root that clients read needs.
const maxChangeSize = 2 * MaxRootSize

type changeForm struct {
	Name       string           `json:"name"`
	Grants     []grantForm      `json:"grants,omitempty"`
	Revokes    []revokeForm     `json:"revokes,omitempty"`
	Thresholds map[Role]int     `json:"thresholds,omitempty"`
	Expires    string           `json:"expires,omitempty"` // none: as the root before
	Consistent bool             `json:"consistent_snapshot,omitempty"`
	Online     map[Role]string  `json:"online,omitempty"` // "": as the file before
	Fresh      bool             `json:"fresh,omitempty"`
	Holders    map[KeyID]string `json:"holders,omitempty"`
	Order      map[Role][]KeyID `json:"order,omitempty"`
}

type grantForm struct {
	Role   Role         `json:"role"`
	Key    wholeKeyForm `json:"key"`
	Holder string       `json:"holder,omitempty"`
}

type revokeForm struct {
	Role  Role  `json:"role"`
	KeyID KeyID `json:"keyid"`
}

// wholeKeyForm is a key with its id, which metadata has as a name.
type wholeKeyForm struct {
	ID             KeyID    `json:"id"`
	Type           string   `json:"keytype"`
	Scheme         string   `json:"scheme"`
	Public         string   `json:"public"`
	HashAlgorithms []string `json:"keyid_hash_algorithms"`
}

// MarshalJSON writes the change in full.
func (c Change) MarshalJSON() ([]byte, error) {
	f := changeForm{Name: c.Name, Thresholds: c.Thresholds, Consistent: c.Consistent, Fresh: c.Fresh, Holders: c.Holders, Order: c.Order}
	texts := []string{c.Name}
	for _, g := range c.Grants {
		f.Grants = append(f.Grants, grantForm{g.Role, wholeKeyForm{g.Key.ID, g.Key.Type, g.Key.Scheme, g.Key.Public, g.Key.HashAlgorithms}, g.Holder})
		texts = append(texts, g.Holder)
	}
	for _, r := range c.Revokes {
		f.Revokes = append(f.Revokes, revokeForm(r))
	}
	for _, holder := range c.Holders {
		texts = append(texts, holder)
	}
	for _, s := range texts {
		if !utf8.ValidString(s) { // encoding/json would write another text
			return nil, fmt.Errorf("write a change: the text %s is not UTF-8", quote(s))
		}
	}
	if err := f.setDates(c); err != nil {
		return nil, fmt.Errorf("write a change: %w", err)
	}
	return json.Marshal(f)
}

func (f *changeForm) setDates(c Change) (err error) {
	if f.Expires, err = dateText(c.Expires); err != nil {
		return err
	}
	for role, at := range c.Online {
		if f.Online == nil {
			f.Online = map[Role]string{}
		}
		if f.Online[role], err = dateText(at); err != nil {
			return err
		}
	}
	return nil
}

func dateText(t time.Time) (string, error) {
	if t.IsZero() {
		return "", nil
	}
	text := t.UTC().Format(expiresForm)
	if again, err := dateOf(text); err != nil || !again.Equal(t) {
		return "", fmt.Errorf("%s is no date in whole seconds", t.UTC().Format(time.RFC3339Nano))
	}
	return text, nil
}

func dateOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(expiresForm, text)
}

// UnmarshalJSON reads what MarshalJSON writes, and nothing else: other names, a
// key that is not its id's, a date in another form are errors.
func (c *Change) UnmarshalJSON(b []byte) error {
	read, err := changeFrom(b)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrChangeForm, err)
	}
	*c = read
	return nil
}

func changeFrom(b []byte) (c Change, err error) {
	if _, err := scan(b, maxChangeSize); err != nil {
		return c, err
	}
	var f changeForm
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return c, err
	}
	if c, err = f.change(); err != nil {
		return c, err
	}
	return c, c.wrote(b)
}

// wrote compares: encoding/json passes over what this cannot, such as a name in
// capitals.
func (c Change) wrote(b []byte) error {
	again, err := json.Marshal(c)
	if err != nil {
		return err
	}
	found, err := differencesOf(b, again)
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%s would be written in another way", place(found[0].path))
	}
	return err
}

func (f changeForm) change() (c Change, err error) {
	c = Change{Name: f.Name, Thresholds: f.Thresholds, Consistent: f.Consistent, Fresh: f.Fresh, Holders: f.Holders, Order: f.Order}
	for _, g := range f.Grants {
		key, err := g.Key.key()
		if err != nil {
			return c, err
		}
		c.Grants = append(c.Grants, Grant{g.Role, key, g.Holder})
	}
	for _, r := range f.Revokes {
		c.Revokes = append(c.Revokes, Revoke(r))
	}
	if c.Expires, err = dateOf(f.Expires); err != nil {
		return c, err
	}
	for role, text := range f.Online {
		if c.Online == nil {
			c.Online = map[Role]time.Time{}
		}
		if c.Online[role], err = dateOf(text); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (f wholeKeyForm) key() (Key, error) {
	return strictKey(Key{ID: f.ID, Type: f.Type, Scheme: f.Scheme, Public: f.Public, HashAlgorithms: f.HashAlgorithms})
}

// strictKey reads the key again as the strict parser does: under its own id,
// decoded, of a kind that every client takes.
func strictKey(k Key) (Key, error) {
	b, err := json.Marshal(k.form())
	if err != nil {
		return Key{}, err
	}
	v, err := scan(b, MaxRootSize)
	if err != nil {
		return Key{}, err
	}
	r := &reader{mode: Strict}
	key, err := r.key(v, k.ID.String())
	if err != nil {
		return Key{}, fmt.Errorf("key %s: %w", k.ID.Short(), err)
	}
	return key, nil
}
