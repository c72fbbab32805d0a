// Package usb moves bytes to and from drives. It knows nothing of keys, roles
// or metadata: package ceremony says what it needs of a drive in
// ceremony/drives.go, and this package has it.
//
// There are two kinds of drives, which share every step of reading and writing
// files (volume.go, write.go, placing.go):
//
//   - Virtual, of rehearsals and tests: a tray of sticks, each a folder on this
//     computer (or a map in memory, for tests that play thousands of ceremonies),
//     which a person plugs in and takes out;
//   - Real, on Linux: USB drives as the kernel tells of them (uevent.go and the files
//     disk_*_linux.go), what is on them (probe.go), a FAT32 for those that have none
//     (fat32.go, capacity.go), which devices are let in (admission.go), and the image
//     that the computer started from or shall start from next (real_boot_linux.go,
//     real_image_linux.go, image.go).
//
// In: names and bytes. Out: the same bytes, or an error that says what became of
// them. Rules it keeps:
//
//   - reading opens regular files only, with a size cap; links, pipes and devices
//     are listed and never opened (opening a pipe would wait for ever); no name
//     leaves the drive or passes through a link;
//   - writing makes a new file, fsyncs it, renames it into place, fsyncs it again
//     and then its folder; what an interrupted write leaves behind is named
//     ceremony.TemporaryPrefix and a number, and is listed like any other file;
//   - names that a FAT drive takes for one ("1.root.json", "1.ROOT.json") are
//     refused, and so are names that it cannot hold;
//   - a real drive is mounted without set-user-id, devices and programs, for reading
//     only unless it is written; what was cached of it is dropped before; a drive that
//     somebody else has mounted is not touched;
//   - a drive that was taken out gives ceremony.ErrGone from then on, and nothing waits
//     for it;
//   - a virtual drive is as bad as real ones were measured to be: full, lying, pulled out
//     in the middle, or losing on a power cut all that no Sync made durable.
//
// For example, and with OpenReal the same but for the plugging:
//
//	tray, err := usb.OpenVirtual("drives", []string{"root-backup-1"}, usb.VirtualOptions{})
//	err = tray.Plug("root-backup-1")
//	drive := tray.List()[0]
//	err = tray.Format(ctx, drive, "root-backup-1")
//	volume, err := tray.Open(ctx, drive, true)
//	err = volume.WriteFile("keys/root1.json", data, 0o600)
//	err = volume.Sync()
//	err = volume.Close()
package usb
