package tuf

import (
	"slices"
	"strings"
)

// Key types and schemes that all clients know.
const (
	keyEd25519 = "ed25519"
	keyECDSA   = "ecdsa-sha2-nistp256"
	keyRSA     = "rsa"
	schemeRSA  = "rsassa-pss-sha256"

	// keyECDSAOld is python-tuf's name: go-tuf v0.5.2 fails the whole update
	// when root lists one such key.
	keyECDSAOld = "ecdsa"
)

// hashAlgorithms is what every key of ours lists: tuf and fleetctl v0.5.2 make
// a key's id with it, and cannot sign for a key listed without.
func hashAlgorithms() []string { return []string{"sha256", "sha512"} }

// SameKey reports whether two listings are of one public key, whatever its
// spelling.
func (k Key) SameKey(other Key) bool { return k.material == other.material }

// listings are keys by the text that lists them, name and all. Roots list the same
// keys for years; a chain reads each once. Of an Ed25519 key onCurve alone costs a
// fifth of what a signature does (profile).
type listings map[string]Key

// listed is key, where the root before may have listed the same. What deviates is
// read anew, for each root has its own sentences.
func (r *reader) listed(v value, declared string) (Key, error) {
	text := declared + string(v.raw())
	k, known := r.before[text]
	if !known {
		noted := r.notes
		var err error
		if k, err = r.key(v, declared); err != nil || r.notes > noted {
			return k, err
		}
	}
	r.read[text] = k
	return k, nil
}

// key reads a key that is listed under the name declared.
func (r *reader) key(v value, declared string) (k Key, err error) {
	if k.ID, err = ParseKeyID(declared); err != nil {
		return k, v.fault("want a key id of 64 lower-case hex digits, not %s", quote(declared))
	}
	o, err := r.object(v, "keytype", "scheme", "keyid_hash_algorithms", "keyval")
	if err != nil {
		return k, err
	}
	if k.Type, err = o.text("keytype"); err != nil {
		return k, err
	}
	if k.Scheme, err = o.text("scheme"); err != nil {
		return k, err
	}
	if k.HashAlgorithms, err = r.hashAlgorithms(o, k.ID); err != nil {
		return k, err
	}
	if err := r.keyMaterial(&k, o); err != nil {
		return k, err
	}
	return k, r.keyID(k.ID, v)
}

// hashAlgorithms reads keyid_hash_algorithms, which clients do not ask for.
func (r *reader) hashAlgorithms(o object, id KeyID) ([]string, error) {
	if !o.has("keyid_hash_algorithms") {
		return nil, r.deviate(o.value, "key %s has no keyid_hash_algorithms", id.Short())
	}
	list, err := o.array("keyid_hash_algorithms")
	if err != nil {
		return nil, err
	}
	found := []string{}
	for item := range list.items() {
		name, err := item.text()
		if err != nil {
			return nil, err
		}
		found = append(found, name)
	}
	if !slices.Equal(found, hashAlgorithms()) {
		err = r.deviate(list, "key %s has other keyid_hash_algorithms than sha256 and sha512", id.Short())
	}
	return found, err
}

// keyMaterial decodes keyval.public.
func (r *reader) keyMaterial(k *Key, o object) error {
	keyval, err := o.need("keyval")
	if err != nil {
		return err
	}
	inner, err := r.object(keyval, "public")
	if err != nil {
		return err
	}
	if k.Public, err = inner.text("public"); err != nil {
		return err
	}
	decode, scheme, err := r.decoder(k.Type, o)
	if err != nil {
		return err
	}
	public := inner.members["public"]
	var problem string
	if k.material, problem = decode(k.Public); problem != "" {
		return public.fault("%s", problem)
	}
	if k.Scheme != scheme {
		err = r.deviate(o.members["scheme"], "key %s has the scheme %s, which is not that of the type %q", k.ID.Short(), quote(k.Scheme), k.Type)
	}
	if err == nil && !asWritten(*k) {
		err = r.deviate(public, "key %s is not spelled as all clients read it", k.ID.Short())
	}
	return err
}

// decoder finds how keys of a type are spelled, and the scheme that they have.
func (r *reader) decoder(keyType string, o object) (decode func(string) (string, string), scheme string, err error) {
	switch keyType {
	case keyEd25519:
		return decodeEd25519, keyEd25519, nil
	case keyECDSA:
		return decodeECDSA, keyECDSA, nil
	case keyECDSAOld:
		return decodeECDSA, keyECDSA, r.deviate(o.members["keytype"], "the key type %q stops every client of go-tuf v0.5.2", keyType)
	case keyRSA:
		return decodeRSA, schemeRSA, nil
	}
	return nil, "", o.members["keytype"].fault("the key type %s is not known", quote(keyType))
}

// keyID compares the declared id with the digest of what is listed. TAP 12
// would have it free, and go-tuf v0.5.2's client takes any.
func (r *reader) keyID(declared KeyID, v value) error {
	if computed := KeyID(DigestOf(canonicalOf(v))); declared != computed {
		return r.deviate(v, "the id %s is not the digest of its key, which is %s", declared, computed)
	}
	return nil
}

// asWritten reports whether the public key is spelled as this program spells
// it, which all clients read.
func asWritten(k Key) bool {
	if k.Type == keyEd25519 {
		return k.Public == strings.ToLower(k.Public)
	}
	return strings.TrimSpace(k.Public) == strings.TrimSpace(pemOf(k.material))
}
