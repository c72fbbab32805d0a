package tuf

import (
	"fmt"

	"signer/ceremony/secret"
)

// OpenUnlocked opens a key file that nothing locks, so that it can be locked: a
// plain one, which v0 tools take as well, or one whose passphrase is empty. Of any
// other the error is ErrWrongPassphrase. The keys belong to the caller, who wipes
// them; so does what is in b.
func (o KeyOpener) OpenUnlocked(b []byte) ([]*PrivateKey, error) {
	keys, err := o.openUnlocked(b)
	if err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	return keys, nil
}

func (o KeyOpener) openUnlocked(b []byte) ([]*PrivateKey, error) {
	file, err := readKeyFile(b)
	if err != nil {
		return nil, err
	}
	if !file.Encrypted {
		return readPlain(b)
	}
	if err := o.accepts(file); err != nil {
		return nil, err
	}
	plain, err := file.Data.open(nil, scryptKey)
	if err != nil {
		return nil, err
	}
	defer plain.Wipe()
	return readKeys(plain)
}

// readPlain reads the list of keys that stands where a locked file has its box.
func readPlain(b []byte) ([]*PrivateKey, error) {
	top, err := scan(b, MaxKeyFileSize)
	if err != nil {
		return nil, errInside
	}
	r := &fieldReader{}
	list := r.need(r.object(top, "encrypted", "data"), "data")
	if r.err != nil {
		return nil, errInside
	}
	return readKeys(secret.Bytes(list.raw()))
}
