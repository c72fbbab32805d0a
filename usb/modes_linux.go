package usb

import "syscall"

// The magic numbers of file systems (linux/magic.h, fs/exfat/exfat_fs.h).
const (
	magicFAT   = 0x4d44
	magicExFAT = 0x2011bab0
)

// KeepsModes reports whether the file system of a folder keeps the modes of
// files. FAT and exFAT give all files the same.
func KeepsModes(dir string) bool {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return true // what cannot be asked is judged
	}
	return uint32(s.Type) != magicFAT && uint32(s.Type) != magicExFAT
}
