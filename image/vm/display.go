package main

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"signer/image/qemu"
)

// vncDisplay listens on this computer only, at the first free port from 5900 on.
const vncDisplay = "vnc=127.0.0.1:0,to=99"

// chooseDisplay takes a window when this computer has a display and QEMU can make
// one, and VNC otherwise. It says what to tell the person.
func chooseDisplay(c qemu.Config, noWindow bool) (display, say string) {
	if noWindow || !hasDisplay() {
		return vncDisplay, "VNC"
	}
	list, _ := exec.Command(qemu.Program(c), "-display", "help").Output() // without it: no window
	can := strings.Fields(string(list))
	for _, window := range []string{"gtk", "cocoa", "sdl"} {
		if slices.Contains(can, window) {
			return window, "a window"
		}
	}
	return vncDisplay, "VNC (for a window QEMU lacks Debian's package qemu-system-gui)"
}

func hasDisplay() bool {
	return runtime.GOOS != "linux" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}
