package console

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of the Linux console: linux/kd.h.
const (
	kdFontOp      = 0x4B72
	kdFontOpSet   = 0
	pioUnimap     = 0x4B67
	pioUnimapClr  = 0x4B68
	fontRowsInSet = 32 // each glyph handed over has room for so many rows
)

// fontOp is struct console_font_op.
type fontOp struct {
	op, flags, width, height, glyphs uint32
	data                             unsafe.Pointer
}

// unimap is struct unimapdesc, a list of unipair.
type unimap struct {
	count   uint16
	entries unsafe.Pointer
}

type unipair struct{ character, glyph uint16 }

// Load makes the font that of a console. Screens drawn before should be drawn
// again: of those only what code page 437 has stays what it was.
func (f Font) Load(fd uintptr) error {
	glyphs := f.padded()
	op := fontOp{op: kdFontOpSet, width: uint32(f.width), height: uint32(f.height),
		glyphs: uint32(len(f.glyphs)), data: unsafe.Pointer(unsafe.SliceData(glyphs))}
	if err := ioctl(fd, kdFontOp, unsafe.Pointer(&op)); err != nil {
		return fmt.Errorf("load a font of %d x %d dots: %w", f.width, f.height, err)
	}
	runtime.KeepAlive(glyphs)
	var advice [3]uint16 // struct unimapinit: as the kernel likes it
	if err := ioctl(fd, pioUnimapClr, unsafe.Pointer(&advice)); err != nil {
		return fmt.Errorf("clear the characters of the font: %w", err)
	}
	pairs := f.pairs()
	table := unimap{count: uint16(len(pairs)), entries: unsafe.Pointer(unsafe.SliceData(pairs))}
	if err := ioctl(fd, pioUnimap, unsafe.Pointer(&table)); err != nil {
		return fmt.Errorf("load the characters of the font: %w", err)
	}
	runtime.KeepAlive(pairs)
	return nil
}

// padded are the glyphs as the kernel takes them.
func (f Font) padded() []byte {
	size := fontRowsInSet * f.stride()
	out := make([]byte, size*len(f.glyphs))
	for i, g := range f.glyphs {
		copy(out[i*size:], g)
	}
	return out
}

func (f Font) pairs() []unipair {
	var out []unipair
	for _, r := range f.Runes() {
		out = append(out, unipair{uint16(r), uint16(f.at[r])})
	}
	return out
}

func ioctl(fd, request uintptr, argument unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}
