package boot

import (
	"fmt"
	"io"
	"os"

	"signer/ceremony"
)

// infoFile is what the builder wrote about the image, in the initramfs.
const (
	infoFile = "/etc/image.json"
	maxInfo  = 64 << 10
)

func readInfo(name string) (ceremony.ImageInfo, error) {
	file, err := os.Open(name)
	if err != nil {
		return ceremony.ImageInfo{}, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxInfo))
	if err != nil {
		return ceremony.ImageInfo{}, fmt.Errorf("read %q: %w", name, err)
	}
	info, err := ceremony.ParseImageInfo(data)
	if err == nil && info.Disk == "" {
		err = fmt.Errorf("parse %q: it names no disk, so the boot drive would be taken for another", name)
	}
	return info, err
}
