package disk

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Files reads every file in the EFI System Partition of an image, sorted by
// name. It is for an image as this package writes it, with every file in one
// piece; anything else is ErrFormat. It reads at most 134 MB.
func Files(r io.ReaderAt) ([]File, error) {
	t, err := ReadTable(r)
	if err != nil {
		return nil, err
	}
	v := volume{r: r, start: t.espStart * sector}
	if err := v.open(t.espSectors); err != nil {
		return nil, fmt.Errorf("read the EFI System Partition: %w", err)
	}
	if err := v.list(v.root, "", 0); err != nil {
		return nil, fmt.Errorf("read the EFI System Partition: %w", err)
	}
	slices.SortFunc(v.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return v.files, nil
}

// volume is a FAT16 that is being read.
type volume struct {
	r     io.ReaderAt
	start int64 // of the partition, in bytes
	data  int64 // of cluster 2, in bytes
	table []byte
	root  []byte
	taken []bool // clusters that were read; each may be once
	files []File
}

// open reads the boot sector, both FATs and the root folder.
func (v *volume) open(sectors int64) error {
	b := make([]byte, sector)
	if err := readFull(v.r, b, v.start); err != nil {
		return err
	}
	total := int64(le.Uint16(b[19:]))
	if total == 0 {
		total = int64(le.Uint32(b[32:]))
	}
	reserved, fat := int64(le.Uint16(b[14:])), int64(le.Uint16(b[22:]))
	root := reserved + fatCopies*fat
	clusters := (total - root - rootSectors) / clusterSectors
	switch {
	case b[510] != 0x55 || b[511] != 0xAA || string(b[54:62]) != "FAT16   ":
		return fmt.Errorf("%w: no FAT16", ErrFormat)
	case le.Uint16(b[11:]) != sector || b[13] != clusterSectors || b[16] != fatCopies || le.Uint16(b[17:]) != rootEntries:
		return fmt.Errorf("%w: a FAT16 of other measures", ErrFormat)
	case total > sectors || reserved == 0 || clusters < fewest || clusters > most || fat > most*2/sector+2 || fat*sector/2 < clusters+2:
		return fmt.Errorf("%w: a FAT16 that does not fit its partition", ErrFormat)
	}
	v.table = make([]byte, fat*sector)
	v.root = make([]byte, rootSectors*sector)
	v.taken = make([]bool, clusters+2)
	v.data = v.start + (root+rootSectors)*sector
	second := make([]byte, fat*sector)
	for _, read := range []struct {
		to []byte
		at int64
	}{{v.table, reserved}, {second, reserved + fat}, {v.root, root}} {
		if err := readFull(v.r, read.to, v.start+read.at*sector); err != nil {
			return err
		}
	}
	if !bytes.Equal(v.table, second) {
		return fmt.Errorf("%w: the two FATs differ", ErrFormat)
	}
	return nil
}

// list reads the files of a folder, and of the folders in it.
func (v *volume) list(folder []byte, path string, depth int) error {
	entries, err := parseFolder(folder)
	if err != nil {
		return fmt.Errorf("folder %q: %w", path, err)
	}
	for _, e := range entries {
		if len(v.files) == mostFiles || depth == mostSteps {
			return fmt.Errorf("%w: more than %d files, or than %d folders in each other", ErrFormat, mostFiles, mostSteps-1)
		}
		name := path + e.name
		data, err := v.read(e)
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if !e.dir {
			v.files = append(v.files, File{Name: name, Data: data})
		} else if err := v.list(data, name+"/", depth+1); err != nil {
			return err
		}
	}
	return nil
}

// read reads what belongs to an entry: one run of clusters that is nobody
// else's, as long as the size says.
func (v *volume) read(e found) ([]byte, error) {
	if e.first == 0 && e.size == 0 && !e.dir {
		return nil, nil
	}
	run := 0
	for c := e.first; ; c++ {
		if c < 2 || c >= len(v.taken) || v.taken[c] {
			return nil, fmt.Errorf("%w: cluster %d is not there, or somebody else's", ErrFormat, c)
		}
		v.taken[c] = true
		run++
		next := int(le.Uint16(v.table[2*c:]))
		if next >= 0xFFF8 {
			break
		}
		if next != c+1 {
			return nil, fmt.Errorf("%w: not in one piece", ErrFormat)
		}
	}
	size := int64(e.size)
	if e.dir {
		size = int64(run) * block
	}
	if (size+block-1)/block != int64(run) {
		return nil, fmt.Errorf("%w: %d bytes in %d clusters", ErrFormat, size, run)
	}
	data := make([]byte, size)
	return data, readFull(v.r, data, v.data+int64(e.first-2)*block)
}
