package image

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"signer/image/disk"
)

// identity is a digest of all that goes into an image, from which come the ids
// that others have at random: the same image has the same, and another one has
// others. What holds ids itself is left out.
type identity [sha256.Size]byte

// identify takes the files in their order.
func identify(a about, files []Listed) identity {
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "signer-image-v1\n%q %q %d %q %q\n%q\n", a.Name, a.Version, a.Built.Unix(), a.Arch, a.Kernel, cmdline())
	for _, f := range files {
		_, _ = fmt.Fprintf(sum, "%q %x\n", f.Name, f.SHA256)
	}
	return identity(sum.Sum(nil))
}

// guid makes an id of version 8, which RFC 9562 §5.8 leaves to its maker.
func (i identity) guid(what string) disk.GUID {
	sum := sha256.Sum256(append([]byte(what+" "), i[:]...))
	g := disk.GUID(sum[:16])
	g[6] = g[6]&0x0f | 0x80
	g[8] = g[8]&0x3f | 0x80
	return g
}

func (i identity) serial() uint32 { return binary.BigEndian.Uint32(i[:]) }
