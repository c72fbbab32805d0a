package tuf

// Metadata as it is written: one line, names in the order in which tuf and
// fleetctl v0.5.2 write them, no newline at the end (measured), so that a
// repository looks the same whoever wrote to it last, and a file that v0.5.2
// reads and writes again keeps its bytes. Signatures cover the canonical form,
// which has another order.

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// newSpecVersion is what repositories of v0.5.2 say, and new ones therefore.
const newSpecVersion = "1.0"

type fileForm struct {
	Signed     json.RawMessage `json:"signed"`
	Signatures []signatureForm `json:"signatures"`
}

type signatureForm struct {
	KeyID KeyID  `json:"keyid"`
	Sig   string `json:"sig"`
}

// commonForm begins the signed part of every role.
type commonForm struct {
	Type        Role   `json:"_type"`
	SpecVersion string `json:"spec_version"`
	Version     int64  `json:"version"`
	Expires     string `json:"expires"`
}

type rootForm struct {
	commonForm
	Keys       map[KeyID]keyForm `json:"keys"`
	Roles      map[Role]roleForm `json:"roles"`
	Consistent bool              `json:"consistent_snapshot"`
}

type keyForm struct {
	Type           string   `json:"keytype"`
	Scheme         string   `json:"scheme"`
	HashAlgorithms []string `json:"keyid_hash_algorithms,omitempty"`
	Value          struct {
		Public string `json:"public"`
	} `json:"keyval"`
}

type roleForm struct {
	KeyIDs    []KeyID `json:"keyids"`
	Threshold int     `json:"threshold"`
}

type targetsForm struct {
	commonForm
	Targets json.RawMessage `json:"targets"`
}

// metaForm is a snapshot or a timestamp.
type metaForm struct {
	commonForm
	Meta map[string]fileMetaForm `json:"meta"`
}

type fileMetaForm struct {
	Length  int               `json:"length"`
	Hashes  map[string]string `json:"hashes"`
	Version int64             `json:"version"`
}

func common(role Role, specVersion string, version int64, expires time.Time) commonForm {
	return commonForm{Type: role, SpecVersion: specVersion, Version: version, Expires: expires.UTC().Format(expiresForm)}
}

func (k Key) form() keyForm {
	f := keyForm{Type: k.Type, Scheme: k.Scheme, HashAlgorithms: k.HashAlgorithms}
	f.Value.Public = k.Public
	return f
}

// signedFile joins a signed part and its signatures.
func signedFile(signed []byte, signatures []Signature) ([]byte, error) {
	f := fileForm{Signed: signed, Signatures: make([]signatureForm, 0, len(signatures))}
	for _, s := range signatures {
		f.Signatures = append(f.Signatures, signatureForm{s.KeyID, hex.EncodeToString(s.Bytes)})
	}
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("write metadata: %w", err)
	}
	return b, nil
}
