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
	keyBegin = "\t{\n\t\t\"keytype\": \"%s\",\n\t\t\"scheme\": \"%s\",\n" +
		"\t\t\"keyid_hash_algorithms\": [\n\t\t\t\"sha256\",\n\t\t\t\"sha512\"\n\t\t],\n\t\t\"keyval\": {\n"
	fieldPublic  = "\t\t\t\"public\": \""
	fieldPrivate = "\t\t\t\"private\": \""
	fieldNext    = "\",\n"
	keyEnd       = "\"\n\t\t}\n\t}"
)

// writeKeys makes room for everything first: a slice that grows leaves copies.
func writeKeys(keys []*PrivateKey) (secret.Bytes, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no key")
	}
	b := make(secret.Bytes, 0, roomFor(keys))
	b = append(b, "[\n"...)
	for i, k := range keys {
		private := k.private()
		if private == nil {
			b.Wipe()
			return nil, ErrWiped
		}
		b = appendKey(b, k.key, private)
		if i < len(keys)-1 {
			b = append(b, ',')
		}
		b = append(b, '\n')
	}
	return append(b, ']'), nil
}

// roomFor is enough: hex doubles what it writes, and PEM takes less.
func roomFor(keys []*PrivateKey) int {
	const fixed = 512 // more than the names and the lines of a PEM block around the keys
	room := fixed
	for _, k := range keys {
		room += fixed + 2*len(k.private()) + 2*len(k.key.Public)
	}
	return room
}

// appendKey writes one key. v0.5.2 puts the public half of an Ed25519 key first,
// and that of others last (measured).
func appendKey(b secret.Bytes, key Key, private secret.Bytes) secret.Bytes {
	b = fmt.Appendf(b, keyBegin, key.Type, key.Scheme)
	if key.Type == keyEd25519 {
		b = append(append(b, fieldPublic...), key.Public...)
		b = append(append(b, fieldNext...), fieldPrivate...)
		b = hex.AppendEncode(b, private)
		return append(b, keyEnd...)
	}
	b = append(b, fieldPrivate...)
	b = appendPEM(b, derForms()[key.Type].block, private)
	b = append(append(b, fieldNext...), fieldPublic...)
	b = appendPEM(b, publicBlock, []byte(key.material))
	return append(b, keyEnd...)
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

// errHalves means a key file that somebody put together.
var errHalves = errors.New("the public key is not that of the private key")

// readKey takes the fields that go-tuf v0 writes. The scheme may be missing, as
// for v0 (code); so may keyid_hash_algorithms, which is not looked at: v0 makes
// the id with its own, always.
func readKey(v value) (*PrivateKey, error) {
	r := &fieldReader{}
	key := r.object(v, "keytype", "scheme", "keyid_hash_algorithms", "keyval")
	keyType := r.need(key, "keytype")
	keyval := r.object(r.need(key, "keyval"), "public", "private")
	if r.err != nil {
		return nil, errInside
	}
	if string(keyType.raw()) == `"`+keyEd25519+`"` {
		return readEd25519(r, key, keyval)
	}
	for name, form := range derForms() {
		if string(keyType.raw()) == `"`+name+`"` {
			return readDER(r, key, keyval, name, form)
		}
	}
	return nil, fmt.Errorf("its type is none of %s, %s and %s", keyEd25519, keyECDSA, keyRSA)
}

func readEd25519(r *fieldReader, key, keyval object) (*PrivateKey, error) {
	if key.has("scheme") {
		r.exactly(key, "scheme", keyEd25519)
	}
	public := r.hex(keyval, "public", ed25519.PublicKeySize)
	private := r.hex(keyval, "private", ed25519.PrivateKeySize)
	defer private.Wipe()
	if r.err != nil {
		return nil, errInside
	}
	k := keyFromSeed(private[:ed25519.SeedSize])
	if own := k.Public(); !k.private().Equal(private) || !public.Equal(own[:]) {
		k.Wipe()
		return nil, errHalves
	}
	return k, nil
}
