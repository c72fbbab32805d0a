package qemu

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"signer/image"
	"signer/image/console"
)

// Image is what a machine needs to know of a bootable image: to start its kernel
// without its boot loader, and to read its screens.
type Image struct {
	Arch           string
	Kernel, Initrd []byte
	Lines          []string // the kernel command lines of its boot menu, in order
	Fonts          []Glyphs // the kernel's, then those that its program loads
}

// ErrNotImage is the answer to a file that is no image of the appliance.
var ErrNotImage = errors.New("not an image of the appliance")

// ReadImage takes an image apart.
func ReadImage(r io.ReaderAt) (Image, error) {
	files, err := image.Contents(r)
	if err != nil {
		return Image{}, fmt.Errorf("%w: %w", ErrNotImage, err)
	}
	got := Image{Arch: image.ArchOf(files)}
	var fonts []Glyphs
	for _, f := range files {
		switch name := f.Name; {
		case strings.HasSuffix(name, "/vmlinuz"):
			got.Kernel = f.Data
		case strings.HasSuffix(name, "/initrd"):
			got.Initrd = f.Data
		case strings.HasSuffix(name, "EFI/debian/grub.cfg"):
			got.Lines = kernelLines(f.Data)
		case strings.HasSuffix(name, ".psf"):
			font, err := console.ParseFont(f.Data)
			if err != nil {
				return got, fmt.Errorf("%s: %w", name, err)
			}
			fonts = append(fonts, font)
		}
	}
	if got.Arch == "" || got.Kernel == nil || got.Initrd == nil || len(got.Lines) == 0 {
		return got, fmt.Errorf("%w: no kernel, no initramfs or no boot menu", ErrNotImage)
	}
	first, err := KernelFont(got.Kernel)
	if err != nil {
		return got, err
	}
	got.Fonts = append([]Glyphs{first}, fonts...)
	return got, nil
}

// SerialLine is the kernel command line that asks for line mode on the serial
// console, where the boot menu has one.
func (m Image) SerialLine() (string, bool) {
	for _, line := range m.Lines {
		if strings.Contains(" "+line, " signer.serial=") {
			return line, true
		}
	}
	return "", false
}

// Extract writes kernel and initramfs to files that QEMU can start.
func (m Image) Extract(dir string) (kernel, initrd string, err error) {
	kernel, initrd = filepath.Join(dir, "vmlinuz"), filepath.Join(dir, "initrd")
	return kernel, initrd, errors.Join(os.WriteFile(kernel, m.Kernel, 0o600), os.WriteFile(initrd, m.Initrd, 0o600))
}

// kernelLines are what the boot menu gives the kernel: the words after its file on
// each line that begins with "linux".
func kernelLines(menu []byte) (lines []string) {
	for s := bufio.NewScanner(bytes.NewReader(menu)); s.Scan(); {
		words := strings.Fields(s.Text())
		if len(words) > 1 && words[0] == "linux" {
			lines = append(lines, strings.Join(words[2:], " "))
		}
	}
	return lines
}
