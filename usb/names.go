package usb

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode/utf16"

	"signer/ceremony"
)

const maxLabel = 40

var (
	errName      = errors.New("not a name on a drive")
	errNotFolder = errors.New("not a folder")
	// ErrSameName is that a drive has this name in other letters: on FAT
	// "1.ROOT.json" replaces "1.root.json" (measured), so neither is touched.
	ErrSameName = errors.New("differs from a name on the drive by capital letters only")
)

// safeLabel says whether a label can name a folder on any computer.
func safeLabel(label string) bool {
	if label == "" || len(label) > maxLabel || label[0] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// fitForFAT refuses names that a FAT drive cannot hold, or holds as others.
func fitForFAT(name string) error {
	if !fs.ValidPath(name) || name == "." {
		return errName
	}
	for part := range strings.SplitSeq(name, "/") {
		control := strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f })
		if control || strings.ContainsAny(part, `\:*?"<>|`) || strings.HasSuffix(part, ".") ||
			strings.HasSuffix(part, " ") || len(utf16.Encode([]rune(part))) > 255 {
			return fmt.Errorf("%q cannot be on a FAT drive: %w", part, errName)
		}
	}
	return nil
}

// lookup finds an entry, following no link.
func lookup(s store, name string) (ceremony.Entry, error) {
	if !fs.ValidPath(name) || name == "." {
		return ceremony.Entry{}, errName
	}
	var found ceremony.Entry
	for _, p := range ancestors(name) {
		e, err := s.entry(p)
		if err != nil {
			return ceremony.Entry{}, err
		}
		if p != name && !e.Mode.IsDir() {
			return ceremony.Entry{}, fmt.Errorf("%q: %w", p, errNotFolder)
		}
		found = e
	}
	found.Name = name
	return found, nil
}

// unlikeOthers refuses a name that is there in other letters. What else is wrong
// with it is for lookup to say.
func unlikeOthers(s store, name string) error {
	for _, p := range ancestors(name) {
		dir := path.Dir(p)
		if e, err := s.entry(dir); dir != "." && (err != nil || !e.Mode.IsDir()) {
			return nil
		}
		children, err := s.children(dir)
		if err != nil {
			return err
		}
		for _, e := range children {
			if base := path.Base(p); e.Name != base && strings.EqualFold(e.Name, base) {
				return fmt.Errorf("%q: %w", e.Name, ErrSameName)
			}
		}
	}
	return nil
}

// ancestors of "a/b/c" are "a", "a/b" and "a/b/c".
func ancestors(name string) []string {
	var list []string
	for i, r := range name {
		if r == '/' {
			list = append(list, name[:i])
		}
	}
	return append(list, name)
}
