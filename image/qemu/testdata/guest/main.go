// Command guest is PID 1 of the machine that the tests of package qemu start. Its
// screen shows a line that it drew, and what is typed; it reads and writes raw
// drives.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"signer/image/qemu/guest"
)

func main() { guest.Run(start) }

func start(io.Writer) guest.Answer {
	screen, err := os.OpenFile("/dev/tty1", os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	fmt.Fprint(screen, "\033[2J\033[H\033[?25lThe screen shows: 0123 ABC xyz {}~\n\033[7mInverse text\033[0m\n")
	typed := bufio.NewReader(screen)
	return func(words []string) (string, error) { return do(words, typed) }
}

func do(words []string, typed *bufio.Reader) (string, error) {
	a := append(words[1:], "", "", "")
	switch words[0] {
	case "disks":
		return disks(), nil
	case "usb":
		return usb(), nil
	case "date":
		text, err := os.ReadFile("/sys/class/rtc/rtc0/date")
		return strings.TrimSpace(string(text)), err
	case "typed":
		text, err := typed.ReadString('\n')
		return strings.TrimSpace(text), err
	case "write":
		return "written", write(a[0], a[1], a[2], unix.O_SYNC)
	case "direct":
		return "written", write(a[0], a[1], a[2], unix.O_DIRECT)
	case "read":
		return read(a[0], a[1])
	case "off":
		return "", unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
	return "", errors.New("what?")
}

// disks lists name, size in sectors, vendor and model of each disk.
func disks() string {
	paths, _ := filepath.Glob("/sys/block/sd*")
	slices.Sort(paths)
	answer := fmt.Sprint(len(paths), " disks")
	for _, p := range paths {
		answer += fmt.Sprintf(" [%s %s %s %s]", filepath.Base(p), value(p, "size"), value(p, "device/vendor"), value(p, "device/model"))
	}
	return answer
}

// value is what a file of the kernel's says.
func value(folder, name string) string {
	text, _ := os.ReadFile(filepath.Join(folder, name))
	return strings.TrimSpace(string(text))
}

// usb lists the devices that are plugged in: product, serial, interface classes.
func usb() string {
	paths, _ := filepath.Glob("/sys/bus/usb/devices/*-*")
	slices.Sort(paths)
	answer := ""
	for _, p := range paths {
		if strings.Contains(filepath.Base(p), ":") {
			continue
		}
		answer += fmt.Sprintf(" [%s %q %q", filepath.Base(p), value(p, "product"), value(p, "serial"))
		interfaces, _ := filepath.Glob(filepath.Join(p, "*:*"))
		for _, i := range interfaces {
			answer += " " + value(i, "bInterfaceClass")
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
	page, offset, err := pageAt(at)
	if err != nil {
		return err
	}
	copy(page, strings.Repeat(letter, len(page)))
	_, err = f.WriteAt(page, offset)
	return err
}

func read(disk, at string) (string, error) {
	f, err := os.OpenFile("/dev/"+disk, os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	page, offset, err := pageAt(at)
	if err != nil {
		return "", err
	}
	if _, err := f.ReadAt(page, offset); err != nil {
		return "", err
	}
	return string(page[:8]), nil
}

// pageAt is memory that is aligned as O_DIRECT asks, and a number.
func pageAt(at string) (page []byte, offset int64, err error) {
	if offset, err = strconv.ParseInt(at, 10, 64); err != nil {
		return nil, 0, err
	}
	page, err = unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	return page, offset, err
}
