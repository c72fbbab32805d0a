package image

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// entry is a file or an empty folder of the initramfs.
type entry struct {
	name   string // without a leading slash
	mode   uint32 // with the bits of its type
	data   []byte
	origin string
}

const (
	folderMode  = 0o040755
	fileMode    = 0o100644
	programMode = 0o100755
)

// archive writes entries as the kernel reads them
// (Documentation/driver-api/early-userspace/buffer-format.rst): cpio, "newc".
// Owner, device and links are fixed; the number of an inode is its place.
func archive(entries []entry, date time.Time) []byte {
	var b bytes.Buffer
	all := append(append([]entry{}, entries...), entry{name: "TRAILER!!!"})
	for i, e := range all {
		links := 1
		fmt.Fprintf(&b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
			i+1, e.mode, 0, 0, links, uint32(date.Unix()), len(e.data), 0, 0, 0, 0, len(e.name)+1, 0, e.name)
		pad(&b)
		b.Write(e.data)
		pad(&b)
	}
	return b.Bytes()
}

func pad(b *bytes.Buffer) { b.Write(make([]byte, -b.Len()&3)) }

var errArchive = errors.New("not an initramfs of this builder")

const cpioHeader = 110

// parseArchive reads what archive writes, for comparing two images.
func parseArchive(data []byte) ([]entry, error) {
	var entries []entry
	for at := 0; ; {
		mode, size, nameSize, err := parseCpioHeader(data, at)
		if err != nil {
			return nil, err
		}
		body := (at + cpioHeader + nameSize + 3) &^ 3
		if nameSize < 1 || body < 0 || body > len(data) || size > len(data)-body {
			return nil, fmt.Errorf("%w: the entry at %d does not fit", errArchive, at)
		}
		name := string(data[at+cpioHeader : at+cpioHeader+nameSize-1])
		if name == "TRAILER!!!" {
			return entries, nil
		}
		entries = append(entries, entry{name: name, mode: mode, data: data[body : body+size]})
		at = (body + size + 3) &^ 3
	}
}

func parseCpioHeader(data []byte, at int) (mode uint32, size, nameSize int, err error) {
	if at > len(data) || len(data)-at < cpioHeader || string(data[at:at+6]) != "070701" {
		return 0, 0, 0, fmt.Errorf("%w: no header at %d", errArchive, at)
	}
	field := func(i int) int {
		n, wrong := strconv.ParseUint(string(data[at+6+8*i:at+14+8*i]), 16, 32)
		if wrong != nil || n > 1<<30 {
			err = fmt.Errorf("%w: header at %d", errArchive, at)
		}
		return int(n & (1<<30 - 1))
	}
	mode, size, nameSize = uint32(field(1)), field(6), field(11)
	return mode, size, nameSize, err
}
