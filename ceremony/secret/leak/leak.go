package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// Secret is one to look for, by what a person would call it.
type Secret struct {
	Name  string
	Bytes []byte
}

// least is how long a secret has to be: a shorter one is found by chance.
const least = 8

// Find says which of the secrets are in data, and in what form.
func Find(data []byte, secrets []Secret) (found []string) {
	text := newText(data)
	for _, s := range secrets {
		if len(s.Bytes) < least {
			found = append(found, fmt.Sprintf("%s cannot be looked for: it has %d bytes", s.Name, len(s.Bytes)))
			continue
		}
		if form := text.formOf(s.Bytes); form != "" {
			found = append(found, s.Name+" "+form)
		}
	}
	return found
}

// text is data in the ways that forms are looked for.
type text struct{ plain, close, lower []byte }

func newText(data []byte) text {
	closed := closeUp(data)
	return text{plain: data, close: closed, lower: bytes.ToLower(closed)}
}

// formOf is the form that the secret has in the text; "" when it is not there.
func (t text) formOf(secret []byte) string {
	numbers := strings.Trim(fmt.Sprint(secret), "[]")
	switch {
	case bytes.Contains(t.plain, secret), bytes.Contains(t.close, closeUp(secret)):
		return "as it is"
	case bytes.Contains(t.lower, []byte(hex.EncodeToString(secret))):
		return "in hex"
	case bytes.Contains(t.plain, []byte(numbers)), bytes.Contains(t.close, []byte(strings.ReplaceAll(numbers, " ", ","))):
		return "as numbers"
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			if bytes.Contains(t.close, within(encoding, secret, before)) {
				return "in base64"
			}
		}
	}
	return ""
}

// closeUp leaves out white space: groups of four digits, and lines that were
// broken.
func closeUp(b []byte) []byte { return bytes.Join(bytes.Fields(b), nil) }

// within is what base64 has of a secret with so many bytes before it: the
// letters that no byte outside the secret has a part in.
func within(encoding *base64.Encoding, secret []byte, before int) []byte {
	const perLetter, perByte = 6, 8
	encoded := encoding.EncodeToString(append(make([]byte, before), secret...))
	first := (before*perByte + perLetter - 1) / perLetter
	whole := (before + len(secret)) * perByte / perLetter
	return []byte(encoded[first:whole])
}
