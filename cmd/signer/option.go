package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// option is what a command is told by name: --path DIR, -path DIR, --path=DIR.
// Scripts for fleetctl have all three. Given twice, the last one counts, unless
// it is a list.
type option struct {
	name   string
	letter string // another name, of one letter
	value  string // what stands for the value in help: "DIR"; none for yes and no
	text   string // what it does, as a sentence

	required  bool // for help; the command says what is missing in its own words
	many      bool // may be given several times
	fallback  string
	completes completes
	set       func(string) error
}

// completes is what a shell offers for a value or for a word. The zero value
// offers nothing.
type completes struct {
	files, folders bool
	words          []string
}

func textOption(into *string, name, value, text string) option {
	return option{name: name, value: value, text: text, fallback: *into, set: func(s string) error {
		*into = s
		return nil
	}}
}

// listOption may be given several times.
func listOption(into *[]string, name, value, text string) option {
	return option{name: name, value: value, text: text, many: true, set: func(s string) error {
		*into = append(*into, s)
		return nil
	}}
}

// yesOption takes no value, but --name=false.
func yesOption(into *bool, name, text string) option {
	return option{name: name, text: text, set: func(s string) (err error) {
		if *into, err = strconv.ParseBool(s); err != nil {
			return fmt.Errorf("%q is neither true nor false", s)
		}
		return nil
	}}
}

func numberOption(into *int, name, value, text string) option {
	o := option{name: name, value: value, text: text, set: func(s string) (err error) {
		if *into, err = strconv.Atoi(s); err != nil {
			return fmt.Errorf("%q is no number", s)
		}
		return nil
	}}
	if *into != 0 {
		o.fallback = strconv.Itoa(*into)
	}
	return o
}

// spanOption is a time from one moment to another: 14d, 2w, 36h, 90s.
func spanOption(into *time.Duration, name, value, text string) option {
	o := option{name: name, value: value, text: text, set: func(s string) (err error) {
		*into, err = parseSpan(s)
		return err
	}}
	if *into != 0 {
		o.fallback = spanText(*into)
	}
	return o
}

// called gives an option a second name, of one letter.
func (o option) called(letter string) option { o.letter = letter; return o }

// needed says in help that a command does nothing without it.
func (o option) needed() option { o.required = true; return o }

// file, folder and oneOf say what a shell completes a value to.
func (o option) file() option { o.completes.files = true; return o }

func (o option) folder() option { o.completes.folders = true; return o }

func (o option) oneOf(words ...string) option { o.completes.words = words; return o }

// takesValue is false for what is only said or not said.
func (o option) takesValue() bool { return o.value != "" }

// parse sets options, and gives back the words between them. Up to the first word
// only, it gives back the rest from that word on: a command of this one reads it.
// What follows "--" is words.
func parse(options []option, args []string, upToWord bool) (words, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			if upToWord {
				return nil, args[i:], nil // which is no command
			}
			return append(words, args[i+1:]...), nil, nil
		case len(arg) < 2 || arg[0] != '-':
			if upToWord {
				return nil, args[i:], nil
			}
			words = append(words, arg)
			continue
		}
		took, err := parseOption(options, arg, args[i+1:])
		if err != nil {
			return nil, nil, err
		}
		i += took
	}
	return words, nil, nil
}

// parseOption reads one option, and says how many more arguments it took.
func parseOption(options []option, arg string, more []string) (took int, err error) {
	name, value, given := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
	o, ok := findOption(options, name)
	switch {
	case !ok && (name == "h" || name == "help"):
		return 0, errHelp
	case !ok:
		return 0, unknownOption(options, name)
	case given:
	case !o.takesValue():
		value = "true"
	case len(more) == 0:
		return 0, fmt.Errorf("--%s needs a value: %s", o.name, o.value)
	default:
		value, took = more[0], 1
	}
	if err := o.set(value); err != nil {
		return 0, fmt.Errorf("--%s: %w", o.name, err)
	}
	return took, nil
}

func findOption(options []option, name string) (option, bool) {
	for _, o := range options {
		if name != "" && (o.name == name || o.letter == name) {
			return o, true
		}
	}
	return option{}, false
}

func unknownOption(options []option, name string) error {
	names := []string{"help"}
	for _, o := range options {
		names = append(names, o.name)
	}
	if near := nearest(name, names); near != "" {
		return fmt.Errorf("unknown option --%s\nhint: did you mean --%s?", name, near)
	}
	return fmt.Errorf("unknown option --%s", name)
}
