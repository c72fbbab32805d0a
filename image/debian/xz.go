package debian

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"sync"

	"github.com/ulikunitz/xz"
)

// Decoding one block after another took 12 to 16 s for the kernel's package
// (measured). Debian's packages are one xz stream of blocks of 24 MB, which can be
// decoded side by side: each is given to the decoder as a stream of its own. What
// is not of that form is decoded in one piece. Sections are those of the format's
// description, version 1.2.1.

// maxBlock bounds what one block may unpack to, as it is held in memory.
const maxBlock = 64 << 20

// openXZ reads what is compressed in raw. The close function ends its work and
// must be called.
func openXZ(raw *io.SectionReader) (io.Reader, func(), error) {
	blocks := splitXZ(raw)
	if len(blocks) < 2 {
		r, err := xz.NewReader(bufio.NewReaderSize(raw, 1<<16))
		return r, func() {}, err
	}
	s := &sideBySide{next: make(chan chan decoded, min(runtime.GOMAXPROCS(0), 8)-1), done: make(chan struct{})}
	s.work.Go(func() { s.decode(blocks) })
	return s, s.close, nil
}

// xzBlock is one block as a stream of its own.
type xzBlock struct {
	stream io.Reader
	size   int64 // unpacked
}

// splitXZ gives the blocks of a single stream by its index at the end (§2.1.2,
// §4), and none when it is of any other form: the decoder says what is wrong.
func splitXZ(raw *io.SectionReader) (blocks []xzBlock) {
	const headerSize, footerSize = 12, 12
	var header [headerSize]byte
	var footer [footerSize]byte
	if raw.Size() < headerSize+footerSize || raw.Size()%4 != 0 {
		return nil
	}
	_, err1 := raw.ReadAt(header[:], 0)
	_, err2 := raw.ReadAt(footer[:], raw.Size()-footerSize)
	indexSize := (int64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	end := raw.Size() - footerSize - indexSize
	if err1 != nil || err2 != nil || string(footer[10:]) != "YZ" || end < headerSize || indexSize > 1<<20 {
		return nil
	}
	index := make([]byte, indexSize)
	if _, err := raw.ReadAt(index, end); err != nil {
		return nil
	}
	at := int64(headerSize)
	for _, r := range indexRecords(index) {
		padded := (r.unpadded + 3) &^ 3
		if r.unpacked > maxBlock || padded > end-at {
			return nil
		}
		tail := streamTail(r, footer[8:10])
		blocks = append(blocks, xzBlock{io.MultiReader(bytes.NewReader(header[:]),
			bufio.NewReaderSize(io.NewSectionReader(raw, at, padded), 1<<16), bytes.NewReader(tail)), r.unpacked})
		at += padded
	}
	if at != end {
		return nil
	}
	return blocks
}

type indexRecord struct{ unpadded, unpacked int64 }

// indexRecords reads an index (§4): what has no form gives no records.
func indexRecords(index []byte) (records []indexRecord) {
	if len(index) < 8 || index[0] != 0 {
		return nil
	}
	rest := index[1 : len(index)-4]
	count, n := binary.Uvarint(rest)
	if n <= 0 || count > uint64(len(index)) {
		return nil
	}
	rest = rest[n:]
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

// sideBySide reads blocks in their order, while those that follow are decoded.
type sideBySide struct {
	next chan chan decoded // in order; its capacity bounds the blocks in memory
	done chan struct{}
	work sync.WaitGroup
	now  bytes.Reader
	err  error
}

type decoded struct {
	data []byte
	err  error
}

func (s *sideBySide) decode(blocks []xzBlock) {
	defer close(s.next)
	for _, b := range blocks {
		result := make(chan decoded, 1)
		select {
		case s.next <- result:
		case <-s.done:
			return
		}
		s.work.Go(func() {
			data, err := b.unpack(s.done)
			result <- decoded{data, err}
		})
	}
}

func (b xzBlock) unpack(done <-chan struct{}) ([]byte, error) {
	r, err := xz.ReaderConfig{SingleStream: true}.NewReader(stoppable{b.stream, done})
	if err != nil {
		return nil, err
	}
	data, err := readAtMost(r, b.size)
	if err == nil && int64(len(data)) != b.size {
		err = fmt.Errorf("a block of %d bytes has %d", b.size, len(data))
	}
	return data, err
}

func (s *sideBySide) Read(p []byte) (int, error) {
	for s.now.Len() == 0 && s.err == nil {
		result, more := <-s.next
		if !more {
			s.err = io.EOF
			break
		}
		block := <-result
		s.now.Reset(block.data)
		if s.err = block.err; s.err != nil {
			s.now.Reset(nil)
		}
	}
	if s.now.Len() > 0 {
		return s.now.Read(p)
	}
	return 0, s.err
}

func (s *sideBySide) close() {
	close(s.done)
	s.work.Wait()
}

// stoppable is a reader that ends when nobody waits for it any more.
type stoppable struct {
	r    io.Reader
	done <-chan struct{}
}

var errStopped = errors.New("nobody reads on")

func (s stoppable) Read(p []byte) (int, error) {
	select {
	case <-s.done:
		return 0, errStopped
	default:
		return s.r.Read(p)
	}
}
