//go:build !linux

package usb

import "runtime"

// keepsModes cannot ask the file system here; Windows keeps none anywhere.
func keepsModes(string) bool { return runtime.GOOS != "windows" }
