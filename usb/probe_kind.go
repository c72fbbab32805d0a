package usb

import "bytes"

const (
	kindISO     = "ISO 9660"
	kindUnknown = "unknown"
)

// magics are where file systems that this program does not use say what they
// are, so that a person is told more than that it is not FAT. The order decides
// when two are there.
var magics = []struct {
	offset int64
	magic  string
	kind   string
}{
	{3, "NTFS    ", "NTFS"},
	{3, "-FVE-FS-", "BitLocker"},
	{3, "EXFAT   ", "damaged exFAT"},
	{82, "FAT32   ", "damaged FAT32"},
	{54, "FAT1", "damaged FAT"},
	{0, "LUKS\xBA\xBE", "LUKS"},
	{0, "XFSB", "XFS"},
	{0, "hsqs", "SquashFS"},
	{32, "NXSB", "APFS"},
	{512, "LABELONE", "LVM"},
	{1024, "H+", "HFS+"},
	{1024, "HX", "HFS+"},
	{1024, "\x10\x20\xF5\xF2", "F2FS"},
	{1024 + 56, "\x53\xEF", "ext4"}, // or ext2, ext3
	{4086, "SWAPSPACE2", "swap"},
	{32769, "CD001", kindISO},
	{32769, "BEA01", "UDF"},
	{65536 + 64, "_BHRfS_M", "Btrfs"},
}

// kindOf names what an area seems to hold; "" when there is nothing to be seen of
// anything.
func kindOf(a area) string {
	b := a.at(0, int(min(a.size, head)))
	for _, m := range magics {
		if end := m.offset + int64(len(m.magic)); end <= int64(len(b)) && string(b[m.offset:end]) == m.magic {
			return m.kind
		}
	}
	if isZero(b) && blankBehind(a) {
		return ""
	}
	return kindUnknown
}

// What is looked at of an area before it is called blank: its head, blocks all
// over it, blocks at ever doubled distances, as file systems like to begin things
// there (ext4 has a copy of its superblock at 128 MiB), and its last part, where
// backups of tables are. That finds most of what was overwritten at its head
// alone, by some fifty readings, which are milliseconds.
const (
	head     = 128 << 10
	block    = 4 << 10
	inMiddle = 16
	inTail   = 8
	apart    = 128 << 10 // in the tail, which is the last MiB
)

// blankBehind reports whether an area whose head is zeros goes on with them.
func blankBehind(a area) bool {
	var places []int64
	for n := range int64(inMiddle) {
		places = append(places, a.size/(inMiddle+1)*(n+1)&^(block-1))
	}
	for at := int64(head); at > 0 && at < a.size-block; at *= 2 { // to an overflow
		places = append(places, at)
	}
	for n := range int64(inTail) {
		places = append(places, a.size-block-n*apart)
	}
	for _, at := range places {
		if at >= head && !isZero(a.at(at, block)) {
			return false
		}
	}
	return true
}

func isZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func isISO(a area) bool {
	return string(a.at(32769, 5)) == "CD001"
}
