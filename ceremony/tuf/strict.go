package tuf

// The strict reader of JSON. It runs over the bytes of a file before any
// library sees them, and refuses what libraries read in different ways:
//
//   - a file larger than its role may have, deeper than 32 levels, or with
//     more values than a real repository needs memory for;
//   - a name that appears twice in an object, or twice but for case:
//     encoding/json takes "Version" for "version", python-tuf does not;
//   - null (go-tuf/v2 dereferences it), but for "signatures", which tuf v0.5.2
//     leaves null in staged/root.json;
//   - fractions, exponents and integers of 2^53 and more: go-tuf v0.5.2 reads
//     numbers as float64 before it verifies;
//   - invalid UTF-8 and lone surrogates: Go reads both as U+FFFD, so that two
//     files would have one canonical form;
//   - anything after the value.

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is read at most; threats.md.
const (
	MaxRootSize      = 512 << 10
	MaxTimestampSize = 1 << 20
	MaxSnapshotSize  = 1 << 20
	MaxTargetsSize   = 64 << 20

	maxDepth = 32
	// maxNodes bounds the memory that a file of many tiny values takes here and
	// in the libraries behind. A target is 12 nodes and some 250 bytes, so 64 MiB
	// of targets stay below.
	maxNodes = 4 << 20
	fewNodes = 512 // what a root has
)

// ErrTooLarge means a file larger than its role may have.
var ErrTooLarge = errors.New("larger than it may be")

// Fault is what is wrong with a file, and where.
type Fault struct {
	Path    string // signed.keys["4f2a91c0…"].keyval.public
	Offset  int    // of the byte, counted from 0
	Problem string
}

func (f *Fault) Error() string {
	if f.Path == "" {
		return fmt.Sprintf("byte %d: %s", f.Offset, f.Problem)
	}
	return fmt.Sprintf("%s (byte %d): %s", f.Path, f.Offset, f.Problem)
}

// scan checks the file and returns its only value.
func scan(b []byte, limit int) (value, error) {
	if len(b) > limit {
		return value{}, fmt.Errorf("%w: %d bytes of at most %d", ErrTooLarge, len(b), limit)
	}
	s := &scanner{document: document{b: b, nodes: make([]node, 0, min(len(b)/16, fewNodes))}}
	s.space()
	if err := s.value(none, 0); err != nil {
		return value{}, err
	}
	if s.space(); s.i < len(b) {
		return value{}, s.fault(none, "something follows the end")
	}
	return value{&s.document, 0}, nil
}

// scanner walks over a document once and lists its nodes.
type scanner struct {
	document
	i int // the next byte
}

func (s *scanner) value(parent int32, depth int) error {
	if len(s.nodes) >= maxNodes {
		return s.fault(parent, "more values than a repository has")
	}
	switch n := s.begin(parent); {
	case s.i == len(s.b):
		return s.fault(parent, "the file ends too early")
	case s.b[s.i] == '{' || s.b[s.i] == '[':
		if depth == maxDepth {
			return s.fault(n, fmt.Sprintf("nested deeper than %d levels", maxDepth))
		}
		return s.container(n, depth)
	case s.b[s.i] == '"':
		return s.text(n)
	default:
		return s.literal(n)
	}
}

// begin opens a node at the next byte.
func (s *scanner) begin(parent int32) int32 {
	s.nodes = append(s.nodes, node{at: int32(s.i), parent: parent})
	return int32(len(s.nodes) - 1)
}

func (s *scanner) close(n int32) {
	s.nodes[n].end, s.nodes[n].next = int32(s.i), int32(len(s.nodes))
}

// container reads an object or an array: n stands at its bracket.
func (s *scanner) container(n int32, depth int) error {
	object := s.b[s.i] == '{'
	closing := map[bool]byte{true: '}', false: ']'}[object]
	s.i++
	s.space()
	for first := true; !s.accept(closing); first = false {
		if !first && !s.accept(',') {
			return s.fault(n, fmt.Sprintf("want , or %c", closing))
		}
		s.space()
		if err := s.element(n, object, depth); err != nil {
			return err
		}
		s.space()
	}
	s.close(n)
	if object {
		return s.unique(n, depth == 2 && s.place(n) == "signed.targets")
	}
	return nil
}

// element reads an array's value, or an object's name and value.
func (s *scanner) element(n int32, object bool, depth int) error {
	if !object {
		return s.value(n, depth+1)
	}
	if s.i == len(s.b) || s.b[s.i] != '"' {
		return s.fault(n, "want a name in quotes")
	}
	name := s.begin(n)
	if err := s.text(name); err != nil {
		return err
	}
	if s.space(); !s.accept(':') {
		return s.fault(name, "want : after the name")
	}
	s.space()
	if err := s.value(name, depth+1); err != nil {
		return err
	}
	s.nodes[name].next = int32(len(s.nodes))
	return nil
}

// unique refuses equal names, and names that are equal but for case. Only the
// paths of targets may differ in case alone: they are names of files, no
// library folds them, and ParseTargets has its own say.
func (s *scanner) unique(object int32, caseMatters bool) error {
	seen := map[string]string{}
	for name := range s.children(object) {
		text := s.string(name)
		key := text
		if !caseMatters {
			key = fold(text)
		}
		switch other, ok := seen[key]; {
		case ok && other == text:
			return s.faultAt(name, "this name appears twice")
		case ok:
			return s.faultAt(name, fmt.Sprintf("but for case this is the name %s again", quote(other)))
		}
		seen[key] = text
	}
	return nil
}

// fold maps names that encoding/json takes for one to one string: every rune
// becomes the smallest that it folds to, which of ASCII is the capital.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case r < utf8.RuneSelf:
			return r
		}
		smallest := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			smallest = min(smallest, f)
		}
		return smallest
	}, s)
}

func (s *scanner) accept(c byte) bool {
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

func (s *scanner) space() {
	for s.i < len(s.b) && strings.IndexByte(" \t\r\n", s.b[s.i]) >= 0 {
		s.i++
	}
}

// fault is a problem at the next byte, which belongs to node n.
func (s *scanner) fault(n int32, problem string) error {
	return &Fault{Path: s.place(n), Offset: s.i, Problem: problem}
}
