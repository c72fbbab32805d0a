package tuf

import (
	"bytes"
	"maps"
	"slices"
)

// lineOf finds the line of roots that clients follow among those that are there,
// by version. It begins with root 1. Where that is lost, it is the only line
// there is, or the one of several whose last root is root.json; base is then the
// version of its first. Beyond are the versions that are not in it.
func lineOf(roots map[int64][]byte, root []byte) (base int64, line [][]byte, beyond []int64) {
	runs := runsOf(slices.Sorted(maps.Keys(roots)))
	ours := slices.IndexFunc(runs, func(run []int64) bool { return run[0] == 1 })
	if ours < 0 && len(runs) == 1 {
		ours = 0
	}
	if ours < 0 && root != nil {
		ours = slices.IndexFunc(runs, func(run []int64) bool { return bytes.Equal(roots[run[len(run)-1]], root) })
	}
	base = 1
	for i, run := range runs {
		if i != ours {
			beyond = append(beyond, run...)
			continue
		}
		base = run[0]
		for _, version := range run {
			line = append(line, roots[version])
		}
	}
	return base, line, beyond
}

// runsOf cuts sorted versions where one is missing.
func runsOf(versions []int64) (runs [][]int64) {
	for i, version := range versions {
		if i == 0 || versions[i-1]+1 != version {
			runs = append(runs, nil)
		}
		last := &runs[len(runs)-1]
		*last = append(*last, version)
	}
	return runs
}
