package usb

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// uevent is what the kernel says when a device comes, goes or changes: a first
// line "add@/devices/…" and then KEY=VALUE, each ended by a zero byte
// (lib/kobject_uevent.c).
type uevent struct {
	action    string
	path      string // below /sys
	subsystem string
	values    map[string]string
}

// Bounds of the kernel's own (linux/kobject.h): 2048 bytes of at most 64 values,
// after a line that is at most a path long.
const (
	maxUevent = 2048 + 4096
	maxValues = 64
)

var errUevent = errors.New("not a message of the kernel's")

// parseUevent reads one message. A message that is not the kernel's own in every
// part is none: what udev sends to its listeners, for one, begins otherwise.
func parseUevent(message []byte) (uevent, error) {
	if len(message) == 0 || len(message) > maxUevent || message[len(message)-1] != 0 {
		return uevent{}, errUevent
	}
	lines := strings.Split(string(bytes.TrimSuffix(message, []byte{0})), "\x00")
	action, path, ok := strings.Cut(lines[0], "@")
	if !ok || action == "" || !strings.HasPrefix(path, "/") || len(lines)-1 > maxValues {
		return uevent{}, errUevent
	}
	u := uevent{action: action, path: path, values: map[string]string{}}
	for _, line := range lines[1:] {
		key, value, ok := strings.Cut(line, "=")
		if !ok || !isKey(key) {
			return uevent{}, fmt.Errorf("%w: %q", errUevent, line)
		}
		if _, twice := u.values[key]; twice {
			return uevent{}, fmt.Errorf("%w: %s twice", errUevent, key)
		}
		u.values[key] = value
	}
	u.subsystem = u.values["SUBSYSTEM"]
	if u.values["ACTION"] != action || u.values["DEVPATH"] != path || u.subsystem == "" {
		return uevent{}, errUevent
	}
	return u, nil
}

func isKey(key string) bool {
	return key != "" && strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// isDisk says whether the message is of a disk or a part of one.
func (u uevent) isDisk() bool { return u.subsystem == "block" }

// isUSBDevice says whether the message is of a whole USB device, not of one of
// its interfaces.
func (u uevent) isUSBDevice() bool {
	return u.subsystem == "usb" && u.values["DEVTYPE"] == "usb_device"
}
