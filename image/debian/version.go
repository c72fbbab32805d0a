package debian

import (
	"cmp"
	"strings"
)

// CompareVersions orders versions as deb-version(7) does: negative when a is
// older than b.
func CompareVersions(a, b string) int {
	aEpoch, a := splitEpoch(a)
	bEpoch, b := splitEpoch(b)
	aUpstream, aRevision := splitRevision(a)
	bUpstream, bRevision := splitRevision(b)
	return cmp.Or(
		compareNumbers(aEpoch, bEpoch),
		comparePart(aUpstream, bUpstream),
		comparePart(aRevision, bRevision))
}

func splitEpoch(v string) (epoch, rest string) {
	if epoch, rest, found := strings.Cut(v, ":"); found {
		return epoch, rest
	}
	return "", v
}

func splitRevision(v string) (upstream, revision string) {
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		return v[:i], v[i+1:]
	}
	return v, ""
}

// comparePart compares by turns what is no digit, in the order of weight, and
// what are digits, as numbers.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		for (a != "" && !isDigit(a[0])) || (b != "" && !isDigit(b[0])) {
			if c := cmp.Compare(weight(a), weight(b)); c != 0 {
				return c
			}
			a, b = a[1:], b[1:] // of one weight, so both have a byte
		}
		var aNumber, bNumber string
		aNumber, a = cutDigits(a)
		bNumber, b = cutDigits(b)
		if c := compareNumbers(aNumber, bNumber); c != 0 {
			return c
		}
	}
	return 0
}

// weight is the place of the first byte: "~" before the end, the end before
// letters, letters before all else.
func weight(s string) int {
	switch {
	case s == "" || isDigit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case 'A' <= s[0] && s[0] <= 'Z' || 'a' <= s[0] && s[0] <= 'z':
		return int(s[0])
	}
	return int(s[0]) + 256
}

func cutDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

// compareNumbers compares numbers of any length; no digits are 0.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
