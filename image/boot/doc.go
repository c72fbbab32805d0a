// Package boot is what runs as PID 1 of the appliance, before and beneath the
// screens: it makes a bare kernel a computer on which a ceremony can be held,
// and switches it off again.
//
// In: the files of the initramfs that the image's builder made (package image
// names them), and the words of the kernel's command line. Out: a Machine for the
// first screens (ceremony.Machine), the console they are shown on, and the drives.
// Nothing is ever written but to the kernel. Rules it keeps:
//
//   - the first screen is drawn before a module is loaded: that takes seconds, and
//     framebuffer, console and most keyboards of laptops are built in;
//   - when the modules are loaded, no more can be, until the power is off;
//   - a signal never ends PID 1, which would be a kernel panic; there is no shell
//     to fall back to, and no other process at all;
//   - memory is locked, and a dump of it, another kernel, the keys of SysRq and
//     Ctrl+Alt+Del are off before anything is read from a drive.
//
// For example:
//
//	appliance, err := boot.Start()
//	if err != nil {
//		boot.Halt(err)
//	}
//	err = play(appliance.Machine(), appliance.Console())
//	appliance.PowerOff()
package boot
