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
	inputs := filepath.Join(dir, "*", "*", "input", "input*")
	d.types, d.keys = s.has(inputs, allLetters), s.has(inputs, anyLetter)
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

// keyboards are the names of all that can type anything here, on USB or built in
// otherwise, as the kernel's input devices have them.
func (g *guard) keyboards() []string {
	return g.sys.typing(anyLetter, func(string) bool { return true })
}

// whole are those that a person can answer every question with.
func (g *guard) whole() []string {
	return g.sys.typing(allLetters, func(string) bool { return true })
}

// builtIn are those of them that are not on USB.
func (g *guard) builtIn() []string {
	return g.sys.typing(allLetters, func(device string) bool { return !strings.Contains(device, "/usb") })
}

func (s sysfs) typing(can func(keys uint64) bool, where func(device string) bool) []string {
	inputs, err := filepath.Glob(s.at("class", "input", "input*"))
	if err != nil {
		return nil
	}
	slices.SortFunc(inputs, func(a, b string) int { return inputNumber(a) - inputNumber(b) })
	var names []string
	for _, input := range inputs {
		device, err := filepath.EvalSymlinks(input)
		name := printable(readSmall(filepath.Join(input, "name")))
		if err == nil && where(device) && s.has(input, can) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func inputNumber(input string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(input), "input")) // 0 for what is none
	return n
}

// allLetters reports whether keys are a keyboard's: those from Q to P, 16 to 25
// (linux/input-event-codes.h). The power button's are not.
func allLetters(keys uint64) bool {
	const letters = 0x3FF << 16
	return keys&letters == letters
}

// anyLetter reports whether there is a digit, a letter or the space bar among
// keys: a device that lacks Q alone types the rest. Enter does not count. The
// media keys of mice and touch screens have it and Escape: their lowest keys are
// 10000002 in many listings.
func anyLetter(keys uint64) bool {
	const (
		digits = 0x3FF << 2
		top    = 0x3FF << 16 // Q to P
		home   = 0x1FF << 30 // A to L
		bottom = 0x07F << 44 // Z to M
		space  = 1 << 57
	)
	return keys&(digits|top|home|bottom|space) != 0
}

// has reports whether an input device has such keys among its lowest 64.
func (s sysfs) has(pattern string, such func(keys uint64) bool) bool {
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
		return err == nil && such(keys)
	})
}
