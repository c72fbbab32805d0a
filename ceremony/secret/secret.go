// Package secret holds the type of everything that must never be seen:
// passphrases, private keys, and what is derived from them.
//
// In: bytes that a person typed or the generator made. Out: the same bytes, to
// the few functions that need them. Rules it keeps:
//
//   - printed with any verb, a secret reads [secret];
//
//   - marshalled in any form, it is an error, so that nothing is written in
//     place of what somebody meant to write;
//
//   - its owner wipes it: whoever makes or receives a Bytes calls Wipe.
//
//     pass := secret.Bytes("correct horse")
//     defer pass.Wipe()
//     fmt.Println(pass) // [secret]
package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const shown = "[secret]"

// ErrMarshal is returned by every marshaller that meets a secret.
var ErrMarshal = errors.New("a secret cannot be marshalled")

// Bytes is a secret. The zero value is no secret at all.
type Bytes []byte

// Wipe overwrites the secret where it lies. Copies are not reached.
func (b Bytes) Wipe() { clear(b) }

// Clone copies the secret; the copy has an owner of its own.
func (b Bytes) Clone() Bytes { return append(make(Bytes, 0, len(b)), b...) }

// Equal compares in constant time for secrets of one length.
func (b Bytes) Equal(other Bytes) bool { return subtle.ConstantTimeCompare(b, other) == 1 }

func (Bytes) String() string   { return shown }
func (Bytes) GoString() string { return shown }

// Format answers every verb, %x and %q too.
func (Bytes) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, shown) }

func (Bytes) LogValue() slog.Value           { return slog.StringValue(shown) }
func (Bytes) MarshalJSON() ([]byte, error)   { return nil, ErrMarshal }
func (Bytes) MarshalText() ([]byte, error)   { return nil, ErrMarshal }
func (Bytes) MarshalBinary() ([]byte, error) { return nil, ErrMarshal }
func (Bytes) GobEncode() ([]byte, error)     { return nil, ErrMarshal }
