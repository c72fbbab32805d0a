//go:build !linux

package usb

import "runtime"

// KeepsModes reports whether the file system of a folder keeps the modes of
// files. It cannot be asked here; Windows keeps none anywhere.
func KeepsModes(string) bool { return runtime.GOOS != "windows" }
