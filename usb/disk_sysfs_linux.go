package usb

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sysfs is where the kernel shows its devices. What devices say of themselves
// there is foreign text.
type sysfs string

// disk is a disk as the kernel shows it.
type disk struct {
	name    string // "sda"
	seq     uint64 // DISKSEQ: every plugging, and every medium in a reader, has its own
	size    int64  // bytes, which sysfs counts in sectors of 512 whatever the disk's own are; 0 without a medium
	usb     string // folder of the USB device that it is in; "" for a disk inside the computer
	optical bool
	vendor  string
	model   string
	serial  string
}

// maxDisks bounds a listing; loop and memory disks are among them.
const maxDisks = 1024

func (s sysfs) disks() ([]disk, error) {
	entries, err := os.ReadDir(s.at("block"))
	if err != nil {
		return nil, fmt.Errorf("list disks: %w", err)
	}
	var disks []disk
	for _, e := range entries[:min(len(entries), maxDisks)] {
		if d, ok := s.disk(e.Name()); ok {
			disks = append(disks, d)
		}
	}
	return disks, nil
}

// disk describes a disk; it is none when it went away, or has no sequence number
// as loop devices without a file.
func (s sysfs) disk(name string) (disk, bool) {
	if strings.HasPrefix(name, "loop") || strings.HasPrefix(name, "ram") || strings.HasPrefix(name, "zram") {
		return disk{}, false
	}
	d := disk{name: name, optical: strings.HasPrefix(name, "sr"), usb: s.usbOf(name)}
	seq, seqErr := s.number("block", name, "diskseq")
	sectors, sizeErr := s.number("block", name, "size")
	if seqErr != nil || sizeErr != nil || sectors > 1<<54 {
		return disk{}, false
	}
	d.seq, d.size = seq, int64(sectors)*sector
	device := s.at("block", name, "device")
	d.vendor = firstText(d.usb, "manufacturer", device, "vendor")
	d.model = strings.TrimPrefix(firstText(d.usb, "product", device, "model"), d.vendor+" ") // many say their maker twice
	d.serial = serialOf(d.usb, device)
	return d, true
}

// usbOf is the nearest USB device above a disk.
func (s sysfs) usbOf(name string) string {
	top, topErr := filepath.EvalSymlinks(string(s))
	dir, err := filepath.EvalSymlinks(s.at("block", name))
	if err != nil || topErr != nil {
		return ""
	}
	for dir = filepath.Dir(dir); strings.HasPrefix(dir, top+"/"); dir = filepath.Dir(dir) {
		subsystem, err := os.Readlink(filepath.Join(dir, "subsystem"))
		if err != nil || filepath.Base(subsystem) != "usb" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "idVendor")); err == nil {
			return dir
		}
	}
	return ""
}

// partition is the name of the partition that begins so many bytes into a disk,
// if the kernel has made one; at 0 it is the disk itself.
func (s sysfs) partition(name string, offset int64) (string, bool) {
	if offset == 0 {
		return name, true
	}
	starts, err := filepath.Glob(s.at("block", name, name+"*", "start"))
	if err != nil {
		return "", false
	}
	for _, start := range starts {
		part := filepath.Base(filepath.Dir(start))
		if sectors, err := s.number("block", name, part, "start"); err == nil && int64(sectors) == offset/sector {
			return part, true
		}
	}
	return "", false
}

// seq is the sequence number of a disk now; 0 when it is gone.
func (s sysfs) seq(name string) uint64 {
	seq, err := s.number("block", name, "diskseq")
	if err != nil {
		return 0
	}
	return seq
}

// poll has the kernel look every two seconds whether a medium was put into a
// reader, or taken out. Without udev nothing else asks it to.
func (s sysfs) poll(name string) error {
	removable, err := s.number("block", name, "removable")
	interval := s.at("block", name, "events_poll_msecs")
	if err != nil || removable == 0 || readSmall(interval) != "-1" {
		return nil // a disk without media, or somebody has set it
	}
	return os.WriteFile(interval, []byte("2000"), 0o644)
}

func (s sysfs) at(parts ...string) string {
	return filepath.Join(append([]string{string(s)}, parts...)...)
}

func (s sysfs) number(parts ...string) (uint64, error) {
	return strconv.ParseUint(readSmall(s.at(parts...)), 10, 63)
}

// firstText is the first text that says something: of the USB device, or else of the
// disk (SCSI has short fields padded with spaces).
func firstText(usb, name, device, other string) string {
	if usb != "" {
		if text := printable(readSmall(filepath.Join(usb, name))); text != "" {
			return text
		}
	}
	return printable(readSmall(filepath.Join(device, other)))
}

// serialOf is the serial number of the USB device, or else of the disk in it
// (SCSI's unit serial number page: four bytes, then the text). One of zeros alone
// is none.
func serialOf(usb, device string) string {
	serial := ""
	if usb != "" {
		serial = printable(readSmall(filepath.Join(usb, "serial")))
	}
	if page := readSmall(filepath.Join(device, "vpd_pg80")); serial == "" && len(page) > 4 {
		serial = printable(page[4:])
	}
	if strings.Trim(serial, "0 ") == "" {
		return ""
	}
	return serial
}

// maxText is above what any device can say: USB has 126 characters.
const maxText = 4096

// readSmall reads a file of sysfs, without the line's end; "" when it cannot.
func readSmall(name string) string {
	file, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxText))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(data), "\n")
}

// printable keeps what can be printed, with single spaces.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
