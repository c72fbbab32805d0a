package image

import (
	"crypto/sha1"
	"crypto/sha256"
	"strings"

	"signer/image/debian"
)

// Listed is a file of the image, and where it is from.
type Listed struct {
	Name   string // "esp/EFI/BOOT/BOOTX64.EFI", or "initramfs/init" for what is in esp/initrd
	Size   int64
	SHA256 [sha256.Size]byte
	SHA1   [20]byte // which SPDX asks for
	Origin string   // a package and its version, or that it was built from this source
}

const (
	inESP    = "esp/"
	inInitrd = "initramfs/"
)

func listESP(esp []espFile) (all []Listed) {
	for _, f := range esp {
		all = append(all, listed(inESP+f.name, f.data, f.origin))
	}
	return all
}

// listEntries lists files; folders have no bytes.
func listEntries(entries []entry) (all []Listed) {
	for _, e := range entries {
		if e.mode != folderMode {
			all = append(all, listed(inInitrd+e.name, e.data, e.origin))
		}
	}
	return all
}

func originOf(p debian.Package) string { return p.Name + " " + p.Version }

// Part is how much of the image something takes.
type Part struct {
	What  string
	Bytes int64
}

// parts are for people: the sizes of the files of the ESP, the rest of the image,
// and what the initramfs holds, unpacked.
func (b *Built) parts() (all []Part) {
	rest := int64(len(b.Image))
	var modules, inside Part
	modules.What = "  in it: modules, as Debian packs them"
	for _, f := range b.Files {
		name, unpacked := strings.CutPrefix(f.Name, inInitrd)
		switch {
		case !unpacked:
			all = append(all, Part{strings.TrimPrefix(f.Name, inESP), f.Size})
			rest -= f.Size
		case strings.HasPrefix(name, "modules/"):
			modules.Bytes += f.Size
		case name == "init":
			inside = Part{"  in initrd: the program, unpacked", f.Size}
		}
	}
	return append(all, Part{"the rest: FAT, tables, padding", rest}, inside, modules)
}

func listed(name string, data []byte, origin string) Listed {
	return Listed{Name: name, Size: int64(len(data)), SHA256: sha256.Sum256(data), SHA1: sha1.Sum(data), Origin: origin}
}
