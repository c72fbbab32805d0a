package qemu

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxKernel bounds a kernel unpacked; Debian's for amd64 takes 70 MB.
const maxKernel = 256 << 20

// KernelFont reads the 8x16 font that a kernel has built in: what its screens are
// drawn with until a program loads another font. The kernel's table has the
// characters of code page 437.
func KernelFont(vmlinuz []byte) (Glyphs, error) {
	kernel, err := unpackKernel(vmlinuz)
	if err != nil {
		return nil, fmt.Errorf("the kernel's font: %w", err)
	}
	const glyphs, bytesEach = 256, 16
	letters := []byte("\x00\x00\x10\x38\x6c\xc6\xc6\xfe\xc6\xc6\xc6\xc6\x00\x00\x00\x00\x00\x00\xfc\x66\x66\x66\x7c\x66\x66\x66\x66\xfc\x00\x00\x00\x00") // A, B
	start := bytes.Index(kernel, letters) - 'A'*bytesEach
	if start < 0 || start+glyphs*bytesEach > len(kernel) {
		return nil, errors.New("the kernel's font: not found")
	}
	return vga(bytes.Clone(kernel[start : start+glyphs*bytesEach])), nil
}

// unpackKernel unpacks a kernel for x86, whose setup header says where its payload
// is (Documentation/arch/x86/boot.rst); arm64's is not packed.
func unpackKernel(vmlinuz []byte) ([]byte, error) {
	if len(vmlinuz) < 0x250 || string(vmlinuz[0x202:0x206]) != "HdrS" {
		return vmlinuz, nil
	}
	start := (uint64(vmlinuz[0x1f1])+1)*512 + uint64(binary.LittleEndian.Uint32(vmlinuz[0x248:]))
	end := start + uint64(binary.LittleEndian.Uint32(vmlinuz[0x24c:]))
	if end > uint64(len(vmlinuz)) || start > end {
		return nil, errors.New("the setup header points outside")
	}
	r, err := zstd.NewReader(bytes.NewReader(vmlinuz[start:end]), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxKernel))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	kernel, err := io.ReadAll(io.LimitReader(r, maxKernel))
	if len(kernel) == 0 { // its unpacked size follows the payload, which is no zstd
		return nil, err
	}
	return kernel, nil
}

// vga is the table of a VGA font: 256 glyphs of 8x16.
type vga []byte

// codePage437 are the characters of a VGA font from 0x80 on.
var codePage437 = []rune("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»" +
	"░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
	"αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0")

func (vga) Size() (width, height int) { return 8, 16 }

func (vga) Runes() (all []rune) {
	for r := ' '; r <= '~'; r++ {
		all = append(all, r)
	}
	return append(all, codePage437...)
}

func (f vga) Glyph(r rune) ([]byte, bool) {
	if r >= ' ' && r <= '~' {
		return f[r*16 : r*16+16], true
	}
	for i, other := range codePage437 {
		if r == other {
			return f[(0x80+i)*16 : (0x80+i)*16+16], true
		}
	}
	return nil, false
}
