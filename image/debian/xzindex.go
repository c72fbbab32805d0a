package debian

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Sections are those of the description of the .xz format, version 1.2.1.

// maxBlock bounds what one block may unpack to, as it is held in memory.
const maxBlock = 64 << 20

// xzBlock is one block as a stream of its own.
type xzBlock struct {
	stream io.Reader
	size   int64 // unpacked
}

// splitXZ gives the blocks of a file that is one stream, by the index at its end
// (§2.1.2, §4), and none when it is more than one, or when a block is too large.
// Without that end the file is an error.
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
		if r.unpacked > maxBlock || padded > end-at {
			return nil, nil
		}
		blocks = append(blocks, xzBlock{io.MultiReader(bytes.NewReader(header[:]),
			bufio.NewReaderSize(io.NewSectionReader(raw, at, padded), 1<<16),
			bytes.NewReader(streamTail(r, footer[8:10]))), r.unpacked})
		at += padded
	}
	if at != end {
		return nil, nil
	}
	return blocks, nil
}

var errNoEnd = fmt.Errorf("%w: its xz data has no end", ErrPackage)

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
