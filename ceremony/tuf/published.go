package tuf

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// PublishedFrom takes a repository from files that were read whole, by their
// names on a drive: "repository/root.json" and so on.
func PublishedFrom(files map[string][]byte) (Published, error) {
	const dir = "repository/"
	p := Published{Root: files[dir+"root.json"], Targets: files[dir+"targets.json"],
		Snapshot: files[dir+"snapshot.json"], Timestamp: files[dir+"timestamp.json"]}
	roots := map[int64][]byte{}
	for name, b := range files {
		if version, ok := rootVersion(name); ok {
			roots[version] = b
		}
	}
	if p.Base, p.Roots, _ = lineOf(roots, p.Root); len(p.Roots) == 0 {
		return p, fmt.Errorf("repository: there is no line of roots from %s1.root.json on", dir)
	}
	return p, nil
}

// base is the version of the first of Roots.
func (p Published) base() int64 { return max(p.Base, 1) }

// latest is the version of the last of Roots.
func (p Published) latest() int64 { return p.base() + int64(len(p.Roots)) - 1 }

// Envelope is what the file of a role has in common with the others; of root, the
// latest.
func (p Published) Envelope(role Role) (Envelope, error) {
	if role != RoleRoot {
		return parseOnline(role, p.online(role))
	}
	if len(p.Roots) == 0 {
		return Envelope{}, fmt.Errorf("repository: there is no root")
	}
	root, err := ParseRoot(p.Roots[len(p.Roots)-1], Strict)
	if err != nil {
		return Envelope{}, err
	}
	return root.Envelope, nil
}

// Expires says when the file of each role expires.
func (p Published) Expires() (map[Role]time.Time, error) {
	out := map[Role]time.Time{}
	for _, role := range Roles() {
		e, err := p.Envelope(role)
		if err != nil {
			return nil, err
		}
		out[role] = e.Expires
	}
	return out, nil
}

// Ed25519Key is the key whose 32 bytes are these 64 hex digits, as this program
// lists it.
func Ed25519Key(public string) (Key, error) {
	var k PublicKey
	b, err := hex.DecodeString(public)
	if err != nil || len(b) != len(k) || strings.ToLower(public) != public {
		return Key{}, fmt.Errorf("public key %q: want %d lower-case hex digits", public, hex.EncodedLen(len(k)))
	}
	copy(k[:], b)
	return listed(k), nil
}
