package tuf

import (
	"fmt"
	"slices"
	"strings"

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

// canonicalOf is the canonical form of text that scan has accepted. It is written
// from the nodes that scan has listed: that library reads the text a second time,
// which for a root and its eight keys took as long as two signatures (profile).
// Tests hold the two against each other.
func canonicalOf(v value) []byte {
	return v.appendCanonical(make([]byte, 0, len(v.raw())))
}

func (v value) appendCanonical(b []byte) []byte {
	switch v.first() {
	case '{':
		return v.appendMembers(b)
	case '[':
		b = append(b, '[')
		separated := false
		for item := range v.items() {
			b = item.appendCanonical(comma(b, separated))
			separated = true
		}
		return append(b, ']')
	case '"':
		return appendText(b, v.d.string(v.n))
	}
	return append(b, v.raw()...) // a number, true or false: scan takes one spelling of each
}

func (v value) appendMembers(b []byte) []byte {
	type member struct {
		name  string
		value value
	}
	var all []member
	for name, value := range v.members() {
		all = append(all, member{name, value})
	}
	slices.SortFunc(all, func(x, y member) int { return strings.Compare(x.name, y.name) })
	b = append(b, '{')
	for i, m := range all {
		b = append(appendText(comma(b, i > 0), m.name), ':')
		b = m.value.appendCanonical(b)
	}
	return append(b, '}')
}

func comma(b []byte, wanted bool) []byte {
	if wanted {
		return append(b, ',')
	}
	return b
}

func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
