package boot_test

import (
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
)

// fat reads a FAT32 as a power cut has left it: what can be read is read, whatever
// else is wrong. The tools of others stop at the first fault.
type fat struct {
	r                    io.ReaderAt
	table, data, cluster int64
	files                map[string][]byte
	folders              []string
	torn                 []string // names of what the table does not hold to its end
	depth                int
}

var (
	errFAT  = errors.New("its clusters end too early")
	errFree = errors.New("a cluster of it is free")
)

func readFAT(r io.ReaderAt) (*fat, error) {
	le, b := binary.LittleEndian, make([]byte, 512)
	if _, err := r.ReadAt(b, partition); err != nil {
		return nil, err
	}
	if le.Uint16(b[11:]) != 512 || b[13] == 0 {
		return nil, errors.New("there is no FAT32 on it")
	}
	f := &fat{r: r, files: map[string][]byte{}, cluster: int64(b[13]) * 512, table: partition + int64(le.Uint16(b[14:]))*512}
	f.data = f.table + int64(b[16])*int64(le.Uint32(b[36:]))*512
	return f, f.walk(".", le.Uint32(b[44:]))
}

// chain reads clusters up to size bytes, or to their end.
func (f *fat) chain(n uint32, size int64) (out []byte, err error) {
	for b := make([]byte, 4); int64(len(out)) < size; {
		if n < 2 || n >= 0x0FFFFFF7 {
			return out, errFAT
		}
		piece := make([]byte, f.cluster)
		if _, err := f.r.ReadAt(piece, f.data+int64(n-2)*f.cluster); err != nil {
			return out, err
		}
		if out = append(out, piece...); int64(len(out)) >= size {
			break // the kernel does not look further, either
		}
		if _, err := f.r.ReadAt(b, f.table+int64(n)*4); err != nil {
			return out, err
		}
		if n = binary.LittleEndian.Uint32(b) & 0x0FFFFFFF; n == 0 {
			return out, errFree
		}
	}
	return out[:size], nil
}

const mostFolder = 1 << 20

func (f *fat) walk(dir string, first uint32) error {
	entries, err := f.chain(first, mostFolder)
	if len(entries) == 0 || !errors.Is(err, errFAT) {
		return errors.Join(err, errFAT)
	}
	if f.depth++; f.depth > 100 {
		return errors.New("its folders have no end")
	}
	var long []uint16
	for e := range slices.Chunk(entries, 32) {
		switch attributes := e[11] & 0x3F; {
		case e[0] == 0:
			return nil
		case e[0] == 0xE5:
			long = nil
		case attributes == 0x0F:
			long = slices.Concat(longUnits(e), long)
		case attributes&0x08 != 0 || e[0] == '.':
			long = nil
		default:
			f.entry(path.Join(dir, nameOf(e, long)), e, attributes&0x10 != 0)
			long = nil
		}
	}
	return nil
}

func (f *fat) entry(name string, e []byte, folder bool) {
	le := binary.LittleEndian
	first := uint32(le.Uint16(e[20:]))<<16 | uint32(le.Uint16(e[26:]))
	if folder {
		f.folders = append(f.folders, name)
		if f.walk(name, first) != nil {
			f.torn = append(f.torn, name)
		}
		return
	}
	data, err := f.chain(first, int64(min(le.Uint32(e[28:]), mostFolder)))
	if err != nil {
		f.torn = append(f.torn, name)
		return
	}
	f.files[name] = data
}

func longUnits(e []byte) (units []uint16) {
	for pair := range slices.Chunk(slices.Concat(e[1:11], e[14:26], e[28:32]), 2) {
		if u := binary.LittleEndian.Uint16(pair); u != 0 && u != 0xFFFF {
			units = append(units, u)
		}
	}
	return units
}

func nameOf(e []byte, long []uint16) string {
	if len(long) > 0 {
		return string(utf16.Decode(long))
	}
	base, extension := strings.TrimRight(string(e[:8]), " "), strings.TrimRight(string(e[8:11]), " ")
	if e[12]&0x08 != 0 {
		base = strings.ToLower(base)
	}
	if e[12]&0x10 != 0 {
		extension = strings.ToLower(extension)
	}
	return strings.TrimSuffix(base+"."+extension, ".")
}
