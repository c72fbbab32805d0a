package usb

import "encoding/binary"

// The sectors of a new FAT32, from Microsoft's FAT specification 1.03, section 3.

const backupBoot = 6 // where the copy of the boot sector is

// bootSector starts no computer: a firmware that tries is told so by the
// instruction that gives up (int 18h), and goes on to the next drive.
func bootSector(s shape, label [11]byte, serial uint32) []byte {
	b := make([]byte, sector)
	le := binary.LittleEndian
	copy(b, "\xEB\x58\x90MSWIN4.1") // the name that the specification asks for
	le.PutUint16(b[11:], sector)
	b[13] = byte(s.cluster)
	le.PutUint16(b[14:], uint16(s.reserved))
	b[16] = fatCopies
	b[21] = fixedMedia
	le.PutUint16(b[24:], 63)  // sectors per track
	le.PutUint16(b[26:], 255) // heads
	le.PutUint32(b[28:], uint32(s.start))
	le.PutUint32(b[32:], uint32(s.sectors))
	le.PutUint32(b[36:], uint32(s.fat))
	le.PutUint32(b[44:], rootCluster)
	le.PutUint16(b[48:], 1) // FSInfo
	le.PutUint16(b[50:], backupBoot)
	b[64], b[66] = 0x80, 0x29
	le.PutUint32(b[67:], serial)
	copy(b[71:], label[:])
	copy(b[82:], "FAT32   ")
	copy(b[90:], "\xCD\x18\xEB\xFE")
	return signed(b)
}

const (
	fixedMedia  = 0xF8
	rootCluster = 2
)

// infoSector says how much is free, for those who believe it.
func infoSector(s shape) []byte {
	b := make([]byte, sector)
	le := binary.LittleEndian
	copy(b, "RRaA")
	copy(b[484:], "rrAa")
	le.PutUint32(b[488:], uint32(s.clusters-1)) // the root folder has one
	le.PutUint32(b[492:], rootCluster+1)
	return signed(b)
}

// fatHead is the begin of a FAT: medium, "was unmounted and has no errors", and
// the root folder with its one cluster.
func fatHead() []byte {
	var b []byte
	for _, n := range []uint32{0x0FFFFF00 | fixedMedia, 0x0FFFFFFF, 0x0FFFFFF8} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return append(b, make([]byte, sector-len(b))...)
}

// labelEntry is the one entry of the root folder: the first sector of it. Its
// date is the first that FAT has, for nobody needs to know when.
func labelEntry(label [11]byte) []byte {
	b := make([]byte, sector)
	copy(b, label[:])
	b[11] = 0x08 // a volume label
	binary.LittleEndian.PutUint16(b[24:], 1<<5|1)
	return b
}

// mbrSector has one partition. The numbers of cylinders, heads and sectors that
// old programs want say "beyond what these can say", except for the start.
func mbrSector(s shape, serial uint32) []byte {
	b := make([]byte, sector)
	le := binary.LittleEndian
	copy(b, "\xCD\x18\xEB\xFE")
	le.PutUint32(b[440:], serial)
	e := b[446:]
	copy(e[1:], "\x20\x21\x00")
	e[4] = typeFAT32
	copy(e[5:], "\xFE\xFF\xFF")
	le.PutUint32(e[8:], uint32(s.start))
	le.PutUint32(e[12:], uint32(s.sectors))
	return signed(b)
}

func signed(b []byte) []byte {
	b[510], b[511] = 0x55, 0xAA
	return b
}
