// Package image builds the appliance: one file that is a USB stick, a DVD and the
// medium of a virtual machine at once. Its command is image/mkimage.
//
// In: packages of Debian that packages.lock pins, and this source. Out: the image,
// a digest of it in hex and in words, and a list of every file in it. Rules it
// keeps:
//
//   - the same inputs give the same bytes, on any machine and in any folder: dates
//     and ids come from the inputs, and the program is built by the Go that go.mod
//     names;
//   - what Debian signed is taken over byte for byte: kernel, modules, shim, GRUB;
//   - a module is in the image because a purpose names it (purposes.go), or because
//     one of those depends on it; a module of a network, of Bluetooth, sound,
//     FireWire, Thunderbolt or internal disks is an error;
//   - in the initramfs is one program, its console fonts and keymaps, and modules.
//     No shell, no libc, no interpreter.
//
// An architecture is data: a table of names (arch.go) and one of modules.
//
//	lock, err := debian.ParseLock(file)
//	built, err := image.Build(ctx, image.Options{Arch: "amd64", Lock: lock, Source: "."})
//	err = os.WriteFile("signer.img", built.Image, 0o644)
package image
