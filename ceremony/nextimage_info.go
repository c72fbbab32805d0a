package ceremony

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ImageReader is what Drives may be besides: drives that can be read byte by byte
// from their beginning, below any file system.
type ImageReader interface {
	// Images are the same drives, and beside them what an image may be on that no
	// ceremony writes: a disc, or another stick with the image that runs.
	Images() Drives
	// ReadImage reads the image that was written onto a drive, from its first byte
	// to its last: (AlternateLBA + 1) × 512 bytes, as its partition table says. An
	// ErrNoImage says that there is none. It writes nothing. What the image says of
	// itself is in Info, and its name is not made of that here.
	ReadImage(ctx context.Context, d Drive, progress func(done, total int64)) (SeenImage, error)
}

// ErrNoImage says that a drive does not begin with an image of the appliance.
var ErrNoImage = errors.New("there is no image of the appliance on this drive")

// SeenImage is an image and what it says of itself.
type SeenImage struct {
	BootDrive
	Info []byte // of the file image.json in its file system; nil without one
}

// infoName is the file in which an image says what it is, and mostInfo what is
// read of it.
const (
	infoName = "image.json"
	mostInfo = 64 << 10
)

// ImageInfo is what an image says of itself: its builder wrote it into image.json,
// for the program that runs in it and for the image before it.
type ImageInfo struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	Built   time.Time `json:"built"`
	Arch    string    `json:"arch"`
	Kernel  string    `json:"kernel"`
	Disk    string    `json:"disk"` // the GUID of its partition table
}

// ParseImageInfo reads image.json. Fields of later versions are no error: what
// counts is the digest, not what an image says of itself.
func ParseImageInfo(b []byte) (info ImageInfo, err error) {
	if len(b) > mostInfo {
		return ImageInfo{}, fmt.Errorf("parse %s: %w", infoName, ErrTooLarge)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&info); err != nil {
		return ImageInfo{}, fmt.Errorf("parse %s: %w", infoName, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return ImageInfo{}, fmt.Errorf("parse %s: something follows its end", infoName)
	}
	if info.Name == "" || info.Built.IsZero() || len(info.Name)+len(info.Version)+len(info.Arch) > 200 {
		return ImageInfo{}, fmt.Errorf("parse %s: want a name and a date of at most 200 letters", infoName)
	}
	return info, nil
}

// String names the image as people write it down.
func (i ImageInfo) String() string {
	title := strings.Join(strings.Fields(i.Name+" "+i.Version), " ")
	if i.Arch != "" {
		title += ", " + i.Arch
	}
	return title + ", made on " + i.Built.UTC().Format("2 January 2006")
}

// imageTitle names the image that says this of itself; "" when that cannot be read.
func imageTitle(info []byte) string {
	i, err := ParseImageInfo(info)
	if err != nil {
		return ""
	}
	return i.String()
}
