package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const modulesFolder = "/modules"

// loadModules loads what the image has, and then shuts the door: what the kernel
// does not know by then, it never will. One that cannot be loaded keeps none of
// the others away, nor the door open.
func loadModules(ctx context.Context) error { return errors.Join(loadAll(ctx), shutModules()) }

const modulesDisabled = "kernel/modules_disabled"

func shutModules() error {
	if err := setting(modulesDisabled, "1"); err != nil {
		return err
	}
	said, err := os.ReadFile("/proc/sys/" + modulesDisabled)
	if err == nil && strings.TrimSpace(string(said)) != "1" {
		err = fmt.Errorf("the kernel still loads modules: %s is %q", modulesDisabled, said)
	}
	return err
}

func loadAll(ctx context.Context) error {
	list, err := os.Open(filepath.Join(modulesFolder, "order"))
	if err != nil {
		return err
	}
	defer func() { _ = list.Close() }()
	order, err := parseOrder(list)
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range order {
		if ctx.Err() != nil {
			return errors.Join(append(errs, context.Cause(ctx))...)
		}
		if err := m.load(); err != nil {
			errs = append(errs, fmt.Errorf("load module %s: %w", m.file, err))
		}
	}
	return errors.Join(errs...)
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
