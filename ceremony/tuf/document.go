package tuf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// document is a file that scan has read: its bytes, and its nodes in the order
// in which they begin. A name is a node with one child, its value.
type document struct {
	b     []byte
	nodes []node
}

// node is a value or a name. While it is being read, end and next are 0.
type node struct {
	at, end int32 // its bytes
	next    int32 // the node that follows it and all within it
	parent  int32
}

const none int32 = -1

// value is a value of a document that scan has accepted.
type value struct {
	d *document
	n int32
}

func (v value) raw() []byte { return v.d.b[v.d.nodes[v.n].at:v.d.nodes[v.n].end] }
func (v value) first() byte { return v.d.b[v.d.nodes[v.n].at] }

// members are the names and values of an object.
func (v value) members() iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		for name := range v.d.children(v.n) {
			if !yield(v.d.string(name), value{v.d, name + 1}) {
				return
			}
		}
	}
}

// items are the values of an array.
func (v value) items() iter.Seq[value] {
	return func(yield func(value) bool) {
		for n := range v.d.children(v.n) {
			if !yield(value{v.d, n}) {
				return
			}
		}
	}
}

func (v value) text() (string, error) {
	if v.first() != '"' {
		return "", v.fault("want a text")
	}
	return v.d.string(v.n), nil
}

func (v value) integer() (int64, error) {
	i, err := strconv.ParseInt(string(v.raw()), 10, 64)
	if err != nil {
		return 0, v.fault("want a whole number")
	}
	return i, nil
}

func (v value) boolean() (bool, error) {
	if s := string(v.raw()); s != "true" && s != "false" {
		return false, v.fault("want true or false")
	}
	return v.first() == 't', nil
}

// fault says what is wrong with the value, and where it stands.
func (v value) fault(format string, args ...any) error {
	return v.d.faultAt(v.n, fmt.Sprintf(format, args...))
}

func (d *document) faultAt(n int32, problem string) error {
	return &Fault{Path: d.place(n), Offset: int(d.nodes[n].at), Problem: problem}
}

// children are the nodes right below one that has been read to its end.
func (d *document) children(of int32) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for n := of + 1; n < d.nodes[of].next && yield(n); n = d.nodes[n].next {
		}
	}
}

// string is a text or a name without its quotes and escapes.
func (d *document) string(n int32) string {
	raw := d.b[d.nodes[n].at:d.nodes[n].end]
	if len(raw) > 1 && bytes.IndexByte(raw, '\\') < 0 { // nearly all are
		return string(raw[1 : len(raw)-1])
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return string(raw) // not after scan, which knows no text that json does not
	}
	return s
}

// place writes where a node stands, as signed.keys["4f2a91c0…"].keyval.public.
func (d *document) place(n int32) string {
	var path string
	for n > 0 {
		parent := d.nodes[n].parent
		switch d.b[d.nodes[parent].at] {
		case '{':
			if d.nodes[n].end > 0 { // else the name itself is being read
				path = step(d.string(n)) + path
			}
		case '[':
			index := 0
			for i := parent + 1; i < n; i = d.nodes[i].next {
				index++
			}
			path = fmt.Sprintf("[%d]", index) + path
		}
		n = parent
	}
	return strings.TrimPrefix(path, ".")
}

// step writes a name as part of a path: plain when it is a word, else in
// brackets, shortened and with nothing in it that a terminal would obey.
func step(name string) string {
	word := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
	if word && name != "" && len(name) <= 32 {
		return "." + name
	}
	return "[" + quote(name) + "]"
}

// quote shows foreign text in an error: in quotes, in ASCII, and not whole when
// it is long.
func quote(s string) string {
	short := s
	if runes := []rune(s); len(runes) > 40 {
		short = string(runes[:8])
	}
	quoted := strconv.QuoteToASCII(short)
	if len(short) < len(s) {
		return quoted[:len(quoted)-1] + `…"`
	}
	return quoted
}
