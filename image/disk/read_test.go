package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
)

// sparse reads an image's parts as if they were written.
type sparse struct {
	parts []part
	size  int64
}

func (s sparse) ReadAt(p []byte, at int64) (int, error) {
	if at >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), s.size-at))
	clear(p[:n])
	for _, part := range s.parts {
		if from := at - part.at; from >= 0 && from < int64(len(part.data)) {
			copy(p[:n], part.data[from:])
		} else if from < 0 && -from < int64(n) {
			copy(p[-from:n], part.data)
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func sparseOf(t testing.TB, m Image) sparse {
	t.Helper()
	parts, size, err := m.parts()
	if err != nil {
		t.Fatal(err)
	}
	return sparse{parts, size}
}

func TestFilesComeBack(t *testing.T) {
	for name, m := range trees {
		got, err := Files(sparseOf(t, m))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !sameFiles(got, m.Files) {
			t.Errorf("%s: %d files came back, and not the same %d", name, len(got), len(m.Files))
		}
	}
}

func sameFiles(got, want []File) bool {
	want = slices.SortedFunc(slices.Values(want), func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return slices.EqualFunc(got, want, func(a, b File) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) })
}

// A stick is longer than the image that was written to it, and the digest is of
// the image.
func TestTableOfALongerStick(t *testing.T) {
	image := write(t, likeTheReal())
	stick := append(slices.Clone(image), make([]byte, 5_000_000)...)
	table, err := ReadTable(bytes.NewReader(stick))
	if err != nil || table.Disk != testDisk || table.Length != int64(len(image)) {
		t.Errorf("%v, %d bytes, error %v; want %v and %d", table.Disk, table.Length, err, testDisk, len(image))
	}
	if _, err := Files(bytes.NewReader(stick)); err != nil {
		t.Error(err)
	}
}

func TestGUIDs(t *testing.T) {
	g, err := ParseGUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
	if err != nil || g != systemPartition || g.String() != "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" {
		t.Errorf("%v, %v", g, err)
	}
	for _, text := range []string{"", "c12a7328f81f11d2ba4b00a0c93ec93b", "c12a7328-f81f-11d2-ba4b-00a0c93ec93g", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b-"} {
		if _, err := ParseGUID(text); err == nil {
			t.Errorf("%q was taken for a GUID", text)
		}
	}
}

// spoiled is a good image, and where in it changes are made that a broken stick, or
// somebody, could make.
type spoiled struct {
	good                                           []byte
	s                                              shape
	fat, second, vmlinuz, tiny, folder, efi, first int
}

const espAt = espStart * sector

func toSpoil(t *testing.T) spoiled {
	t.Helper()
	p := spoiled{good: write(t, likeTheReal())}
	p.s = shaped(uint64(len(p.good)) / sector)
	p.fat, p.second = espAt+int(p.s.reserved)*sector, espAt+int(p.s.reserved+p.s.fat)*sector
	root := p.second + int(p.s.fat)*sector
	find := func(entry string) int { return root + bytes.Index(p.good[root:], []byte(entry)) }
	p.vmlinuz, p.tiny, p.folder = find("VMLINUZ "), find("SIGNER~1"), find("DISK~1 ")
	p.efi = int(le.Uint16(p.good[find("EFI     ")+26:]))
	p.first = int(le.Uint16(p.good[p.vmlinuz+26:]))
	if got := p.s.at(p.first); !bytes.Equal(p.good[got:got+100], filled(100, 4)) {
		t.Fatal("the test looks for vmlinuz in the wrong place")
	}
	return p
}

// link has a cluster lead to another, in both FATs.
func (p spoiled) link(image []byte, from, to int) {
	le.PutUint16(image[p.fat+2*from:], uint16(to))
	le.PutUint16(image[p.second+2*from:], uint16(to))
}

func (p spoiled) isNoImage(t *testing.T, spoils map[string]func(b []byte) []byte) {
	t.Helper()
	for name, spoil := range spoils {
		files, err := Files(bytes.NewReader(spoil(slices.Clone(p.good))))
		if !errors.Is(err, ErrFormat) || files != nil {
			t.Errorf("%s: %d files, error %v", name, len(files), err)
		}
	}
}

// Cut off, or with a partition table that is not an image's.
func TestWhatIsNoImage(t *testing.T) {
	p := toSpoil(t)
	p.isNoImage(t, map[string]func(b []byte) []byte{
		"nothing":              func(b []byte) []byte { return nil },
		"zeros":                func(b []byte) []byte { return make([]byte, len(b)) },
		"cut in the table":     func(b []byte) []byte { return b[:10_000] },
		"cut in the FAT":       func(b []byte) []byte { return b[:p.fat+100] },
		"cut in a file":        func(b []byte) []byte { return b[:p.s.at(p.first)+100] },
		"GPT altered":          func(b []byte) []byte { b[sector+40]++; return b },
		"partitions altered":   func(b []byte) []byte { b[2*sector+100]++; return b },
		"length of 2^64":       func(b []byte) []byte { le.PutUint64(b[sector+32:], 1<<64-1); return resum(b) },
		"length of 2^54":       func(b []byte) []byte { le.PutUint64(b[sector+32:], 1<<54-1); return resum(b) },
		"length of 0":          func(b []byte) []byte { le.PutUint64(b[sector+32:], 0); return resum(b) },
		"a million partitions": func(b []byte) []byte { le.PutUint32(b[sector+80:], 1<<20); return resum(b) },
		"no partition":         func(b []byte) []byte { b[2*sector]++; return resum(b) },
		"two of them":          func(b []byte) []byte { copy(b[2*sector+128:], b[2*sector:2*sector+128]); return resum(b) },
		"partition outside":    func(b []byte) []byte { le.PutUint64(b[2*sector+40:], 1<<40); return resum(b) },
		"partition backwards":  func(b []byte) []byte { le.PutUint64(b[2*sector+32:], 1<<40); return resum(b) },
	})
}

// With the table of an image, and a FAT or folders that are not one's.
func TestWhatHasNoFilesOfAnImage(t *testing.T) {
	p := toSpoil(t)
	p.isNoImage(t, map[string]func(b []byte) []byte{
		"FAT32":              func(b []byte) []byte { b[espAt+58] = '2'; return b },
		"other clusters":     func(b []byte) []byte { b[espAt+13] = 8; return b },
		"too long for it":    func(b []byte) []byte { le.PutUint16(b[espAt+19:], uint16(p.s.esp)+1); return b },
		"no sectors":         func(b []byte) []byte { le.PutUint16(b[espAt+19:], 0); return b },
		"a FAT too short":    func(b []byte) []byte { le.PutUint16(b[espAt+22:], 2); return b },
		"a huge FAT":         func(b []byte) []byte { le.PutUint16(b[espAt+22:], 0xFFFF); return b },
		"two FATs":           func(b []byte) []byte { b[p.second+40]++; return b },
		"a ring":             func(b []byte) []byte { p.link(b, p.first+1, p.first); return b },
		"in two pieces":      func(b []byte) []byte { p.link(b, p.first, p.first+2); return b },
		"cut short":          func(b []byte) []byte { p.link(b, p.first, 0xFFFF); return b },
		"a free cluster":     func(b []byte) []byte { p.link(b, p.first, 0); return b },
		"another's":          func(b []byte) []byte { le.PutUint16(b[p.vmlinuz+26:], uint16(p.first-1)); return b },
		"a folder's":         func(b []byte) []byte { le.PutUint16(b[p.tiny+26:], le.Uint16(b[p.folder+26:])); return b },
		"a folder in itself": func(b []byte) []byte { copy(b[p.s.at(p.efi)+2*32+26:], b[p.s.at(p.efi)+26:][:2]); return b },
		"cluster 1":          func(b []byte) []byte { le.PutUint16(b[p.vmlinuz+26:], 1); return b },
		"too large a size":   func(b []byte) []byte { le.PutUint32(b[p.vmlinuz+28:], 1<<31); return b },
		"deleted":            func(b []byte) []byte { b[p.vmlinuz] = 0xE5; return b },
		"hidden":             func(b []byte) []byte { b[p.vmlinuz+11] |= 2; return b },
		"a dot in front":     func(b []byte) []byte { b[p.vmlinuz] = '.'; return b },
		"a label of a file":  func(b []byte) []byte { b[p.vmlinuz+11] = attrLabel; return b },
		"another alias":      func(b []byte) []byte { b[p.vmlinuz] = 'X'; return b },
		"half a long name":   func(b []byte) []byte { b[p.vmlinuz-32] = 0x41 + 1; return b },
		"the end in a name":  func(b []byte) []byte { b[p.vmlinuz] = 0; return b },
		"twice":              func(b []byte) []byte { copy(b[p.vmlinuz+32:], b[p.vmlinuz-32:p.vmlinuz+32]); return b },
	})
}

// resum makes both checksums of the GPT right again.
func resum(b []byte) []byte {
	h := b[sector : 2*sector]
	le.PutUint32(h[88:], crc32.ChecksumIEEE(b[2*sector:(2+entrySectors)*sector]))
	le.PutUint32(h[16:], headerSum(h))
	return b
}

func TestADriveThatFailsIsSaid(t *testing.T) {
	broken := errors.New("input/output error")
	for after := range 8 {
		r := &failing{sparseOf(t, likeTheReal()), after, broken}
		if files, err := Files(r); !errors.Is(err, broken) || files != nil {
			t.Errorf("after %d reads: %d files, error %v", after, len(files), err)
		}
	}
}

type failing struct {
	io.ReaderAt
	left int
	err  error
}

func (f *failing) ReadAt(p []byte, at int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(p, at)
}

// FuzzFiles reads hostile partitions: a boot sector, the beginning of both FATs,
// the root folder and the first clusters are the fuzzer's, the rest is right.
func FuzzFiles(f *testing.F) {
	for _, m := range []Image{likeTheReal(), trees["names"], trees["sizes"]} {
		s := sparseOf(f, m)
		shape := shaped(uint64(s.size) / sector)
		at := func(first, count uint64) []byte {
			b := make([]byte, count*sector)
			_, _ = s.ReadAt(b, int64(espStart+first)*sector)
			return b
		}
		f.Add(at(0, 1), at(shape.reserved, 2), at(shape.data()-rootSectors, 16), at(shape.data(), 16))
	}
	f.Fuzz(func(t *testing.T, boot, table, root, clusters []byte) {
		const length = 12 << 20
		m := imageOf(File{"a", make([]byte, 11<<20)})
		s := sparseOf(t, m)
		front := s.parts[0]
		at := int64(espStart) * sector
		parts := []part{front, {at, boot}}
		if len(boot) >= 24 {
			reserved, fat := int64(binary.LittleEndian.Uint16(boot[14:])), int64(binary.LittleEndian.Uint16(boot[22:]))
			rootAt := at + (reserved+2*fat)*sector
			parts = append(parts, part{at + reserved*sector, table}, part{at + (reserved+fat)*sector, table}, part{rootAt, root}, part{rootAt + rootSectors*sector, clusters})
		}
		files, err := Files(sparse{parts, length})
		if err != nil {
			if !errors.Is(err, ErrFormat) || files != nil {
				t.Fatalf("%d files, error %v", len(files), err)
			}
			return
		}
		total, names := 0, map[string]bool{}
		for _, file := range files {
			total += len(file.Data)
			if fold := fold(file.Name); names[fold] || strings.HasPrefix(file.Name, "/") || slices.Contains(strings.Split(file.Name, "/"), "..") {
				t.Fatalf("name %q", file.Name)
			}
			names[fold(file.Name)] = true
		}
		if total > length {
			t.Fatalf("%d bytes out of %d", total, length)
		}
	})
}

// FuzzTable reads hostile partition tables, their checksums right.
func FuzzTable(f *testing.F) {
	head, _ := likeTheReal().gpt(shaped(20 * quantum / sector))
	f.Add(head.data[sector:sector+headerSize], head.data[2*sector:2*sector+128])
	f.Fuzz(func(t *testing.T, header, entries []byte) {
		b := make([]byte, (2+entrySectors)*sector)
		copy(b[sector:2*sector], header)
		copy(b[2*sector:], entries)
		table, err := ReadTable(bytes.NewReader(resum(b)))
		if err != nil {
			if !errors.Is(err, ErrFormat) || table != (Table{}) {
				t.Fatalf("%+v, %v", table, err)
			}
			return
		}
		if table.Length <= 0 || table.espStart <= 0 || table.espSectors <= 0 || (table.espStart+table.espSectors)*sector > table.Length {
			t.Fatalf("%+v", table)
		}
	})
}

// FuzzNames: what can be written comes back, and nothing else is written.
func FuzzNames(f *testing.F) {
	f.Add("EFI/BOOT/BOOTX64.EFI\nvmlinuz\n.disk/info")
	f.Add("abcdefghij\nabcdefghik\nABCDEF~1\nabcdef~2")
	f.Add("ä\nÄ")
	f.Add("ſ\ns\nK\nk") // letters with two lower cases, or two upper ones
	f.Fuzz(func(t *testing.T, names string) {
		m := imageOf(named(strings.Split(names, "\n")...)...)
		parts, size, err := m.parts()
		if err != nil {
			if !errors.Is(err, ErrName) && !errors.Is(err, ErrTwice) && !errors.Is(err, ErrSpace) {
				t.Fatal(err)
			}
			return
		}
		got, err := Files(sparse{parts, size})
		if err != nil || !sameFiles(got, m.Files) {
			t.Fatalf("%q came back as %v, error %v", names, got, err)
		}
	})
}
