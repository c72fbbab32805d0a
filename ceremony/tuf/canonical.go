package tuf

import (
	"encoding/json"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
)

// Canonical is the canonical JSON of v (TUF 1.0.34 §4.1): names sorted, nothing
// between tokens, only quotes and backslashes escaped. Signatures cover it, and
// a key's id is its digest.
//
// v is what encoding/json marshals; JSON text is handed over as
// json.RawMessage. The encoder of go-securesystemslib is the one that go-tuf
// v0.5.2 uses, but it lets pass what makes two different files one: a lone
// surrogate becomes U+FFFD, of two equal names the last wins, and -0 stays -0.
// So JSON text that comes from elsewhere goes through a Parse function, which
// refuses these, before it goes through here.
func Canonical(v any) ([]byte, error) {
	b, err := cjson.EncodeCanonical(v)
	if err != nil {
		return nil, fmt.Errorf("canonical form: %w", err)
	}
	return b, nil
}

// canonicalOf is the canonical form of text that scan has accepted.
func canonicalOf(v value) ([]byte, error) { return Canonical(json.RawMessage(v.raw())) }
