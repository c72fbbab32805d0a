package tuf

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"

	"signer/ceremony/secret"
)

// What is inside a key file, as v0.5.2 indents it: encoding/json would leave
// the private keys in buffers that nobody wipes, so it is written and read here.
const (
	keyBegin = "\t{\n\t\t\"keytype\": \"ed25519\",\n\t\t\"scheme\": \"ed25519\",\n" +
		"\t\t\"keyid_hash_algorithms\": [\n\t\t\t\"sha256\",\n\t\t\t\"sha512\"\n\t\t],\n" +
		"\t\t\"keyval\": {\n\t\t\t\"public\": \""
	keyMiddle = "\",\n\t\t\t\"private\": \""
	keyEnd    = "\"\n\t\t}\n\t}"

	keySize = len(keyBegin) + 2*ed25519.PublicKeySize + len(keyMiddle) + 2*ed25519.PrivateKeySize + len(keyEnd)
)

// writeKeys makes room for everything first: a slice that grows leaves copies.
func writeKeys(keys []*PrivateKey) (secret.Bytes, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no key")
	}
	b := make(secret.Bytes, 0, len("[\n")+len(keys)*(keySize+len(",\n"))+len("]"))
	b = append(b, "[\n"...)
	for i, k := range keys {
		private := k.private()
		if private == nil {
			b.Wipe()
			return nil, ErrWiped
		}
		b = append(b, keyBegin...)
		b = hex.AppendEncode(b, k.public[:])
		b = append(b, keyMiddle...)
		b = hex.AppendEncode(b, private)
		b = append(b, keyEnd...)
		if i < len(keys)-1 {
			b = append(b, ',')
		}
		b = append(b, '\n')
	}
	return append(b, ']'), nil
}

// errInside is all that is said of what cannot be read inside a key file: more
// would show a part of it.
var errInside = errors.New("inside it is not a list of keys")

func readKeys(plain secret.Bytes) (keys []*PrivateKey, err error) {
	defer func() {
		if err != nil {
			wipeKeys(keys)
			keys = nil
		}
	}()
	list, err := scan(plain, MaxKeyFileSize)
	if err != nil || list.first() != '[' {
		return nil, errInside
	}
	for v := range list.items() {
		k, err := readKey(v)
		if err != nil {
			return keys, fmt.Errorf("key %d: %w", len(keys)+1, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return keys, nil
}

func wipeKeys(keys []*PrivateKey) {
	for _, k := range keys {
		k.Wipe()
	}
}

// readKey takes the fields that go-tuf v0 writes. The scheme may be missing, as
// for v0 (code); so may keyid_hash_algorithms, which is not looked at: v0 makes
// the id with its own, always.
func readKey(v value) (*PrivateKey, error) {
	r := &fieldReader{}
	key := r.object(v, "keytype", "scheme", "keyid_hash_algorithms", "keyval")
	if kind := r.need(key, "keytype"); r.err == nil && string(kind.raw()) != `"ed25519"` {
		return nil, errors.New("it is not an Ed25519 key")
	}
	if key.has("scheme") {
		r.exactly(key, "scheme", "ed25519")
	}
	keyval := r.object(r.need(key, "keyval"), "public", "private")
	public := r.hex(keyval, "public", ed25519.PublicKeySize)
	private := r.hex(keyval, "private", ed25519.PrivateKeySize)
	defer private.Wipe()
	if r.err != nil {
		return nil, errInside
	}
	k := keyFromSeed(private[:ed25519.SeedSize])
	if !k.private().Equal(private) || !public.Equal(k.public[:]) {
		k.Wipe()
		return nil, errors.New("the public key is not that of the private key")
	}
	return k, nil
}
