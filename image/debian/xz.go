package debian

import (
	"bufio"
	"io"

	"github.com/ulikunitz/xz"
)

func openXZ(raw *io.SectionReader) (io.Reader, func(), error) {
	r, err := xz.NewReader(bufio.NewReaderSize(raw, 1<<16))
	return r, func() {}, err
}
