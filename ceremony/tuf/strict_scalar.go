package tuf

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxInteger is the largest integer that every JSON reader keeps: 2^53 - 1.
const maxInteger = 1<<53 - 1

// text reads a string: n stands at its opening quote.
func (s *scanner) text(n int32) error {
	start := s.i
	for s.i++; s.i < len(s.b); {
		switch c := s.b[s.i]; {
		case c == '"':
			if !utf8.Valid(s.b[start:s.i]) {
				return s.fault(n, "the text before this byte is not UTF-8")
			}
			s.i++
			s.close(n)
			return nil
		case c < ' ':
			return s.fault(n, "a control character in a text")
		case c == '\\':
			if err := s.escape(n); err != nil {
				return err
			}
		default:
			s.i++
		}
	}
	return s.fault(n, "the file ends within a text")
}

// escape reads what a backslash begins.
func (s *scanner) escape(n int32) error {
	if s.i+1 < len(s.b) && bytes.IndexByte([]byte(`"\/bfnrt`), s.b[s.i+1]) >= 0 {
		s.i += 2
		return nil
	}
	r, ok := s.unicode(s.i)
	if !ok {
		return s.fault(n, "not an escape of JSON")
	}
	if !utf16.IsSurrogate(r) {
		s.i += 6
		return nil
	}
	low, ok := s.unicode(s.i + 6)
	if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
		return s.fault(n, "half of a surrogate pair")
	}
	s.i += 12
	return nil
}

// unicode reads \uXXXX at byte i.
func (s *scanner) unicode(i int) (rune, bool) {
	if i+6 > len(s.b) || s.b[i] != '\\' || s.b[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s.b[i+2 : i+6] {
		digit := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		if digit < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}

// literal reads true, false, null or a number.
func (s *scanner) literal(n int32) error {
	rest := s.b[s.i:]
	word := rest
	if end := bytes.IndexAny(rest, " \t\r\n,:]}[{\""); end >= 0 {
		word = rest[:end]
	}
	switch string(word) {
	case "true", "false":
	case "null":
		if s.place(n) != "signatures" {
			return s.fault(n, "null")
		}
	default:
		if problem := notWhole(word); problem != "" {
			return s.fault(n, problem)
		}
	}
	s.i += len(word)
	s.close(n)
	return nil
}

// notWhole says what keeps a word from being a number that every reader keeps.
func notWhole(word []byte) string {
	digits := bytes.TrimPrefix(word, []byte("-"))
	switch {
	case len(digits) == 0 || digits[0] < '0' || digits[0] > '9':
		return "want a value"
	case bytes.ContainsAny(digits, ".eE"):
		return "a number with a fraction or an exponent"
	case string(word) == "-0" || len(digits) > 1 && digits[0] == '0':
		return "a number with a needless zero or sign"
	}
	i, err := strconv.ParseInt(string(word), 10, 64)
	if len(bytes.Trim(digits, "0123456789")) > 0 {
		return "want a value"
	}
	if err != nil || i > maxInteger || i < -maxInteger {
		return fmt.Sprintf("a number beyond %d", maxInteger)
	}
	return ""
}
