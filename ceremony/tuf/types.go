package tuf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Role is one of the four top-level roles (TUF 1.0.34 §2.1).
type Role string

const (
	RoleRoot      Role = "root"
	RoleTargets   Role = "targets"
	RoleSnapshot  Role = "snapshot"
	RoleTimestamp Role = "timestamp"
)

// Roles lists the top-level roles in the order in which people meet them.
func Roles() []Role { return []Role{RoleRoot, RoleTargets, RoleSnapshot, RoleTimestamp} }

// OnlineRoles lists the roles whose keys a releaser holds.
func OnlineRoles() []Role { return []Role{RoleTargets, RoleSnapshot, RoleTimestamp} }

// KeyID is the SHA-256 of the canonical JSON of a key (TUF 1.0.34 §4.2).
type KeyID [sha256.Size]byte

// Digest is a SHA-256 digest.
type Digest [sha256.Size]byte

// PublicKey is an Ed25519 public key, the only kind this program makes.
type PublicKey [32]byte

// DigestOf is the digest of b.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

func (id KeyID) String() string    { return hex.EncodeToString(id[:]) }
func (d Digest) String() string    { return hex.EncodeToString(d[:]) }
func (k PublicKey) String() string { return hex.EncodeToString(k[:]) }
func (id KeyID) IsZero() bool      { return id == KeyID{} }
func (d Digest) IsZero() bool      { return d == Digest{} }
func (d Digest) Groups() string    { return hexGroups(d[:]) }
func (id KeyID) Groups() string    { return hexGroups(id[:]) }

// Short is the start of a key id as people compare it: "4f2a 91c0".
func (id KeyID) Short() string { return hexGroups(id[:4]) }

func (id KeyID) MarshalText() ([]byte, error)  { return []byte(id.String()), nil }
func (d Digest) MarshalText() ([]byte, error)  { return []byte(d.String()), nil }
func (id *KeyID) UnmarshalText(b []byte) error { return fromHex(id[:], "key id", b) }
func (d *Digest) UnmarshalText(b []byte) error { return fromHex(d[:], "digest", b) }

// ParseKeyID reads 64 lower-case hex digits.
func ParseKeyID(s string) (id KeyID, err error) {
	err = id.UnmarshalText([]byte(s))
	return id, err
}

// ParseDigest reads 64 lower-case hex digits.
func ParseDigest(s string) (d Digest, err error) {
	err = d.UnmarshalText([]byte(s))
	return d, err
}

func fromHex(dst []byte, what string, src []byte) error {
	if len(src) != hex.EncodedLen(len(dst)) || strings.ToLower(string(src)) != string(src) {
		return fmt.Errorf("%s %s: want %d lower-case hex digits", what, quote(string(src)), hex.EncodedLen(len(dst)))
	}
	if _, err := hex.Decode(dst, src); err != nil {
		return fmt.Errorf("%s %s: %w", what, quote(string(src)), err)
	}
	return nil
}

// hexGroups writes bytes as hex in groups of four digits.
func hexGroups(b []byte) string {
	var s strings.Builder
	for i := 0; i < len(b); i += 2 {
		if i > 0 {
			s.WriteByte(' ')
		}
		s.WriteString(hex.EncodeToString(b[i:min(i+2, len(b))]))
	}
	return s.String()
}

// Key is a public key as metadata lists it.
type Key struct {
	ID             KeyID    // computed; History may list another, and says so
	Type, Scheme   string   // "ed25519", "ecdsa-sha2-nistp256", "rsa", …
	Public         string   // keyval.public, as spelled
	HashAlgorithms []string // keyid_hash_algorithms; nil when the key has none

	material string // the decoded key, for comparison whatever its spelling: keymaterial.go
}

// RoleKeys says who may sign for a role.
type RoleKeys struct {
	KeyIDs    []KeyID // sorted
	Threshold int
}

// Signature is one signature by one key id.
type Signature struct {
	KeyID KeyID
	Bytes []byte
}

// Root is a root.json that was parsed. It is read only: what is signed or
// verified is the bytes it was read from.
type Root struct {
	Envelope
	Consistent bool
	Keys       map[KeyID]Key
	Roles      map[Role]RoleKeys
}

// Envelope is what all metadata files share.
type Envelope struct {
	Raw         []byte // the file, as it was read
	Signed      []byte // the canonical form of its "signed" part: what signatures cover
	Role        Role
	Version     int64
	Expires     time.Time
	SpecVersion string
	Signatures  []Signature
	Deviations  []string // what history may have and what this program would not write
	Mode        Mode     // how it was read
}

// Digest names what was signed: the SHA-256 of the canonical signed part. It is
// the fingerprint that people confirm.
func (e Envelope) Digest() Digest { return DigestOf(e.Signed) }
