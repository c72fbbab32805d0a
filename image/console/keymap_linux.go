package console

import (
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of the Linux console: linux/kd.h.
const (
	kdSkbMode     = 0x4B45
	kdUnicode     = 3
	kdSkbEntry    = 0x4B47
	kdSkbDiacrUC  = 0x4BFB
	kdSkbLocks    = 0x4B65
	kdSetLights   = 0x4B32
	lightsAsLocks = 0xFF

	kernelTables = 256
	kernelKeys   = 256
	noSuchTable  = action(typeSpecial<<8 | 127)
)

// kbEntry is struct kbentry.
type kbEntry struct {
	table, key uint8
	action     action
}

// kbAccents is struct kbdiacrsuc.
type kbAccents struct {
	count   uint32
	letters [256]struct{ mark, base, result uint32 }
}

// Load makes the keymap that of all consoles, in place of the kernel's own:
// tables that the keymap does not have are taken away, and with them the keys
// that leave the console. No lock is on afterwards.
func (m Keymap) Load(fd uintptr) error {
	if err := m.fits(); err != nil {
		return err
	}
	if err := ioctlValue(fd, kdSkbMode, kdUnicode); err != nil {
		return fmt.Errorf("let the keyboard type Unicode: %w", err)
	}
	for i, state := range states {
		for code := range kernelKeys {
			a := nothing
			if code < keys {
				a = m.tables[i][code]
			}
			if err := setKey(fd, state, uint8(code), a); err != nil {
				return err
			}
		}
	}
	for state := range kernelTables {
		if !slices.Contains(states[:], uint8(state)) {
			if err := setKey(fd, uint8(state), 0, noSuchTable); err != nil {
				return err
			}
		}
	}
	var accents kbAccents
	for _, c := range m.dead {
		l := &accents.letters[accents.count]
		l.mark, l.base, l.result = uint32(c.mark), uint32(c.base), uint32(c.result)
		accents.count++
	}
	if err := ioctl(fd, kdSkbDiacrUC, unsafe.Pointer(&accents)); err != nil {
		return fmt.Errorf("load %d letters with accents: %w", accents.count, err)
	}
	if err := ioctlValue(fd, kdSkbLocks, 0); err != nil {
		return fmt.Errorf("open the keyboard's locks: %w", err)
	}
	if err := ioctlValue(fd, kdSetLights, lightsAsLocks); err != nil {
		return fmt.Errorf("let the keyboard's lights show its locks: %w", err)
	}
	return nil
}

func setKey(fd uintptr, state, code uint8, a action) error {
	entry := kbEntry{state, code, a}
	if err := ioctl(fd, kdSkbEntry, unsafe.Pointer(&entry)); err != nil {
		return fmt.Errorf("load key %d with modifiers %d, %#04x: %w", code, state, uint16(a), err)
	}
	return nil
}

func ioctlValue(fd, request, value uintptr) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, request, value); errno != 0 {
		return errno
	}
	return nil
}
