package ceremony

// A key request is how a releaser's public keys come to those who hold the root
// keys: request.json on a transfer drive. A ceremony takes nothing from it but
// keys of online roles, into a root that it derives itself.
//
//   - A proof shows that the private key exists and was at hand for this root. It
//     says nothing about who holds it: name and roles are covered by nothing,
//     and people compare them, and the key ids, by another way.
//   - A proof that does not hold is refused, because nobody makes one by
//     accident. A key without a proof, as those of tools that make none, is
//     read and marked.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

const (
	// RequestName is the file of a key request, at the root of a transfer drive.
	RequestName = "request.json"
	// RequestFormat names this form of it.
	RequestFormat = "signer-request-v1"
	// MaxRequestSize is what is read of it at most.
	MaxRequestSize = 64 << 10

	mostRequested = 9 // keys: three of each online role
)

// ErrRequest is a file that is no key request, or one that nobody should take.
var ErrRequest = errors.New("not a key request")

// KeyRequest is what request.json says.
type KeyRequest struct {
	Format    string `json:"format"`
	Rehearsal bool   `json:"rehearsal"`
	// Repository is the SHA-256 of 1.root.json, when the releaser had all roots.
	Repository *tuf.Digest    `json:"repository,omitempty"`
	Root       RootMark       `json:"root"` // the one that the keys are to be added to
	Holder     string         `json:"holder"`
	Made       time.Time      `json:"made"` // by the releaser's clock
	Keys       []RequestedKey `json:"keys"`
}

// RequestedKey is one key, and the role that it is to sign for.
type RequestedKey struct {
	Role  tuf.Role
	Key   tuf.Key
	Proof *tuf.Proof // it was verified; nil: there is none
}

// Proven reports whether somebody had the private key.
func (k RequestedKey) Proven() bool { return k.Proof != nil }

// NewKeyRequest begins a request for keys to be added to a root. It fails when
// the holder's name is none that records can show.
func NewKeyRequest(root *tuf.Root, holder string, now time.Time) (KeyRequest, error) {
	r := KeyRequest{Format: RequestFormat, Root: RootMark{Version: root.Version, Signed: root.Digest()},
		Holder: strings.TrimSpace(holder), Made: now.UTC().Truncate(time.Second)}
	return r, r.checkHolder()
}

// Add has a key prove itself for the root of the request, and lists it.
func (r *KeyRequest) Add(role tuf.Role, key *tuf.PrivateKey, random io.Reader) error {
	proof, err := key.Prove(r.Root.Signed, random)
	if err != nil {
		return fmt.Errorf("request the %s key: %w", role, err)
	}
	r.Keys = append(r.Keys, RequestedKey{Role: role, Key: key.Key(), Proof: &proof})
	return nil
}

// Encode is the request as it is written. One that would not be read is an
// error here.
func (r KeyRequest) Encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("write %s: %w", RequestName, err)
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", RequestName, err)
	}
	return append(b, '\n'), nil
}

// ParseKeyRequest reads request.json strictly: it comes from somebody else's
// computer.
func ParseKeyRequest(b []byte) (*KeyRequest, error) {
	var r KeyRequest
	if err := tuf.DecodeStrict(b, MaxRequestSize, &r); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", RequestName, ErrRequest, err)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", RequestName, err)
	}
	return &r, nil
}

// check refuses what no request says.
func (r *KeyRequest) check() error {
	switch {
	case r.Format != RequestFormat:
		return fmt.Errorf("%w: format %q", ErrRequest, shortForeign(r.Format))
	case r.Root.Version < 1 || r.Root.Signed.IsZero():
		return fmt.Errorf("%w: it names no root", ErrRequest)
	case r.Made.IsZero() || r.Made.Format(time.RFC3339Nano) != r.Made.UTC().Format(time.RFC3339):
		return fmt.Errorf("%w: its time is not in UTC with whole seconds", ErrRequest)
	case len(r.Keys) < 1 || len(r.Keys) > mostRequested:
		return fmt.Errorf("%w: it has %d keys, not 1 to %d", ErrRequest, len(r.Keys), mostRequested)
	}
	for i, k := range r.Keys {
		if err := r.checkKey(k, r.Keys[:i]); err != nil {
			return err
		}
	}
	return r.checkHolder()
}

func (r *KeyRequest) checkHolder() error {
	if err := fitsName(Answer{Text: r.Holder}); err != nil || strings.TrimSpace(r.Holder) != r.Holder {
		return fmt.Errorf("%w: the holder's name %q will not do: want 1 to 60 letters that can be shown", ErrRequest, shortForeign(r.Holder))
	}
	return nil
}

func (r *KeyRequest) checkKey(k RequestedKey, before []RequestedKey) error {
	twice := slices.ContainsFunc(before, func(other RequestedKey) bool { return other.Key.SameKey(k.Key) })
	switch {
	case !slices.Contains(tuf.OnlineRoles(), k.Role):
		return fmt.Errorf("%w: a key for the role %q: %w", ErrRequest, shortForeign(string(k.Role)), ErrForbidden)
	case twice:
		return fmt.Errorf("%w: it has the key %s twice", ErrRequest, k.Key.ID.Short())
	case k.Proof == nil:
		return nil
	case k.Proof.Root != r.Root.Signed:
		return fmt.Errorf("%w: key %s: %w: it is for another root", ErrRequest, k.Key.ID.Short(), tuf.ErrProof)
	}
	if err := k.Proof.VerifyKey(k.Key); err != nil {
		return fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return nil
}

// shortForeign shows the beginning of a text that may be as long as the file.
func shortForeign(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		s = string(runes[:40]) + "..."
	}
	return Foreign(s)
}

// requestedKeyForm is a key as it is written: listed as in root.json.
type requestedKeyForm struct {
	Role  tuf.Role        `json:"role"`
	Key   json.RawMessage `json:"key"`
	Proof *tuf.Proof      `json:"proof,omitempty"`
}

func (k RequestedKey) MarshalJSON() ([]byte, error) {
	listed, err := k.Key.Listed()
	if err != nil {
		return nil, err
	}
	return json.Marshal(requestedKeyForm{Role: k.Role, Key: listed, Proof: k.Proof})
}

func (k *RequestedKey) UnmarshalJSON(b []byte) error {
	var f requestedKeyForm
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	key, err := tuf.ParseListedKey(f.Key)
	*k = RequestedKey{Role: f.Role, Key: key, Proof: f.Proof}
	return err
}
