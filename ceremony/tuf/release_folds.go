package tuf

import (
	"hash/maphash"
	"slices"
	"unicode/utf8"
)

// folds notices paths that differ only in case: one file on many a drive. It keeps
// eight bytes of each path. That two others have the same eight is next to
// impossible, and then ParseTargets is asked, which knows.
type folds struct {
	seed maphash.Seed
	seen []uint64
	room []byte
}

func newFolds() folds { return folds{seed: maphash.MakeSeed()} }

func (f *folds) add(path string) {
	f.room = f.room[:0]
	for i := range len(path) {
		c := path[i]
		if c >= utf8.RuneSelf {
			f.room = append(f.room[:0], fold(path)...)
			break
		}
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		f.room = append(f.room, c)
	}
	f.seen = append(f.seen, maphash.Bytes(f.seed, f.room))
}

// repeat reports whether two paths are the same but for case.
func (f *folds) repeat() bool {
	slices.Sort(f.seen)
	return len(slices.Compact(f.seen)) < len(f.seen)
}
