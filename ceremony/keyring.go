package ceremony

import (
	"fmt"

	"signer/ceremony/tuf"
)

// Keyring holds the private keys of a ceremony in memory, and hands out
// handles: a key is named by its id, and signs here.
type Keyring struct{ keys []*tuf.PrivateKey }

// Add takes the key over.
func (r *Keyring) Add(key *tuf.PrivateKey) tuf.KeyID {
	r.keys = append(r.keys, key)
	return key.ID()
}

// Key is the private key with this id.
func (r *Keyring) Key(id tuf.KeyID) (*tuf.PrivateKey, error) {
	for _, key := range r.keys {
		if key.ID() == id {
			return key, nil
		}
	}
	return nil, fmt.Errorf("key %s is not unlocked", id.Short())
}

// Len is a point to come back to with WipeSince.
func (r *Keyring) Len() int { return len(r.keys) }

// WipeSince forgets the keys added since Len gave n.
func (r *Keyring) WipeSince(n int) {
	for _, key := range r.keys[n:] {
		key.Wipe()
	}
	r.keys = r.keys[:n]
}

// Remove forgets one key.
func (r *Keyring) Remove(id tuf.KeyID) {
	for i, key := range r.keys {
		if key.ID() == id {
			key.Wipe()
			r.keys = append(r.keys[:i:i], r.keys[i+1:]...)
			return
		}
	}
}

// Wipe forgets all keys.
func (r *Keyring) Wipe() { r.WipeSince(0) }
