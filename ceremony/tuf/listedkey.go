package tuf

import (
	"encoding/json"
	"fmt"
)

// maxListedKey is far above the largest key that is taken: RSA of 8192 bits is
// 1.5 kB of PEM.
const maxListedKey = 16 << 10

// ParseListedKey reads one public key in the form in which a root.json lists it,
// strictly. Nobody declares its id: it is computed.
func ParseListedKey(b []byte) (Key, error) {
	k, err := parseListedKey(b)
	if err != nil {
		return Key{}, fmt.Errorf("parse a public key: %w", err)
	}
	return k, nil
}

func parseListedKey(b []byte) (Key, error) {
	v, err := scan(b, maxListedKey)
	if err != nil {
		return Key{}, err
	}
	r := &reader{mode: Strict}
	return r.key(v, KeyID(DigestOf(canonicalOf(v))).String())
}

// Listed is the key as a root.json lists it, on one line.
func (k Key) Listed() ([]byte, error) {
	b, err := json.Marshal(k.form())
	if err != nil {
		return nil, fmt.Errorf("write a public key: %w", err)
	}
	return b, nil
}
