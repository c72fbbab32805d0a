package usb

import "strings"

// FATLabel is a drive's label as FAT can hold it: 11 capital letters, digits,
// hyphens and underscores. A label that is longer loses, in this order, letters
// of its well-known words, and the end of the longest of its parts; its number
// stays, so that the drives of a set can be told apart. It is for people at other
// computers: the true label is in the drive's signer-drive.json.
//
//	root-backup-1  ROOT-BKUP-1
//	signing-alice  SIGN-ALICE
//	root-ceo-1     ROOT-CEO-1
//	root-alexandra-1  ROOT-ALEX-1
func FATLabel(label string) string {
	parts := nonEmpty(strings.Split(strings.Map(fatLetter, label), "-"))
	if len(strings.Join(parts, "-")) > maxFATLabel {
		for i, p := range parts {
			if short, ok := shortWords[p]; ok {
				parts[i] = short
			}
		}
	}
	for len(strings.Join(parts, "-")) > maxFATLabel {
		i := longest(parts)
		parts[i] = parts[i][:len(parts[i])-1]
		parts = nonEmpty(parts)
	}
	if len(parts) == 0 {
		return "SIGNER"
	}
	return strings.Join(parts, "-")
}

const maxFATLabel = 11

var shortWords = map[string]string{
	"BACKUP":     "BKUP",
	"SIGNING":    "SIGN",
	"REPOSITORY": "REPO",
	"TRANSFER":   "TRNS",
}

func fatLetter(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return r - 'a' + 'A'
	case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
		return r
	}
	return '_'
}

// nonEmpty drops parts that have nothing in them.
func nonEmpty(parts []string) []string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	return list
}

// longest is the part that can lose a letter best: the longest, the later of
// two; never a number at the end while there is another part.
func longest(parts []string) int {
	last := len(parts) - 1
	numbered := last > 0 && strings.Trim(parts[last], "0123456789") == ""
	best := 0
	for i, p := range parts {
		if i == last && numbered {
			break
		}
		if len(p) >= len(parts[best]) {
			best = i
		}
	}
	return best
}
