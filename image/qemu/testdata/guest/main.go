// Command guest is PID 1 of the machine that the tests of package qemu start. It
// loads the modules of /modules/order, and does on the first serial console what
// it is told there. The screen shows a line that it drew, and what is typed.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	for _, m := range [][2]string{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}} {
		os.Mkdir(m[1], 0o755)
		unix.Mount(m[0], m[1], m[0], 0, "")
	}
	line, err := os.OpenFile("/dev/"+arg("guest.line", "ttyS0"), os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	screen, err := os.OpenFile("/dev/tty1", os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	fmt.Fprint(screen, "\033[2J\033[H\033[?25lThe screen shows: 0123 ABC xyz {}~\n\033[7mInverse text\033[0m\n")
	load(line)
	fmt.Fprintln(line, "guest is ready")
	commands := bufio.NewScanner(line)
	typed := bufio.NewReader(screen)
	for commands.Scan() {
		answer, err := do(strings.Fields(commands.Text()), typed)
		if err != nil {
			answer = "error: " + err.Error()
		}
		fmt.Fprintln(line, answer)
	}
}

func arg(name, other string) string {
	text, _ := os.ReadFile("/proc/cmdline")
	for _, word := range strings.Fields(string(text)) {
		if value, ok := strings.CutPrefix(word, name+"="); ok {
			return value
		}
	}
	return other
}

func load(line *os.File) {
	order, _ := os.ReadFile("/modules/order")
	for _, name := range strings.Fields(string(order)) {
		f, err := os.Open("/modules/" + name)
		if err == nil {
			err = unix.FinitModule(int(f.Fd()), "", unix.MODULE_INIT_COMPRESSED_FILE)
		}
		if err != nil {
			fmt.Fprintf(line, "module %s: %v\n", name, err)
		}
	}
}

func do(words []string, typed *bufio.Reader) (string, error) {
	switch {
	case len(words) == 0:
		return "", nil
	case words[0] == "disks":
		return disks(), nil
	case words[0] == "usb":
		return usb(), nil
	case words[0] == "date":
		text, err := os.ReadFile("/sys/class/rtc/rtc0/date")
		return "date: " + strings.TrimSpace(string(text)), err
	case words[0] == "typed":
		text, err := typed.ReadString('\n')
		return "typed: " + strings.TrimSpace(text), err
	case words[0] == "write" && len(words) == 4:
		return "written", write(words[1], words[2], words[3], unix.O_SYNC)
	case words[0] == "direct" && len(words) == 4:
		return "written", write(words[1], words[2], words[3], unix.O_DIRECT)
	case words[0] == "read" && len(words) == 3:
		return read(words[1], words[2])
	case words[0] == "off":
		return "", unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	case words[0] == "restart":
		return "", unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	}
	return "what?", nil
}

// disks lists name, size in sectors, vendor, model and write cache of each disk.
func disks() string {
	paths, _ := filepath.Glob("/sys/block/sd*")
	sort.Strings(paths)
	answer := fmt.Sprintf("disks: %d", len(paths))
	for _, p := range paths {
		read := func(name string) string {
			text, _ := os.ReadFile(filepath.Join(p, name))
			return strings.TrimSpace(string(text))
		}
		answer += fmt.Sprintf(" [%s %s %s %s %s]", filepath.Base(p), read("size"), read("device/vendor"), read("device/model"), read("queue/write_cache"))
	}
	return answer
}

// usb lists the devices that are plugged in: product, serial, interface classes.
func usb() string {
	paths, _ := filepath.Glob("/sys/bus/usb/devices/*-*")
	sort.Strings(paths)
	answer := "usb:"
	for _, p := range paths {
		if strings.Contains(filepath.Base(p), ":") {
			continue
		}
		classes, _ := filepath.Glob(filepath.Join(p, "*:*", "bInterfaceClass"))
		product, _ := os.ReadFile(filepath.Join(p, "product"))
		serial, _ := os.ReadFile(filepath.Join(p, "serial"))
		answer += fmt.Sprintf(" [%s %q %q", filepath.Base(p), strings.TrimSpace(string(product)), strings.TrimSpace(string(serial)))
		for _, c := range classes {
			class, _ := os.ReadFile(c)
			answer += " " + strings.TrimSpace(string(class))
		}
		answer += "]"
	}
	return answer
}

// write fills a page at a place with a letter. With O_SYNC the drive is told to
// flush, with O_DIRECT it has the page and is told nothing.
func write(disk, at, letter string, how int) error {
	f, err := os.OpenFile("/dev/"+disk, os.O_RDWR|how|unix.O_EXCL, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE) // aligned, as O_DIRECT asks
	if err != nil {
		return err
	}
	copy(page, strings.Repeat(letter, len(page)))
	var offset int64
	fmt.Sscan(at, &offset)
	_, err = f.WriteAt(page, offset)
	return err
}

func read(disk, at string) (string, error) {
	f, err := os.OpenFile("/dev/"+disk, os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return "", err
	}
	var offset int64
	fmt.Sscan(at, &offset)
	if _, err := f.ReadAt(page, offset); err != nil {
		return "", err
	}
	return fmt.Sprintf("read: %q", page[:8]), nil
}
