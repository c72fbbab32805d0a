package debian

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Sections are those of the description of the .xz format, version 1.2.1.

// maxBlock bounds what one block may unpack to where blocks are held in memory.
// maxDictionary bounds what a decoder sets aside: the format allows 4 GB, which a
// header of a few bytes could ask for, and "xz -9" uses 64 MiB.
const (
	maxBlock      = 64 << 20
	maxDictionary = 64 << 20
)

// xzBlock is one block as a stream of its own.
type xzBlock struct {
	stream io.Reader
	size   int64 // unpacked
}

// splitXZ gives the blocks of one stream by the index at its end (§2.1.2, §4).
// What is not one stream, whole and of blocks with modest needs, is an error.
func splitXZ(raw *io.SectionReader) (blocks []xzBlock, err error) {
	const headerSize, footerSize = 12, 12
	var header [headerSize]byte
	var footer [footerSize]byte
	if raw.Size() < headerSize+footerSize || raw.Size()%4 != 0 {
		return nil, errNoEnd
	}
	_, err1 := raw.ReadAt(header[:], 0)
	_, err2 := raw.ReadAt(footer[:], raw.Size()-footerSize)
	indexSize := (int64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	end := raw.Size() - footerSize - indexSize
	if err1 != nil || err2 != nil || string(footer[10:]) != "YZ" || end < headerSize || indexSize > 1<<20 {
		return nil, errNoEnd
	}
	index := make([]byte, indexSize)
	if _, err := raw.ReadAt(index, end); err != nil {
		return nil, err
	}
	records := indexRecords(index)
	if records == nil {
		return nil, errNoEnd
	}
	at := int64(headerSize)
	for _, r := range records {
		padded := (r.unpadded + 3) &^ 3
		if padded > end-at {
			return nil, errNoEnd
		}
		if err := checkDictionary(raw, at); err != nil {
			return nil, err
		}
		blocks = append(blocks, xzBlock{io.MultiReader(bytes.NewReader(header[:]),
			bufio.NewReaderSize(io.NewSectionReader(raw, at, padded), 1<<16),
			bytes.NewReader(streamTail(r, footer[8:10]))), r.unpacked})
		at += padded
	}
	if at != end {
		return nil, fmt.Errorf("%w: its xz data is more than one stream", ErrPackage)
	}
	return blocks, nil
}

var errNoEnd = fmt.Errorf("%w: its xz data has no end", ErrPackage)

// checkDictionary reads the header of the block at this place (§3.1) as far as the
// size of its dictionary (§5.3.1).
func checkDictionary(raw io.ReaderAt, at int64) error {
	var header [32]byte
	n, err := raw.ReadAt(header[:], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	rest := header[2:max(n, 2)]
	for _, size := range []byte{0x40, 0x80} { // sizes of the block, packed and unpacked, if they are there
		if header[1]&size != 0 {
			_, n := binary.Uvarint(rest)
			rest = rest[max(n, 0):]
		}
	}
	const lzma2 = 0x21
	if header[1]&3 != 0 || len(rest) < 3 || rest[0] != lzma2 || rest[1] != 1 || rest[2] > 40 {
		return fmt.Errorf("%w: its xz data has other filters than LZMA2", ErrPackage)
	}
	if bits := int64(rest[2]); (2|bits&1)<<(bits/2+11) > maxDictionary {
		return fmt.Errorf("%w: its xz data wants a dictionary of more than %d bytes", ErrPackage, int64(maxDictionary))
	}
	return nil
}

type indexRecord struct{ unpadded, unpacked int64 }

// indexRecords reads an index (§4), and gives nil for what is none.
func indexRecords(index []byte) []indexRecord {
	sum := len(index) - 4
	if sum < 4 || index[0] != 0 || crc32.ChecksumIEEE(index[:sum]) != binary.LittleEndian.Uint32(index[sum:]) {
		return nil
	}
	rest := index[1:sum]
	count, n := binary.Uvarint(rest)
	if n <= 0 || count > uint64(len(index)) {
		return nil
	}
	rest = rest[n:]
	records := make([]indexRecord, 0, min(count, 1024))
	for range count {
		unpadded, n := binary.Uvarint(rest)
		unpacked, k := binary.Uvarint(rest[max(n, 0):])
		if n <= 0 || k <= 0 || unpadded == 0 || unpadded > 1<<40 || unpacked > 1<<40 {
			return nil
		}
		records, rest = append(records, indexRecord{int64(unpadded), int64(unpacked)}), rest[n+k:]
	}
	return records
}

// streamTail is the index and the footer of a stream of this block alone.
func streamTail(r indexRecord, flags []byte) []byte {
	tail := binary.AppendUvarint([]byte{0, 1}, uint64(r.unpadded))
	tail = binary.AppendUvarint(tail, uint64(r.unpacked))
	for len(tail)%4 != 0 {
		tail = append(tail, 0)
	}
	tail = binary.LittleEndian.AppendUint32(tail, crc32.ChecksumIEEE(tail))
	end := binary.LittleEndian.AppendUint32(nil, uint32(len(tail)/4-1))
	end = append(end, flags...)
	tail = binary.LittleEndian.AppendUint32(tail, crc32.ChecksumIEEE(end))
	return append(append(tail, end...), "YZ"...)
}
