// Package qemu starts virtual machines and does to them what a person does to a
// computer at a ceremony: types, reads the screen and the serial console, plugs
// drives in and pulls them out, cuts the power. Tests of the appliance and the
// command image/vm use it; nothing of it is in the appliance.
//
// In flow a Config (firmware, boot drive, kernel, clock) and files that serve as
// drives; out flow what the screen shows (Screenshot, ScreenText), what the
// serial console said (Serial) and how the machine ended (Wait).
//
//	m, err := qemu.Start(ctx, qemu.Config{Firmware: qemu.SecureBoot, Boot: &qemu.Stick{Name: "boot", File: "signer.img"}})
//	if err != nil { … }
//	defer m.Close()
//	err = m.WaitScreen(ctx, "Which keyboard is this?")
//	err = m.Type(ctx, "us\n")
//	err = m.PlugStick(ctx, qemu.Stick{Name: "a", File: "a.img", Serial: "SN01"})
//	err = m.PowerCut()
//
// Rules:
//   - software emulation only (-accel tcg, -cpu max): hardware acceleration hangs on
//     some machines, and without -cpu max the guest waits seconds for randomness;
//   - no network, ever;
//   - every call ends: with its context, or after Patience where that has no end, and
//     the machine itself when the context of Start ends;
//   - QEMU connects to us, never we to it: sockets are listened on before it starts, so
//     that nothing which it says is lost and nothing is polled for;
//   - an error says what the screen and the serial console showed last;
//   - a machine has only the devices that its Config names. A disk that lies, fails or
//     forgets (Disk) is served to it over NBD, a device that claims to be two things
//     (Composite) over usbredir.
package qemu
