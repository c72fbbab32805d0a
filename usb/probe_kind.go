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

// kindOf names what an area seems to hold; "" when it begins with 128 KiB of
// zeros.
func kindOf(a area) string {
	b := a.at(0, int(min(a.size, 128<<10)))
	for _, m := range magics {
		if end := m.offset + int64(len(m.magic)); end <= int64(len(b)) && string(b[m.offset:end]) == m.magic {
			return m.kind
		}
	}
	if len(bytes.Trim(b, "\x00")) == 0 {
		return ""
	}
	return kindUnknown
}

func isISO(a area) bool {
	return string(a.at(32769, 5)) == "CD001"
}
