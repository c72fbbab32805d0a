package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"signer/image/qemu"
)

// try starts the machine and serves the person until it ends.
func try(ctx context.Context, o options, std stdio) error {
	file, err := os.Open(o.image)
	if err != nil {
		return err
	}
	defer file.Close()
	image, err := qemu.ReadImage(file)
	if err != nil {
		return fmt.Errorf("%s: %w", o.image, err)
	}
	dir, err := os.MkdirTemp("", "vm")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sticks, err := layOut(o, dir)
	if err != nil {
		return err
	}
	config, err := o.config(image, dir)
	if err != nil {
		return err
	}
	if err := qemu.Look(config); err != nil {
		return err
	}
	screen := ""
	if !o.serial {
		config.Display, screen = chooseDisplay(config, o.vnc)
	}
	m, err := qemu.Start(ctx, config)
	if err != nil {
		return err
	}
	defer m.Close()
	t := &table{machine: m, sticks: sticks, out: std.out}
	t.welcome(ctx, o, screen)
	go t.restarts(ctx)
	if o.serial {
		err = t.terminal(ctx, std)
	} else {
		err = t.prompt(ctx, std)
	}
	if errors.Is(err, errQuit) || ctx.Err() != nil {
		return nil
	}
	return err
}

// config is the machine for an image.
func (o options) config(image qemu.Image, dir string) (qemu.Config, error) {
	c := qemu.Config{Arch: image.Arch, Memory: o.memory, Firmware: qemu.UEFI, Width: o.width, Height: o.height, Clock: o.clock, Dir: dir, Fonts: image.Fonts,
		Boot:     &qemu.Stick{Name: bootStick, File: o.image, Serial: "BOOT0001", Product: "Signer", Locked: true},
		Restarts: true}
	if o.secureBoot {
		c.Firmware = qemu.SecureBoot
	}
	if !o.serial {
		return c, nil
	}
	line, ok := image.SerialLine()
	if !ok {
		return c, fmt.Errorf("%s: its boot menu has no line for the serial console", o.image)
	}
	// The firmware is left out: it would talk on the same line before.
	c.Firmware, c.Append = qemu.BIOS, line
	var err error
	c.Kernel, c.Initrd, err = image.Extract(dir)
	return c, err
}
