package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"signer/image/qemu"
)

// bootStick is what the image's own stick is called in commands.
const bootStick = "boot"

// layOut finds or makes the files of the sticks.
func layOut(o options, dir string) ([]qemu.Stick, error) {
	if o.keep != "" {
		dir = o.keep
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	var sticks []qemu.Stick
	for i := 1; i <= o.sticks; i++ {
		s := qemu.Stick{Name: fmt.Sprintf("stick%d", i), Serial: fmt.Sprintf("VM%06d", i), Vendor: "Virtual", Product: fmt.Sprintf("Stick %d", i)}
		s.File = filepath.Join(dir, s.Name+".img")
		if err := qemu.NewDrive(s.File, o.size); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		sticks = append(sticks, s)
	}
	return sticks, nil
}
