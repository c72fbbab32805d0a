package tuf

import (
	"fmt"
	"slices"
)

// Mode says how much of what this program would not write is taken.
type Mode int

const (
	// Strict is for what is handed in and for what is derived here: a file is as
	// this program would write it, or it is refused.
	Strict Mode = iota
	// History is for what clients already trust. What go-tuf v0.5.2's client
	// accepts is adopted and shown in Envelope.Deviations. Refused even here is
	// what programs read in different ways, keys that anybody can sign for, and
	// what its client takes and cannot work with (measured): a version below 1, a
	// missing role, a key id that is not 64 hex digits.
	History
)

// maxDeviations bounds what people are shown of one file.
const maxDeviations = 32

// reader turns values into metadata, and keeps what History lets pass.
type reader struct {
	mode       Mode
	deviations []string
	more       int
	notes      int // how often something was noted, the same again too

	before listings // keys of the root before, if there is one
	read   listings // and those of this one
}

// deviate refuses the value in Strict mode. In History it notes the sentence,
// which must say by itself what it is about.
func (r *reader) deviate(v value, format string, args ...any) error {
	if r.mode == Strict {
		return v.fault(format, args...)
	}
	r.note(fmt.Sprintf(format, args...))
	return nil
}

func (r *reader) note(sentence string) {
	r.notes++
	if slices.Contains(r.deviations, sentence) {
		return
	}
	if len(r.deviations) < maxDeviations {
		r.deviations = append(r.deviations, sentence)
		return
	}
	r.more++
}

// noted are the sentences, with the number of those left out.
func (r *reader) noted() []string {
	if r.more == 0 {
		return r.deviations
	}
	return append(r.deviations, fmt.Sprintf("and %d more", r.more))
}

// object is a JSON object whose names have been looked at.
type object struct {
	value
	members map[string]value
}

// object reads an object that may have these names. Another name is a
// deviation; one that differs from them only in case is refused, because go-tuf
// would take it for the one it resembles.
func (r *reader) object(v value, known ...string) (object, error) {
	o := object{v, map[string]value{}}
	if v.first() != '{' {
		return o, v.fault("want an object")
	}
	for name, member := range v.members() {
		if slices.Contains(known, name) {
			o.members[name] = member
			continue
		}
		for _, k := range known {
			if fold(k) == fold(name) {
				return o, member.fault("the name %s is %q but for case", quote(name), k)
			}
		}
		if err := r.deviate(member, "the field %s is not known", quote(name)); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o object) has(name string) bool { _, ok := o.members[name]; return ok }

// need is a member that must be there.
func (o object) need(name string) (value, error) {
	v, ok := o.members[name]
	if !ok {
		return v, o.fault("%q is missing", name)
	}
	return v, nil
}

func (o object) text(name string) (string, error) {
	v, err := o.need(name)
	if err != nil {
		return "", err
	}
	return v.text()
}

// integer is a member that is a whole number of at least floor.
func (o object) integer(name string, floor int64) (int64, error) {
	v, err := o.need(name)
	if err != nil {
		return 0, err
	}
	i, err := v.integer()
	if err != nil {
		return 0, err
	}
	if i < floor {
		return 0, v.fault("%d is less than %d", i, floor)
	}
	return i, nil
}

// array is a member that is an array.
func (o object) array(name string) (value, error) {
	v, err := o.need(name)
	if err == nil && v.first() != '[' {
		err = v.fault("want an array")
	}
	return v, err
}
