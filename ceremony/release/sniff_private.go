package release

import (
	"bytes"
	"errors"
	"io"

	"signer/ceremony/tuf"
)

// ErrPrivate means a file that holds private keys. It is never published, be it by
// force: also a locked one is as safe as its passphrase only.
var ErrPrivate = errors.New("it holds a private key, and targets are for everybody to read")

// private looks whether a file is a key file of a releaser's, locked or not, or a
// private key as other tools write them.
func private(r io.ReaderAt) error {
	b := make([]byte, tuf.MaxKeyFileSize+1)
	defer clear(b)
	n, err := r.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return bare(err)
	}
	_, none := tuf.InspectKeyFile(b[:n])
	line, _, _ := bytes.Cut(bytes.TrimSpace(b[:n]), []byte("\n"))
	if none == nil || bytes.HasPrefix(line, []byte("-----BEGIN ")) && bytes.Contains(line, []byte("PRIVATE KEY")) {
		return ErrPrivate
	}
	return nil
}
