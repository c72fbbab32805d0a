package usb

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// mostImage bounds what is read of a drive for an image: arm64's has 55 MB, and a
// drive that says it is one may be of any size.
const mostImage = 512 << 20

// image is an image of the appliance that was written onto a drive.
type image struct {
	size   int64 // to the end of the backup of its partition table; the drive is longer
	system area  // its partition
	fat    fatShape
}

// findImage recognises what every image of the appliance has, and no installed
// system, drive or image of others seen so far has together: a GPT with one
// partition, which is an EFI System Partition with FAT16, and ISO 9660 for discs.
// Whose image it is, its digest says and nothing else.
func findImage(r io.ReaderAt, size int64) (image, error) {
	a := newArea(r, size)
	i, why := imageIn(a)
	switch {
	case a.faults.err != nil:
		return image{}, fmt.Errorf("read the drive: %w", a.faults.err)
	case why != "":
		return image{}, fmt.Errorf("%w: %s", ceremony.ErrNoImage, why)
	}
	return i, nil
}

func imageIn(a area) (i image, why string) {
	g, err := gptAt(a, 1)
	switch {
	case err != nil:
		return i, err.Error()
	case len(g.parts) != 1 || !g.parts[0].efi || !isISO(a):
		return i, "it has another layout"
	case g.Size > mostImage:
		return i, fmt.Sprintf("it would have %d bytes, and no image is that large", g.Size)
	}
	i.size = g.Size
	i.system = a.part(g.parts[0].offset, g.parts[0].length)
	fat, ok := fatShapeOf(i.system)
	if i.fat = fat; !ok || fat.kind != "FAT16" {
		return i, "its partition has no FAT16"
	}
	return i, ""
}

// infoFile is where an image says what it is, and maxInfo what is read of that.
const (
	infoFile = "image.json"
	maxInfo  = 64 << 10
)

// info is what the image says of itself; nil when it says nothing. It is read from
// what the kernel has kept since the digest was made of it.
func (i image) info() ([]byte, error) {
	data := i.fat.rootFile(i.system, infoFile, maxInfo)
	return data, i.system.faults.err
}

// digestOf reads an image in pieces that a person sees the progress of.
func digestOf(ctx context.Context, disk io.ReaderAt, size int64, progress func(done, total int64)) (tuf.Digest, error) {
	hash := sha256.New()
	piece := make([]byte, 1<<20)
	for done := int64(0); done < size; {
		if ctx.Err() != nil {
			return tuf.Digest{}, context.Cause(ctx)
		}
		n, err := disk.ReadAt(piece[:min(int64(len(piece)), size-done)], done)
		if err != nil {
			return tuf.Digest{}, err
		}
		hash.Write(piece[:n])
		done += int64(n)
		if progress != nil {
			progress(done, size)
		}
	}
	return tuf.Digest(hash.Sum(nil)), nil
}
