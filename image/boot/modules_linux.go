package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const modulesFolder = "/modules"

// loadModules loads what the image has, and then shuts the door: what the kernel
// does not know by then, it never will.
func loadModules(ctx context.Context) error {
	list, err := os.Open(filepath.Join(modulesFolder, "order"))
	if err != nil {
		return err
	}
	defer func() { _ = list.Close() }()
	order, err := parseOrder(list)
	if err != nil {
		return err
	}
	for _, m := range order {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.load(); err != nil {
			return fmt.Errorf("load module %s: %w", m.file, err)
		}
	}
	return setting("kernel/modules_disabled", "1")
}

// moduleCompressed is MODULE_INIT_COMPRESSED_FILE: the kernel unpacks it, and
// checks the signature of what was in it.
const moduleCompressed = 4

func (m module) load() error {
	file, err := os.Open(filepath.Join(modulesFolder, m.file))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	err = unix.FinitModule(int(file.Fd()), m.parameters, moduleCompressed)
	switch {
	case errors.Is(err, unix.EEXIST), // it is there already
		errors.Is(err, unix.ENODEV): // a driver for what this computer does not have
		return nil
	}
	return err
}
