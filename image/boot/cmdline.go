package boot

import (
	"fmt"
	"regexp"
	"strings"
)

// serialWord on the kernel's command line asks for line mode on a serial console:
// "signer.serial=ttyS0".
const serialWord = "signer.serial="

// serialConsole is the device that the command line asks for, "" for none.
func serialConsole(cmdline string) (string, error) {
	for _, word := range strings.Fields(cmdline) {
		name, ok := strings.CutPrefix(word, serialWord)
		switch {
		case !ok:
			continue
		case !regexp.MustCompile(`^tty[A-Z]{1,6}[0-9]{1,3}$`).MatchString(name):
			return "", fmt.Errorf("%s%s on the kernel's command line: no serial console is called that; ttyS0 is the first", serialWord, name)
		}
		return name, nil
	}
	return "", nil
}
