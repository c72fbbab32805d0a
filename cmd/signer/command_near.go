package main

import (
	"strings"

	"signer/ceremony"
)

// nearest is the name that somebody may have meant who typed another; empty when
// none is near. One that begins with what was typed is; else as many letters may
// be wrong as there are thirds in it.
func nearest(typed string, names []string) string {
	best, distance := "", len(typed)/3+1
	for _, name := range names {
		switch d := editDistance(typed, name); {
		case len(typed) > 1 && strings.HasPrefix(name, typed):
			return name
		case d < distance || d == distance && best == "" && d < len(name):
			best, distance = name, d
		}
	}
	return best
}

// editDistance counts the letters that must be added, dropped, replaced, or
// swapped with their neighbour to make one word of the other.
func editDistance(a, b string) int {
	const longest = 64 // nobody has mistyped a longer name
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			replaced := last[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// foreignLines makes what was typed fit to be shown, and keeps the lines of it.
func foreignLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = ceremony.Foreign(line)
	}
	return strings.Join(lines, "\n")
}
