package debian

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/ulikunitz/xz"
)

// Decoding one block after another took 12 to 16 s for the kernel's package
// (measured). Debian's packages are one xz stream of blocks of 24 MB, which can be
// decoded side by side: each is given to the decoder as a stream of its own. What
// is one block, or has large ones, is decoded in one piece, once its end is seen to
// be there: the decoder takes a stream that is cut off between two blocks for a whole one (measured).

// openXZ reads what is compressed in raw. The close function ends its work and
// must be called.
func openXZ(raw *io.SectionReader) (io.Reader, func(), error) {
	blocks, err := splitXZ(raw)
	if err != nil {
		return nil, nil, err
	}
	if len(blocks) < 2 || slices.ContainsFunc(blocks, func(b xzBlock) bool { return b.size > maxBlock }) {
		r, err := xz.NewReader(bufio.NewReaderSize(raw, 1<<16))
		return r, func() {}, err
	}
	s := &sideBySide{next: make(chan chan decoded, min(runtime.GOMAXPROCS(0), 8)-1), done: make(chan struct{})}
	s.work.Go(func() { s.decode(blocks) })
	return s, s.close, nil
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
