package disk

import (
	"encoding/hex"
	"fmt"
)

// GUID is an id of a GPT, its bytes in the order of its text.
type GUID [16]byte

// String is the usual text, in upper case.
func (g GUID) String() string {
	return fmt.Sprintf("%X-%X-%X-%X-%X", g[0:4], g[4:6], g[6:8], g[8:10], g[10:16])
}

// ParseGUID reads what String writes, in either case.
func ParseGUID(text string) (GUID, error) {
	var g GUID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return GUID{}, fmt.Errorf("%q is not a GUID", text)
	}
	digits := text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	if _, err := hex.Decode(g[:], []byte(digits)); err != nil {
		return GUID{}, fmt.Errorf("%q is not a GUID", text)
	}
	return g, nil
}

// stored turns the first three fields around, which a GPT stores little-endian
// (UEFI 2.10, appendix A). It is its own reverse.
func (g GUID) stored() GUID {
	g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
	g[4], g[5] = g[5], g[4]
	g[6], g[7] = g[7], g[6]
	return g
}

// systemPartition is the type of an EFI System Partition (UEFI 2.10 §5.3.3).
var systemPartition = GUID{0xC1, 0x2A, 0x73, 0x28, 0xF8, 0x1F, 0x11, 0xD2, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B}
