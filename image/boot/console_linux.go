package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"signer/image/console"
)

// firstConsole is where the screen is, whatever the kernel's messages go to.
const firstConsole = "/dev/tty1"

// Console is where people meet the appliance.
type Console struct {
	*os.File
	Serial bool // lines, not a screen
}

func openConsole(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("open the console: %w", err)
	}
	return f, nil
}

// ours makes a console this process's terminal: Ctrl+C there reaches it, and what
// a panic of Go has to say is seen there.
func ours(tty *os.File) error {
	_, _ = unix.Setsid() // PID 1 may be the leader of a session already
	const steal = 1
	if err := unix.IoctlSetInt(int(tty.Fd()), unix.TIOCSCTTY, steal); err != nil {
		return fmt.Errorf("take over the console %q: %w", tty.Name(), err)
	}
	for fd := range 3 {
		if err := unix.Dup3(int(tty.Fd()), fd, 0); err != nil {
			return fmt.Errorf("take over the console %q: %w", tty.Name(), err)
		}
	}
	return nil
}

// prepareScreen sets the font, and keeps the console from going dark: a ceremony
// has pauses of a quarter of an hour.
func prepareScreen(tty *os.File) error {
	const neverBlank, utf8, clear = "\x1b[9;0]\x1b[14;0]", "\x1b%G", "\x1b[H\x1b[2J\x1b[3J"
	if _, err := tty.WriteString(neverBlank + utf8 + clear); err != nil {
		return fmt.Errorf("prepare the console: %w", err)
	}
	data, err := os.ReadFile(fontFile(screenSize()))
	if err != nil {
		return err
	}
	font, err := console.ParseFont(data)
	if err == nil {
		err = font.Load(tty.Fd())
	}
	if err != nil {
		return fmt.Errorf("set the font: %w", err)
	}
	return useKeymap(tty, firstLayout)
}

// firstLayout is there until somebody has chosen: the kernel's own keymap has keys
// that lead to other consoles.
const firstLayout = "us"

func useKeymap(tty *os.File, name string) error {
	data, err := os.ReadFile(filepath.Join(keymapsFolder, filepath.Base(name)))
	if err != nil {
		return fmt.Errorf("keyboard layout %q: %w", name, err)
	}
	keymap, err := console.ParseKeymap(data)
	if err == nil {
		err = keymap.Load(tty.Fd())
	}
	if err != nil {
		return fmt.Errorf("keyboard layout %q: %w", name, err)
	}
	return nil
}

// screenSize asks the framebuffer how many pixels it has; 0 where there is none.
func screenSize() (width, height int) {
	data, err := os.ReadFile("/sys/class/graphics/fb0/virtual_size")
	if err != nil {
		return 0, 0
	}
	w, h, _ := strings.Cut(strings.TrimSpace(string(data)), ",")
	width, _ = strconv.Atoi(w)
	height, _ = strconv.Atoi(h)
	return width, height
}
