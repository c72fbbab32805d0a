package tuf

import "testing"

func TestLowerHex(t *testing.T) {
	for c := range 256 {
		want := c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
		if lowerHex([]byte{'0', byte(c), 'f'}) != want {
			t.Errorf("%q", rune(c))
		}
	}
}
