package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// keysFolder is where key files are on a drive, as go-tuf v0 has it.
const keysFolder = "keys"

func keyFileName(role tuf.Role) string { return keysFolder + "/" + string(role) + ".json" }

// requestWriter makes the keys and the request: all of it, or none. A key that
// no request names is worth nothing, and would be in the way of the next try.
type requestWriter struct {
	keyRequest
	places *places
	known  *tuf.Root
	locks  passphrases
	about  ceremony.KeyRequest // grows by a key at a time
	done   trail
}

func (w *requestWriter) write(ctx context.Context) error {
	err := w.writeKeys(ctx)
	if err == nil {
		err = w.writeRequest()
	}
	if err == nil {
		err = stopped(ctx)
	}
	if err != nil {
		return w.done.undo(err)
	}
	return nil
}

func (w *requestWriter) writeKeys(ctx context.Context) error {
	free, err := isFree(w.places.signing, keysFolder)
	if err != nil {
		return err
	}
	if free {
		w.done = append(w.done, written{w.places.signing, keysFolder})
	}
	for _, role := range w.roles {
		if err := stopped(ctx); err != nil {
			return err
		}
		if err := w.writeKey(role); err != nil {
			return fmt.Errorf("make the %s key: %w", role, err)
		}
	}
	return nil
}

// writeKey makes a key, and lets it sign only after it was read back and
// unlocked: it counts when its file opens.
func (w *requestWriter) writeKey(role tuf.Role) error {
	made, err := tuf.NewKey(w.rand)
	if err != nil {
		return err
	}
	defer made.Wipe()
	if w.isKnown(made.Key()) {
		return errors.New("the random generator gave a key that is known already: this computer cannot be used")
	}
	file, err := tuf.SealKeys([]*tuf.PrivateKey{made}, w.locks[role], w.cost, w.rand)
	if err != nil {
		return err
	}
	if err := w.done.writeNew(w.places.signing, tuf.File{Name: keyFileName(role), Data: file, Perm: 0o600}); err != nil {
		return err
	}
	opened, err := w.readBack(role, made.ID())
	if err != nil {
		return fmt.Errorf("unlock it again: %w", err)
	}
	defer opened.Wipe()
	return w.about.Add(role, opened, w.rand)
}

// readBack unlocks the file that was written.
func (w *requestWriter) readBack(role tuf.Role, want tuf.KeyID) (*tuf.PrivateKey, error) {
	file, err := w.places.signing.ReadFile(keyFileName(role), tuf.MaxKeyFileSize)
	if err != nil {
		return nil, err
	}
	keys, err := tuf.KeyOpener{Also: w.cost}.Open(file, w.locks[role])
	if err != nil {
		return nil, err
	}
	if len(keys) != 1 || keys[0].ID() != want {
		for _, k := range keys {
			k.Wipe()
		}
		return nil, errors.New("the file holds another key")
	}
	return keys[0], nil
}

// isKnown reports whether a new key is one that the root or the request has.
func (w *requestWriter) isKnown(k tuf.Key) bool {
	for _, listed := range w.known.Keys {
		if listed.SameKey(k) {
			return true
		}
	}
	return slices.ContainsFunc(w.about.Keys, func(other ceremony.RequestedKey) bool { return other.Key.SameKey(k) })
}

// writeRequest writes the request, and reads it as the ceremony will.
func (w *requestWriter) writeRequest() error {
	b, err := w.about.Encode()
	if err != nil {
		return err
	}
	if err := w.done.writeNew(w.places.transfer, tuf.File{Name: ceremony.RequestName, Data: b, Perm: 0o644}); err != nil {
		return err
	}
	read, err := w.places.transfer.ReadFile(ceremony.RequestName, ceremony.MaxRequestSize)
	if err != nil {
		return err
	}
	if !bytes.Equal(read, b) {
		return fmt.Errorf("read %q again: it has other bytes", ceremony.RequestName)
	}
	_, err = ceremony.ParseKeyRequest(read)
	return err
}

// stopped is the error of somebody who pressed Ctrl+C.
func stopped(ctx context.Context) error {
	if ctx.Err() != nil {
		return ceremony.ErrStop
	}
	return nil
}

// written is one thing that was written, and trail all of them, in order.
type (
	written struct {
		dir  *tuf.Dir
		name string
	}
	trail []written
)

// writeNew remembers a file before it is there: a write that fails may leave it.
func (t *trail) writeNew(dir *tuf.Dir, f tuf.File) error {
	err := dir.WriteNew(f)
	if !errors.Is(err, fs.ErrExist) {
		*t = append(*t, written{dir, f.Name})
	}
	return err
}

// undo takes back what was written, and says what is left.
func (t trail) undo(why error) error {
	left := why
	for _, s := range slices.Backward(t) {
		if err := s.dir.Remove(s.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			left = errors.Join(left, fmt.Errorf("it is left behind, and of no use: %w", err))
		}
	}
	if left == why {
		return fmt.Errorf("%w; nothing was left behind", why)
	}
	return left
}
