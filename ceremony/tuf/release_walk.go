package tuf

import (
	"strings"
)

// walker walks over the targets of a targets.json. Its methods report whether what
// they read is as v0.5.2 writes it, and as the strict reader takes it.
type walker struct {
	b         []byte
	open      int    // the brace before the targets
	i         int    // the next byte
	canonical []byte // of what was read
	entries   []span
	nodes     int // that scan would list
	last      string
	folds     folds
}

// targets reads them all, to the brace behind them.
func (w *walker) targets() bool {
	for !w.accept("}") {
		if len(w.entries) > 0 {
			if !w.accept(",") {
				return false
			}
			w.canonical = append(w.canonical, ',')
		}
		if !w.entry() {
			return false
		}
	}
	return !w.folds.repeat()
}

// entry reads a path and its target. The canonical form has custom first.
func (w *walker) entry() bool {
	at := w.i
	path, ok := w.path()
	if !ok || !w.accept(`:{"length":`) {
		return false
	}
	length, ok := w.whole()
	if !ok || !w.accept(`,"hashes":`) {
		return false
	}
	hashes, ok := w.hashes()
	if !ok {
		return false
	}
	w.canonical = append(appendText(w.canonical, path), ":{"...)
	if w.accept(`,"custom":`) {
		w.canonical = append(w.canonical, `"custom":`...)
		if !w.custom(span{int32(at), int32(w.i)}) {
			return false
		}
		w.canonical = append(w.canonical, ',')
	}
	if !w.accept("}") {
		return false
	}
	w.canonical = append(append(w.canonical, `"hashes":`...), hashes...)
	w.canonical = append(append(w.canonical, `,"length":`...), length...)
	w.canonical = append(w.canonical, '}')
	w.entries = append(w.entries, span{int32(at), int32(w.i)})
	w.nodes += len([]string{"path", "target", "length", "number", "hashes", "object"})
	return true
}

// path reads one that comes after the one before, so that none appears twice.
func (w *walker) path() (string, bool) {
	path, ok := w.text()
	if !ok || !plainPath(path) || len(w.entries) > 0 && path <= w.last {
		return "", false
	}
	w.last = path
	w.folds.add(path)
	return path, true
}

// whole reads a number of at least 0.
func (w *walker) whole() ([]byte, bool) {
	at := w.i
	for w.i < len(w.b) && '0' <= w.b[w.i] && w.b[w.i] <= '9' {
		w.i++
	}
	word := w.b[at:w.i]
	return word, notWhole(word) == ""
}

// hashes reads those that are known, in their order.
func (w *walker) hashes() ([]byte, bool) {
	at := w.i
	ok := w.accept(`{"sha512":`) && w.hash(128) ||
		w.accept(`{"sha256":`) && w.hash(64) && (!w.accept(`,"sha512":`) || w.hash(128))
	return w.b[at:min(w.i+1, len(w.b))], ok && w.accept("}")
}

// hash reads lower-case hex digits in quotes.
func (w *walker) hash(digits int) bool {
	end := w.i + digits + len(`""`)
	if end > len(w.b) || w.b[w.i] != '"' || w.b[end-1] != '"' {
		return false
	}
	if !lowerHex(w.b[w.i+1 : end-1]) {
		return false
	}
	w.i = end
	w.nodes += len([]string{"name", "text"})
	return true
}

// lowerHex has no branch for each digit: none can be foreseen, and they took half
// the time of the walk (profile).
func lowerHex(b []byte) bool {
	all := uint32(1)
	for _, c := range b {
		digit, letter := uint32(c-'0'), uint32(c-'a') // bytes: below is far above
		all &= (digit-10)>>31 | (letter-6)>>31
	}
	return all == 1
}

// custom reads what a releaser says of a target, nearly always its version.
func (w *walker) custom(name span) bool {
	at := w.i
	if w.accept(`{"version":`) && w.plain() && w.accept("}") {
		w.canonical = append(w.canonical, w.b[at:w.i]...)
		w.nodes += len([]string{"custom", "object", "version", "text"})
		return true
	}
	w.i = at
	s := w.scanner()
	s.nodes = append(s.nodes, node{at: name.at, end: name.end})
	const depth = 4 // below signed, targets and the target
	if s.value(1, depth) != nil {
		return false
	}
	w.i = s.i
	v := value{&s.document, 2}
	w.canonical = v.appendCanonical(w.canonical)
	w.nodes += len(s.nodes) - 1
	return isWritten(v.raw())
}

// text reads a text.
func (w *walker) text() (string, bool) {
	at := w.i
	if w.plain() {
		return string(w.b[at+1 : w.i-1]), true
	}
	w.i = at
	if at == len(w.b) || w.b[at] != '"' {
		return "", false
	}
	s := w.scanner()
	n := s.begin(0)
	if s.text(n) != nil {
		return "", false
	}
	w.i = s.i
	return s.string(n), isWritten(w.b[at:s.i])
}

// plain reads a text that means what stands there, and is written so.
func (w *walker) plain() bool {
	if w.i == len(w.b) || w.b[w.i] != '"' {
		return false
	}
	for w.i++; w.i < len(w.b); w.i++ {
		switch c := w.b[w.i]; {
		case c == '"':
			w.i++
			return true
		case c < ' ' || c > '~' || c == '\\' || c == '<' || c == '>' || c == '&':
			return false
		}
	}
	return false
}

// scanner is the strict reader at the next byte. It must know that it is within
// the targets: elsewhere a null may stand.
func (w *walker) scanner() *scanner {
	return &scanner{document: document{b: w.b, nodes: []node{{at: int32(w.open), parent: none}}}, i: w.i}
}

func (w *walker) accept(text string) bool {
	if !strings.HasPrefix(string(w.b[w.i:min(w.i+len(text), len(w.b))]), text) {
		return false
	}
	w.i += len(text)
	return true
}
