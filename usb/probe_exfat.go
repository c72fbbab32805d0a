package usb

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// readExFAT recognises exFAT (Microsoft's exFAT specification 1.00), with label
// and dirty bit.
func readExFAT(a area) (Found, bool) {
	b := a.at(0, sector)
	if b == nil || string(b[:11]) != "\xEB\x76\x90EXFAT   " || b[510] != 0x55 || b[511] != 0xAA || [53]byte(b[11:64]) != [53]byte{} {
		return Found{}, false
	}
	le := binary.LittleEndian
	shift, clusterShift := b[108], b[109]
	if shift < 9 || shift > 12 || clusterShift > 25-shift || b[110] != 1 || b[105] != 1 {
		return Found{}, false
	}
	length, clusters, root := le.Uint64(b[72:]), int64(le.Uint32(b[92:])), le.Uint32(b[96:])
	fat, fatSize := int64(le.Uint32(b[80:]))<<shift, int64(le.Uint32(b[84:]))<<shift
	data, cluster := int64(le.Uint32(b[88:]))<<shift, int64(1)<<(shift+clusterShift)
	switch {
	case length > uint64(a.size>>shift), clusters < 1, data+clusters*cluster > int64(length)<<shift,
		fat < 24<<shift, data < fat+fatSize, fatSize < (clusters+2)*4, root < 2, int64(root) >= clusters+2, !exFATSum(a, shift):
		return Found{}, false
	}
	next := func(n uint32) uint32 {
		b := a.at(fat+4*int64(n), 4)
		if b == nil {
			return 0
		}
		return le.Uint32(b)
	}
	const dirty = 1 << 1 // of VolumeFlags
	return Found{Kind: "exFAT", Label: exFATLabel(chain(a, root, clusters, data, cluster, next)), Dirty: b[106]&dirty != 0}, true
}

// exFATSum checks the checksum of the boot region: eleven sectors, and their sum
// all over the twelfth. Flags and the percentage in use are not in it.
func exFATSum(a area, shift uint8) bool {
	size := 1 << shift
	b := a.at(0, 12*size)
	if b == nil {
		return false
	}
	sum := uint32(0)
	for i, c := range b[:11*size] {
		if i != 106 && i != 107 && i != 112 {
			sum = (sum>>1 | sum<<31) + uint32(c)
		}
	}
	for e := range slices.Chunk(b[11*size:], 4) {
		if binary.LittleEndian.Uint32(e) != sum {
			return false
		}
	}
	return true
}

// exFATLabel finds the volume label among the entries of the root folder.
func exFATLabel(folder func(yield func([]byte) bool)) string {
	for b := range folder {
		for e := range slices.Chunk(b, 32) {
			switch {
			case e[0] == 0: // the end
				return ""
			case e[0] == 0x83 && e[1] <= 11:
				text := make([]uint16, e[1])
				for i := range text {
					text[i] = binary.LittleEndian.Uint16(e[2+2*i:])
				}
				return string(utf16.Decode(text))
			}
		}
	}
	return ""
}
