package boot

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"signer/ceremony"
	"signer/image/console"
	"signer/usb"
)

const keymapsFolder = "/console/keymaps"

// machine is the computer as the first screens set it up.
type machine struct {
	*usb.Real // the keyboards, the guard, the boot drive
	screen    *os.File
	image     ceremony.ImageInfo
	layouts   []ceremony.Layout
}

// Machine is what the first screens act on.
func (a *Appliance) Machine() (ceremony.Machine, error) {
	layouts, err := readLayouts(filepath.Join(keymapsFolder, "list"))
	if err != nil {
		return nil, err
	}
	return machine{Real: a.drives, screen: a.screen, image: a.Image, layouts: layouts}, nil
}

// Ready returns when the drivers are loaded, and no other ever can be.
func (m machine) Ready(ctx context.Context) error { return loadModules(ctx) }

// Layouts are those of the image.
func (m machine) Layouts() []ceremony.Layout { return m.layouts }

// UseLayout gives the keys of the first console their letters.
func (m machine) UseLayout(name string) error { return useKeymap(m.screen, name) }

// bootPatience is how long a boot drive may take to be found after the drivers are
// there: usb-storage waits a second by itself, and slow sticks take some more.
const bootPatience = 6 * time.Second

// ReadBoot reads the whole image from the drive that it was started from. Whoever
// is quick at the keyboard asks for it before the kernel has seen it.
func (m machine) ReadBoot(ctx context.Context, progress func(done, total int64)) (ceremony.BootDrive, error) {
	m.awaitBoot(ctx)
	b, err := m.Real.ReadBoot(ctx, progress)
	b.Image = m.image.String()
	return b, err
}

func (m machine) awaitBoot(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, bootPatience)
	defer cancel()
	for {
		changed := m.Changed()
		if m.BootPlugged() {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// SetClock sets the computer's clock and its clock chip.
func (m machine) SetClock(t time.Time) error { return setClock(t) }

// Interfaces names every network interface but loopback, up or not: the image has
// no driver for any, so one that is there was not meant to be.
func Interfaces() ([]string, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	var others []string
	for _, i := range all {
		if i.Flags&net.FlagLoopback == 0 {
			others = append(others, i.Name)
		}
	}
	return others, nil
}

// readLayouts reads the builder's list.
func readLayouts(name string) ([]ceremony.Layout, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	list, err := console.ParseList(data)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	var all []ceremony.Layout
	for _, l := range list {
		all = append(all, ceremony.Layout{Name: l.Name, Title: l.Title})
	}
	return all, nil
}
