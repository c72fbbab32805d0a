package guest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Answer does what a command says.
type Answer func(words []string) (string, error)

// Run mounts what a program needs, loads the modules and answers commands. start
// is called when the modules are there; line is the console.
func Run(start func(line io.Writer) Answer) {
	for _, m := range [][2]string{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}, {"tmpfs", "/run"}} {
		_ = unix.Mount(m[0], m[1], m[0], 0, "") // what is missing is missed later
	}
	line, err := os.OpenFile("/dev/ttyS0", os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	began := time.Now()
	load(line)
	answer := start(line)
	tell(line, Ready, began)
	for commands := bufio.NewScanner(line); commands.Scan(); {
		words := strings.Fields(commands.Text())
		if len(words) == 0 {
			continue
		}
		began := time.Now()
		said, err := answer(words)
		if err != nil {
			said = "error: " + err.Error()
		}
		tell(line, said, began)
	}
	panic("the console is closed")
}

func tell(line io.Writer, said string, began time.Time) {
	fmt.Fprintf(line, "%s%s (%d ms)\n", Mark, said, time.Since(began).Milliseconds())
}

// load loads the modules of the image, in its order.
func load(line io.Writer) {
	order, _ := os.ReadFile("/modules/order")
	for entry := range strings.Lines(string(order)) {
		name, parameters, _ := strings.Cut(strings.TrimSpace(entry), " ")
		f, err := os.Open(filepath.Join("/modules", name))
		if err == nil {
			err = unix.FinitModule(int(f.Fd()), parameters, unix.MODULE_INIT_COMPRESSED_FILE)
			_ = f.Close()
		}
		if err != nil && err != unix.ENODEV { // a driver for what this machine does not have
			fmt.Fprintf(line, "module %s: %v\n", name, err)
		}
	}
	_ = os.WriteFile("/sys/module/usb_storage/parameters/delay_use", []byte("0"), 0)
}
