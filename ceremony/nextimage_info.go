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

// imageInfo is what the image's builder wrote.
type imageInfo struct {
	Name, Version string
	Built         time.Time
	Arch          string
}

// parseInfo reads image.json. Fields of later versions are no error: what counts
// is the digest, not what an image says of itself.
func parseInfo(b []byte) (imageInfo, error) {
	var raw struct {
		Name    string    `json:"name"`
		Version string    `json:"version"`
		Built   time.Time `json:"built"`
		Arch    string    `json:"arch"`
	}
	if len(b) > mostInfo {
		return imageInfo{}, fmt.Errorf("parse %s: %w", infoName, ErrTooLarge)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&raw); err != nil {
		return imageInfo{}, fmt.Errorf("parse %s: %w", infoName, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return imageInfo{}, fmt.Errorf("parse %s: something follows its end", infoName)
	}
	if raw.Name == "" || raw.Built.IsZero() || len(raw.Name)+len(raw.Version)+len(raw.Arch) > 200 {
		return imageInfo{}, fmt.Errorf("parse %s: want a name and a date of at most 200 letters", infoName)
	}
	return imageInfo{raw.Name, raw.Version, raw.Built, raw.Arch}, nil
}

// imageTitle names an image as people write it down; "" when it says nothing that
// can be read.
func imageTitle(info []byte) string {
	i, err := parseInfo(info)
	if err != nil {
		return ""
	}
	title := strings.Join(strings.Fields(i.Name+" "+i.Version), " ")
	if i.Arch != "" {
		title += ", " + i.Arch
	}
	return title + ", made on " + i.Built.UTC().Format("2 January 2006")
}
