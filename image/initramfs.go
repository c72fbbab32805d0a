package image

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// thisSource is the origin of files that no package has.
const thisSource = "built from this source"

// initramfs is the first entries: folders for what PID 1 mounts, and the files
// that the contract with it names (package boot).
func initramfs(program []byte, k kernel, console []entry) []entry {
	var entries []entry
	for _, name := range []string{"console", "console/keymaps", "dev", "etc", "mnt", "modules", "proc", "run", "sys"} {
		entries = append(entries, entry{name: name, mode: folderMode})
	}
	entries = append(entries, entry{"init", programMode, program, thisSource})
	var order strings.Builder
	for _, m := range k.modules {
		fmt.Fprintln(&order, m.File())
		entries = append(entries, entry{"modules/" + m.File(), fileMode, m.Data, originOf(k.from)})
	}
	entries = append(entries, entry{"modules/order", fileMode, []byte(order.String()), thisSource})
	return append(entries, console...)
}

// about is what PID 1 knows of the image it is in.
type about struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	Built   time.Time `json:"built"`
	Arch    string    `json:"arch"`
	Kernel  string    `json:"kernel"`
	Disk    string    `json:"disk"` // the GUID by which the boot drive is found again
}

func (a about) entry() (entry, error) {
	data, err := json.MarshalIndent(a, "", "  ")
	return entry{"etc/image.json", fileMode, append(data, '\n'), thisSource}, err
}

// compress makes a frame of Zstandard as the kernel takes it: a window of 8 MiB
// at most (lib/decompress_unzstd.c). One thread: more may end otherwise.
func compress(data []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20),
		zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Close() }()
	return w.EncodeAll(data, nil), nil
}

// maxInitramfs is some way above what the image holds unpacked: 20 MB.
const maxInitramfs = 128 << 20

func decompress(data []byte) ([]byte, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxInitramfs))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if !bytes.HasPrefix(data, []byte{0x28, 0xB5, 0x2F, 0xFD}) {
		return nil, fmt.Errorf("%w: it is not compressed by zstd", errArchive)
	}
	return r.DecodeAll(data, nil)
}
