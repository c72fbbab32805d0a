package disk

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// node is a file or a folder on its way into the image.
type node struct {
	name     string // without folders
	path     string
	dir      bool
	data     []byte
	parent   *node
	children []*node // sorted by name
	short    shortName
	first    int  // cluster; 0 when it has none
	shown    bool // on a DVD
	block    int  // a folder's first on a DVD,
	length   int  // and its bytes there
}

// plant makes the tree of the files' folders, in the order of the names.
func plant(files []File) (*node, error) {
	if len(files) > mostFiles {
		return nil, fmt.Errorf("%d files: %w: %d are the most", len(files), ErrSpace, mostFiles)
	}
	root := &node{dir: true}
	known := map[string]*node{} // by folded path: FAT knows no case
	for _, f := range files {
		if err := grow(root, known, f); err != nil {
			return nil, err
		}
	}
	root.walk(func(n *node) {
		slices.SortFunc(n.children, func(a, b *node) int { return strings.Compare(a.name, b.name) })
		shorten(n.children)
	})
	return root, nil
}

// grow adds a file, and the folders on its way that are not there yet.
func grow(root *node, known map[string]*node, f File) error {
	at := root
	steps := strings.Split(f.Name, "/")
	if len(steps) > mostSteps {
		return fmt.Errorf("%q: %w: more than %d folders in each other", f.Name, ErrSpace, mostSteps-1)
	}
	for i, step := range steps {
		if err := checkName(step); err != nil {
			return fmt.Errorf("%q: %w", f.Name, err)
		}
		last := i == len(steps)-1
		whole := path.Join(at.path, step)
		next, there := known[fold(whole)]
		if there && (last || !next.dir || next.name != step) {
			return fmt.Errorf("%q: %w, as %q", f.Name, ErrTwice, next.path)
		}
		if !there {
			next = &node{name: step, path: whole, dir: !last, parent: at}
			known[fold(whole)] = next
			at.children = append(at.children, next)
		}
		at = next
	}
	at.data = f.Data
	return nil
}

// walk visits a folder and then the folders in it, level by level, which is the
// order of a path table (ECMA-119 §6.9.1).
func (n *node) walk(visit func(*node)) {
	for level := []*node{n}; len(level) > 0; {
		var next []*node
		for _, folder := range level {
			visit(folder)
			for _, child := range folder.children {
				if child.dir {
					next = append(next, child)
				}
			}
		}
		level = next
	}
}
