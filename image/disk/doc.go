// Package disk writes the one file that is the appliance's USB stick, its DVD
// and the medium of a virtual machine, and reads it again.
//
// In: the files of the EFI System Partition, and every id and date. Out: bytes,
// the same for the same values, whatever the order of the files.
//
//	byte 0       protective MBR, GPT header and its 128 entries
//	32 KiB       ISO 9660 descriptors, boot catalog, path tables, folders
//	128 KiB      the EFI System Partition: FAT16, clusters of 2 KiB
//	the last 33  sectors: the backup of the GPT; all of it a multiple of 1 MiB
//
// A stick's firmware finds the partition by the GPT. A DVD's finds it by the El
// Torito entry, and GRUB then reads ISO 9660 files, whose records point at the
// data of the same files in the FAT: nothing is there twice.
//
// Rules:
//   - Every file lies in one piece and begins at a multiple of 2048 bytes of the
//     whole image, the block of a DVD.
//   - No clock, no randomness, no order of a map: dates and ids are inputs.
//   - A name that cannot be written exactly is an error, never another name.
//   - Reading believes nothing: a cluster is read once at most, so what comes out
//     is never more than what is there.
//
// FAT16 and not FAT32, which needs 33.5 MiB and more; UEFI 2.10 §13.3 names it
// for removable media.
//
//	image := disk.Image{
//		Label: "SIGNER", Disk: id, Partition: other, Serial: 0x12345678, Date: built,
//		Files: []disk.File{{Name: "EFI/BOOT/BOOTX64.EFI", Data: shim}, {Name: "vmlinuz", Data: kernel}},
//		ISO:   []string{"vmlinuz"},
//	}
//	_, err := image.WriteTo(file)
//	files, err := disk.Files(file)     // all of them again
//	table, err := disk.ReadTable(file) // the disk's id, and the image's length
package disk
