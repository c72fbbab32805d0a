package boot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// Info is what the builder wrote about the image, in the initramfs.
type Info struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	Built   time.Time `json:"built"`
	Arch    string    `json:"arch"`
	Kernel  string    `json:"kernel"`
	Disk    string    `json:"disk"` // the GUID of the image's partition table
}

const (
	infoFile = "/etc/image.json"
	maxInfo  = 64 << 10
)

// String names the image as people write it down.
func (i Info) String() string {
	return fmt.Sprintf("%s %s, %s, made on %s", i.Name, i.Version, i.Arch, i.Built.UTC().Format("2 January 2006"))
}

func readInfo(name string) (info Info, err error) {
	file, err := os.Open(name)
	if err != nil {
		return info, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxInfo))
	if err != nil {
		return info, fmt.Errorf("read %q: %w", name, err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&info); err != nil {
		return info, fmt.Errorf("parse %q: %w", name, err)
	}
	if info.Disk == "" || info.Built.IsZero() {
		return info, fmt.Errorf("parse %q: no disk or no date", name)
	}
	return info, nil
}
