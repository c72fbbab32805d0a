package debian

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
)

// maxLine bounds a line of an index: the longest of Debian's, lists of
// dependencies, are some ten thousand bytes.
const maxLine = 1 << 20

// stanzas reads deb822(5): fields by lower-case name, stanzas apart by empty
// lines. Continued lines are joined with newlines. Comments are left out. What
// is not of that form is skipped; those who need a field see that it is missing.
// The scanner's Err says whether it came to the end.
func stanzas(lines *bufio.Scanner) iter.Seq[map[string]string] {
	lines.Buffer(nil, maxLine)
	return func(yield func(map[string]string) bool) {
		fields, last := map[string]string{}, ""
		for lines.Scan() {
			text := strings.TrimRight(lines.Text(), " \t\r")
			switch {
			case text == "":
				if len(fields) > 0 && !yield(fields) {
					return
				}
				fields, last = map[string]string{}, ""
			case text[0] == '#':
			case text[0] == ' ' || text[0] == '\t':
				if last != "" {
					fields[last] += "\n" + strings.TrimSpace(text)
				}
			default:
				name, value, _ := strings.Cut(text, ":")
				last = strings.ToLower(name)
				fields[last] = strings.TrimSpace(value)
			}
		}
		if len(fields) > 0 {
			yield(fields)
		}
	}
}

// readAtMost reads all, and refuses what is more than the limit.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return data, nil
}
