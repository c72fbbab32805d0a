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
		e, err := child(s, path.Dir(p), path.Base(p))
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

// child finds a name in a folder.
func child(s store, dir, name string) (ceremony.Entry, error) {
	children, err := s.children(dir)
	if err != nil {
		return ceremony.Entry{}, err
	}
	err = fs.ErrNotExist
	for _, e := range children {
		if e.Name == name {
			return e, nil
		}
		if strings.EqualFold(e.Name, name) {
			err = fmt.Errorf("%q: %w", e.Name, ErrSameName)
		}
	}
	return ceremony.Entry{}, err
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
