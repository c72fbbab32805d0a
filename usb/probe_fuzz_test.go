package usb_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"signer/usb"
)

// begin is a drive whose first bytes are these, and which is zeros otherwise.
type begin []byte

func (b begin) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if at < int64(len(b)) {
		copy(p, b[at:])
	}
	return len(p), nil
}

// Whatever is on a drive, Probe ends, and what it calls usable lies on the drive.
func FuzzProbe(f *testing.F) {
	f.Add([]byte(mbr([3]uint32{0x0C, 1, 200})), int64(mib))
	drive := formatted(f, 64*mib, "fuzz")
	whole := make([]byte, 8192)
	for _, at := range []int64{0, mib} {
		if _, err := drive.ReadAt(whole, at); err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.Clone(whole), int64(64*mib))
	}
	f.Add(tinyGPT(), int64(mib))
	f.Fuzz(func(t *testing.T, data []byte, size int64) {
		r := begin(data)
		found, err := usb.Probe(r, size)
		if err != nil && found != (usb.Found{}) {
			t.Errorf("%+v beside %v", found, err)
		}
		if found.Usable() && (found.Offset < 0 || found.Length <= 0 || found.Offset > size-found.Length) {
			t.Errorf("%+v on a drive of %d bytes", found, size)
		}
		if g, err := usb.ReadGPT(r, size); err == nil && (g.Size <= 0 || g.Size > size) {
			t.Errorf("%+v on a drive of %d bytes", g, size)
		}
		repaired := mendGPT(bytes.Clone(data)) // the fuzzer finds no checksums
		_, _ = usb.Probe(begin(repaired), size)
	})
}

// tinyGPT is a GPT with one partition.
func tinyGPT() []byte {
	b := append(mbr([3]uint32{0xEE, 1, 2047}), make([]byte, 1024)...)
	h, le := b[512:1024], binary.LittleEndian
	copy(h, "EFI PART\x00\x00\x01\x00\x5C\x00\x00\x00")
	for at, n := range map[int]uint64{24: 1, 32: 2047, 40: 3, 48: 2000, 72: 2, 80: 128<<32 | 4} {
		le.PutUint64(h[at:], n)
	}
	e := b[1024:]
	copy(e, "a kind of disk..")
	le.PutUint64(e[32:], 100)
	le.PutUint64(e[40:], 200)
	return mendGPT(b)
}

func mendGPT(b []byte) []byte {
	if len(b) < 1536 {
		return b
	}
	h, le := b[512:1024], binary.LittleEndian
	n := min(uint64(le.Uint32(h[80:]))*uint64(le.Uint32(h[84:])), uint64(len(b)-1024))
	le.PutUint32(h[88:], crc32.ChecksumIEEE(b[1024:1024+n]))
	clear(h[16:20])
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:min(le.Uint32(h[12:]), 512)]))
	return b
}
