package release

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"signer/ceremony/tuf"
)

// A commit in five parts:
//
//  1. all content is written below .signer/new, durably;
//  2. .signer/journal, which lists every move with the digest of what is moved,
//     is written beside its place, synced, renamed, and its folder synced. From
//     then on the command has happened;
//  3. each file is renamed into place, in the order of place.go;
//  4. the journal is removed, durably;
//  5. so is .signer/new.
//
// Power that fails before 2 is done leaves the folder as it was. Later, whoever
// opens the folder next does 3 to 5 again, each of which may have been done.
//
// The journal is as good as a signature on the folder, so it is read strictly: it
// has its own digest, names nothing outside keys/ and repository/, and is
// verified against what lies there before the first file moves.

// ErrJournal means a journal that cannot be believed.
var ErrJournal = errors.New("the journal of a command that was cut off cannot be used")

const (
	journalForm    = "signer-journal-1 "
	maxJournalSize = 16 << 20 // about 40,000 files
)

// fileDigest is the SHA-512 of a file, which targets.json has anyway.
type fileDigest [sha512.Size]byte

func (d fileDigest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }
func (d *fileDigest) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(d)) {
		return fmt.Errorf("a digest of %d digits, want %d", len(b), hex.EncodedLen(len(d)))
	}
	_, err := hex.Decode(d[:], b)
	return err
}

// journal is what is left to do when the power fails.
type journal struct {
	Command string `json:"command"`
	Moves   []move `json:"moves"`
}

// move brings one file of .signer/new to its place, or removes one.
type move struct {
	To     string      `json:"to"`
	From   string      `json:"from,omitempty"` // a name in .signer/new
	Length int64       `json:"length"`
	SHA512 *fileDigest `json:"sha512,omitempty"` // none: To is removed
	// Was is what lay there before, where the place remembers it. Where there is
	// something else when the commit is finished, another program was at work
	// meanwhile.
	Was *fileDigest `json:"was,omitempty"`
}

func (m move) scratch() string { return newFolder + "/" + m.From }

func (j journal) encode() ([]byte, error) {
	body, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	b := append([]byte(journalForm+tuf.DigestOf(body).String()+"\n"), body...)
	if len(b) > maxJournalSize {
		return nil, fmt.Errorf("%d files at once are more than fit: %w", len(j.Moves), tuf.ErrTooLarge)
	}
	_, err = parseJournal(b) // what cannot be read again must not be written
	return b, err
}

// parseJournal reads what encode writes, and nothing else.
func parseJournal(b []byte) (j journal, err error) {
	head, body, ok := bytes.Cut(b, []byte("\n"))
	sum, known := strings.CutPrefix(string(head), journalForm)
	switch {
	case !ok || !known:
		return j, errors.New("it is not in the form of one")
	case sum != tuf.DigestOf(body).String():
		return j, errors.New("it is damaged: its digest is another")
	}
	if err := tuf.DecodeStrict(body, maxJournalSize, &j); err != nil {
		return j, err
	}
	return j, j.check()
}

func (j journal) check() error {
	names, from, last := map[string]bool{}, map[string]bool{}, place(0)
	for _, m := range j.Moves {
		if err := m.check(); err != nil {
			return fmt.Errorf("%q: %w", m.To, err)
		}
		if m.place() < last {
			return fmt.Errorf("%q: it is out of order", m.To)
		}
		if names[m.To] || m.From != "" && from[m.From] {
			return fmt.Errorf("%q: it is named twice", m.To)
		}
		names[m.To], from[m.From], last = true, true, m.place()
	}
	if len(j.Moves) == 0 {
		return errors.New("it lists no file")
	}
	return nil
}

func (m move) check() error {
	at, err := placeOf(m.To)
	switch {
	case err != nil:
		return err
	case m.removes() && (at != placeKeys || m.From != "" || m.Length != 0):
		return errors.New("only key files are ever removed")
	case m.removes():
		return nil
	case !isScratchName(m.From):
		return fmt.Errorf("%q is no name of a file that is to be moved", m.From)
	case m.Was != nil && !at.remembers():
		return errors.New("nobody remembers what lay there")
	case m.Length < 0:
		return errors.New("its length is less than nothing")
	}
	return nil
}

// removes reports whether the file is to go: nothing comes in its place.
func (m move) removes() bool { return m.SHA512 == nil }

// place is where the move is in the order. Its name was looked at before.
func (m move) place() place {
	if m.removes() {
		return placeRemoved
	}
	at, _ := placeOf(m.To)
	return at
}
