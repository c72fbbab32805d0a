package boot

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// module is a line of the builder's list: a file, and its parameters.
type module struct{ file, parameters string }

// parseOrder reads the builder's list, which is in the order of loading.
func parseOrder(r io.Reader) ([]module, error) {
	var all []module
	for lines := bufio.NewScanner(r); ; {
		if !lines.Scan() {
			return all, lines.Err()
		}
		name, parameters, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if name == "" || strings.ContainsAny(name, "/") {
			return nil, fmt.Errorf("list of modules: line %d names no file: %q", len(all)+1, lines.Text())
		}
		all = append(all, module{name, parameters})
	}
}
