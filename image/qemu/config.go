package qemu

import (
	"fmt"
	"time"
)

// Config says what machine to start. Its zero value is an amd64 machine without
// UEFI, with 512 MB of memory, a USB keyboard and the clock of this computer.
type Config struct {
	Arch     string   // "amd64" or "arm64", as Go names them; amd64 when empty
	Firmware Firmware // BIOS can only be had on amd64
	Memory   int      // in MiB; 512 when 0 (Secure Boot needs 288, measured)

	Kernel, Initrd, Append string // started by the firmware itself, without a boot drive

	Boot   *Stick   // the drive to start from
	BootAs Medium   // what the machine has it for
	Sticks []Stick  // plugged in from the start
	Other  []Device // the same for other USB devices

	Keyboard      Keyboard
	Width, Height int       // of the screen; 0 is the firmware's own choice
	Clock         time.Time // what the clock chip shows: year to second as they stand, whatever their zone; this computer's UTC when zero
	Restarts      bool      // a restart starts the machine again; otherwise it ends it

	Display string   // QEMU's -display; "none" when empty
	Dir     string   // for sockets and firmware variables; when empty a temporary folder, removed by Close
	Fonts   []Glyphs // what ScreenText reads with
	Log     string   // file that gets the serial console too, beside Serial
	More    []string // further arguments for QEMU
}

// OnABusyComputer are words for Append: a kernel for amd64 counts the ticks of 40 ms
// to find out whether its timer works, in four ways, and ends where none does. QEMU's
// does, but loses ticks when other programs take its time (measured beside sixteen
// busy ones: of 26 starts the first way failed in ten, and all but the last in one).
const OnABusyComputer = " no_timer_check"

// Firmware is what the machine starts with.
type Firmware int

// The firmwares. SecureBoot holds Microsoft's keys and enforces them.
const (
	BIOS Firmware = iota
	UEFI
	SecureBoot
)

// Medium is what a machine takes its boot drive for.
type Medium int

// The media.
const (
	USBStick Medium = iota
	USBDisc         // a DVD drive on USB
	SATADisc        // a DVD drive inside the machine
	VirtioDisk
)

// Keyboard is the one keyboard that the machine starts with.
type Keyboard int

// The keyboards. An arm64 machine has no PS/2.
const (
	USBKeyboard Keyboard = iota
	PS2Keyboard
	NoKeyboard
)

// board is a machine type: what differs between architectures.
type board struct {
	program, debian string
	machine         string
	display         map[string]any
	disc            string // the bus of an inner DVD drive; "" when it has none
	firmware        func(Firmware) firmware
}

func (c Config) board() (board, error) {
	if c.Arch == "arm64" && (c.Firmware == BIOS && c.Kernel == "" || c.Keyboard == PS2Keyboard) {
		return board{}, fmt.Errorf("machine: an arm64 machine has no BIOS and no PS/2 keyboard")
	}
	switch c.Arch {
	case "", "amd64":
		return board{program: "qemu-system-x86_64", debian: "qemu-system-x86", machine: "q35,vmport=off",
			display: map[string]any{"driver": "VGA"}, disc: "ide.0", firmware: ovmf}, nil
	case "arm64":
		// ramfb and not virtio-gpu: only a plain frame buffer becomes the kernel's efifb.
		return board{program: "qemu-system-aarch64", debian: "qemu-system-arm", machine: "virt",
			display: map[string]any{"driver": "ramfb"}, firmware: aavmf}, nil
	}
	return board{}, fmt.Errorf("machine: unknown architecture %q", c.Arch)
}

func (c Config) memory() int {
	if c.Memory == 0 {
		return 512
	}
	return c.Memory
}
