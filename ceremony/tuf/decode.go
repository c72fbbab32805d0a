package tuf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxComplaint is how much is shown of what encoding/json says of a file: it
// quotes whole values.
const maxComplaint = 160

// errReadsOtherwise is a file that another reader would read in another way.
var errReadsOtherwise = errors.New("a name or a value is not spelled as this form has it")

// DecodeStrict reads a file of a form of our own into a struct, with the rules
// of the strict reader, and takes only what the struct would be written as: a
// name in other letters, which encoding/json takes, a field without a meaning,
// and a time in another zone are refused.
func DecodeStrict(b []byte, limit int, into any) error {
	v, err := scan(b, limit)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return complaint(err)
	}
	read, err := Canonical(into)
	if err != nil {
		return complaint(err)
	}
	if !bytes.Equal(read, canonicalOf(v)) {
		return errReadsOtherwise
	}
	return nil
}

// complaint keeps a short error as it is, and cuts a long one.
func complaint(err error) error {
	text := err.Error()
	if len(text) <= maxComplaint {
		return err
	}
	return fmt.Errorf("%s…", strings.ToValidUTF8(text[:maxComplaint], ""))
}
