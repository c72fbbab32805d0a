package boot

import (
	"fmt"
	"slices"
	"strings"
)

// demanded are the words that the builder gives the kernel, and that nobody who
// had the stick in hand may have taken away.
func demanded() []string { return []string{"init_on_alloc=1", "init_on_free=1", "nohibernate"} }

// lockedDown is how the kernel says that it is closed even to root: no image of
// memory, no other kernel, no unsigned module.
const lockedDown = "[confidentiality]"

// checkKernel says what keeps the kernel from being trusted with keys: what it was
// told, whether it is locked down, and what it swaps memory to.
func checkKernel(cmdline, lockdown, swaps string) error {
	words := strings.Fields(cmdline)
	for _, word := range demanded() {
		if !slices.Contains(words, word) {
			return fmt.Errorf("the kernel was started without %s: the stick is not as it was made", word)
		}
	}
	if !slices.Contains(strings.Fields(lockdown), lockedDown) {
		return fmt.Errorf("the kernel is not locked down (%s): the stick is not as it was made", strings.TrimSpace(lockdown))
	}
	if lines := strings.Split(strings.TrimSpace(swaps), "\n"); len(lines) > 1 { // after the heading
		return fmt.Errorf("memory is swapped to a disk: %s", lines[1])
	}
	return nil
}
