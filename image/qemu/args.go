package qemu

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// args are QEMU's arguments for the machine; qmp and serial are the sockets that
// it is to connect to.
func (c Config) args(b board, dir, qmp, serial string) ([]string, error) {
	machine := b.machine
	if b.program == "qemu-system-x86_64" && c.Keyboard != PS2Keyboard {
		machine += ",i8042=off"
	}
	args := []string{"-nodefaults", "-no-user-config", "-accel", "tcg", "-cpu", "max", "-nic", "none",
		"-m", strconv.Itoa(c.memory()), "-name", "signer", "-S", "-boot", "menu=off,strict=on",
		"-chardev", "socket,id=qmp,path=" + qmp, "-mon", "chardev=qmp,mode=control",
		"-chardev", "socket,id=serial,path=" + serial + logged(c.Log), "-serial", "chardev:serial"}
	if c.Firmware != BIOS {
		f := b.firmware(c.Firmware)
		vars, err := f.ownVars(dir)
		if err != nil {
			return nil, err
		}
		args = append(args, "-drive", "if=pflash,unit=0,format=raw,readonly=on,file="+f.code, "-drive", "if=pflash,unit=1,format=raw,file="+vars)
		if f.smm {
			machine += ",smm=on"
			args = append(args, "-global", "driver=cfi.pflash01,property=secure,value=on")
		}
	}
	args = append(args, "-machine", machine)
	args = append(args, c.kernel()...)
	args = append(args, c.clock()...)
	if !c.Restarts {
		args = append(args, "-no-reboot")
	}
	display := c.Display
	if display == "" {
		display = "none"
	}
	args = append(args, "-display", display)
	devices, err := c.devices(b)
	if err != nil {
		return nil, err
	}
	return append(append(args, devices...), c.More...), nil
}

func logged(file string) string {
	if file == "" {
		return ""
	}
	return ",logfile=" + file
}

func (c Config) kernel() (args []string) {
	if c.Kernel == "" {
		return nil
	}
	args = []string{"-kernel", c.Kernel, "-append", c.Append}
	if c.Initrd != "" {
		args = append(args, "-initrd", c.Initrd)
	}
	return args
}

// clock sets what the clock chip shows: the date as it stands in its own zone, so
// that local time in the clock chip is a time in that zone.
func (c Config) clock() []string {
	if c.Clock.IsZero() {
		return []string{"-rtc", "base=utc"}
	}
	return []string{"-rtc", "base=" + c.Clock.Format("2006-01-02T15:04:05")}
}

// devices are what the firmware starts with: other sticks and devices are plugged
// in over QMP before the machine runs (-S). All USB devices are on one xHCI
// controller with eight ports of each speed.
func (c Config) devices(b board) (args []string, err error) {
	add := func(parts ...part) {
		for _, p := range parts {
			args = append(args, p.flag, p.json())
		}
	}
	display := map[string]any{"id": "screen"}
	for k, v := range b.display {
		display[k] = v
	}
	if c.Width != 0 && b.display["driver"] == "VGA" {
		display["xres"], display["yres"], display["edid"] = c.Width, c.Height, true
	}
	add(part{"-device", display}, part{"-device", map[string]any{"driver": "qemu-xhci", "id": "usb", "p2": 8, "p3": 8}})
	if c.Keyboard == USBKeyboard {
		add(c.own(b).parts()...)
	}
	if c.Boot != nil {
		parts, err := c.boot(b)
		if err != nil {
			return nil, err
		}
		add(parts...)
	}
	return args, nil
}

// boot are the parts of the boot drive.
func (c Config) boot(b board) ([]part, error) {
	s := *c.Boot
	file := part{"-blockdev", s.blockdev()}
	device := map[string]any{"drive": s.node(), "id": s.Name}
	s.first = c.Kernel == "" // QEMU's own loader of a kernel has the first place
	if s.first {
		device["bootindex"] = 0
	}
	switch c.BootAs {
	case USBStick, USBDisc:
		s.disc = c.BootAs == USBDisc
		return s.parts(false), nil
	case SATADisc:
		if b.disc == "" {
			return nil, fmt.Errorf("machine: an %s machine has no inner disc drive", c.Arch)
		}
		file.props["read-only"] = true
		device["driver"], device["bus"] = "ide-cd", b.disc
	case VirtioDisk:
		device["driver"] = "virtio-blk-pci"
	}
	return []part{file, {"-device", device}}, nil
}

// part is one thing that QEMU is told to make, by argument or by QMP.
type part struct {
	flag  string // "-blockdev", "-device", "-chardev", "given-chardev" (goes with its device) or "attach"
	props map[string]any
}

func (p part) json() string {
	text, err := json.Marshal(p.props)
	if err != nil {
		panic(err) // maps of strings, numbers and booleans
	}
	return string(text)
}
