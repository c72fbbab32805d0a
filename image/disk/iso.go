package disk

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// ISO 9660 (ECMA-119) with an El Torito boot catalog, for firmware and GRUB on a
// DVD. Seen from there the FAT is one file without a name, and the files that
// are shown are records of its clusters.
const (
	isoFirst   = 16 // block of the first descriptor
	isoCatalog = isoFirst + 3
	isoPaths   = isoCatalog + 1 // path table for little-endian readers; the other follows
	isoFolders = isoPaths + 2
	isoEnd     = espStart * sector / block
)

// iso is descriptors, catalog, path tables and folders.
func (m Image) iso(root *node, s shape) ([]part, error) {
	folders, err := m.show(root)
	if err != nil {
		return nil, err
	}
	next := isoFolders
	for _, f := range folders {
		f.block, f.length = next, len(m.records(f, s))
		next += f.length / block
	}
	paths := pathTable(folders, le)
	if next > isoEnd || len(paths) > block {
		return nil, fmt.Errorf("the DVD's list of files: %w", ErrSpace)
	}
	blocks := [][]byte{m.primary(root, s, len(paths)), bootRecord(), terminator(), catalog(s), paths, pathTable(folders, binary.BigEndian)}
	for _, f := range folders {
		blocks = append(blocks, m.records(f, s))
	}
	at := int64(isoFirst) * block
	var parts []part
	for _, b := range blocks {
		parts = append(parts, part{at, b})
		at += int64(len(b)+block-1) / block * block
	}
	return parts, nil
}

// show marks what the DVD shows, and returns the folders of it in the order of
// the path table. That there is room for their number is seen by the caller.
func (m Image) show(root *node) ([]*node, error) {
	byPath := map[string]*node{}
	root.walk(func(n *node) {
		for _, child := range n.children {
			byPath[child.path] = child
		}
	})
	for _, name := range m.ISO {
		n, there := byPath[name]
		if !there || n.dir {
			return nil, fmt.Errorf("%q on the DVD: %w: there is no such file", name, ErrName)
		}
		for ; n != nil && !n.shown; n = n.parent {
			if n != root && !isoName(n) {
				return nil, fmt.Errorf("%q on the DVD: %w: %q is not letters, digits and _ with one dot, at most 30", name, ErrName, n.name)
			}
			n.shown = true
		}
	}
	var folders []*node
	root.walk(func(n *node) {
		if n.shown || n == root {
			folders = append(folders, n)
		}
	})
	return folders, nil
}

// isoName says whether a name in upper case is one of ECMA-119's level 2, or has
// a dot in front: GRUB asks for /.disk/info, and finds it as .DISK/INFO.
func isoName(n *node) bool {
	name := strings.TrimPrefix(n.name, ".")
	base, extension, dotted := strings.Cut(name, ".")
	if n.dir && dotted {
		return false
	}
	return len(n.name) <= 30 && base != "" && dCharacters(strings.ToUpper(base+extension))
}

func dCharacters(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// identifier is the name as the DVD has it.
func (n *node) identifier() string {
	name := strings.ToUpper(n.name)
	switch {
	case n.dir:
		return name
	case strings.Contains(strings.TrimPrefix(name, "."), "."):
		return name + ";1"
	}
	return name + ".;1"
}

// records is a folder, its entries in the order of their names, none of them
// across the end of a block.
func (m Image) records(n *node, s shape) []byte {
	parent := n.parent
	if parent == nil {
		parent = n
	}
	b := append(m.folderRecord("\x00", n), m.folderRecord("\x01", parent)...)
	shown := slices.DeleteFunc(slices.Clone(n.children), func(c *node) bool { return !c.shown })
	slices.SortFunc(shown, func(a, b *node) int { return strings.Compare(a.identifier(), b.identifier()) })
	for _, child := range shown {
		r := m.fileRecord(child, s)
		if child.dir {
			r = m.folderRecord(child.identifier(), child)
		}
		if left := block - len(b)%block; left < len(r) {
			b = append(b, make([]byte, left)...)
		}
		b = append(b, r...)
	}
	return append(b, make([]byte, (block-len(b)%block)%block)...)
}
