package usb

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// device reads all that a USB device says of itself, each file once.
func (s sysfs) device(port string) (usbDevice, error) {
	dir := s.at("bus", "usb", "devices", port)
	text := func(name string) string { return readSmall(filepath.Join(dir, name)) }
	d := usbDevice{port: port, number: text("devnum"), vendor: text("manufacturer"), model: text("product"), serial: text("serial")}
	file, err := os.Open(filepath.Join(dir, "descriptors"))
	if err != nil {
		return d, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxDescriptors+1))
	if err != nil {
		return d, err
	}
	d.raw = string(raw)
	d.types = s.types(filepath.Join(dir, "*", "*", "input", "input*"))
	d.descriptors, err = parseDescriptors(raw)
	return d, err
}

func (s sysfs) authorized(port string) string {
	return readSmall(s.at("bus", "usb", "devices", port, "authorized"))
}

// put writes to a file of sysfs that is there, and looks whether it took.
func (s sysfs) put(value string, parts ...string) error {
	name := s.at(parts...)
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil && readSmall(name) != value {
		err = fmt.Errorf("write %q: the kernel keeps %q", name, readSmall(name))
	}
	return err
}

// keyboards are the names of all that can type here, on USB or built in
// otherwise, as the kernel's input devices have them.
func (g *guard) keyboards() []string {
	return g.sys.typing(func(string) bool { return true })
}

// builtIn are those that are not on USB.
func (g *guard) builtIn() []string {
	return g.sys.typing(func(device string) bool { return !strings.Contains(device, "/usb") })
}

func (s sysfs) typing(where func(device string) bool) []string {
	inputs, err := filepath.Glob(s.at("class", "input", "input*"))
	if err != nil {
		return nil
	}
	slices.SortFunc(inputs, func(a, b string) int { return inputNumber(a) - inputNumber(b) })
	var names []string
	for _, input := range inputs {
		device, err := filepath.EvalSymlinks(input)
		name := printable(readSmall(filepath.Join(input, "name")))
		if err == nil && where(device) && s.types(input) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func inputNumber(input string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(input), "input")) // 0 for what is none
	return n
}

// types reports whether an input device can type letters: it has the keys from Q
// to P, 16 to 25 (linux/input-event-codes.h). The power button cannot.
func (s sysfs) types(pattern string) bool {
	const letters = 0x3FF << 16
	inputs, err := filepath.Glob(pattern)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(inputs, func(input string) bool {
		words := strings.Fields(readSmall(filepath.Join(input, "capabilities", "key")))
		if len(words) == 0 {
			return false
		}
		keys, err := strconv.ParseUint(words[len(words)-1], 16, 64) // the lowest keys are the last word
		return err == nil && keys&letters == letters
	})
}
