// Package console makes the console of the appliance fit for its screens and
// its operators: a font that has every character the screens use, and the
// keyboard layouts, both loaded into the Linux console by ioctl.
//
// In flow files of Debian packages: a PSF font (console-setup-linux), the
// keyboard layouts of X (xkb-data) and the header that names their symbols
// (x11proto-dev). The builder of the image turns them into two fonts and some
// twenty keymaps, which are files of the image; PID 1 reads those and loads them.
//
//	font, err := console.ParseFont(psf) // plain or compressed
//	font, err = font.ForScreens()       // or says which character is missing
//	os.WriteFile("console/16.psf", font.PSF(), 0o644)
//
//	keymaps, err := console.Keymaps(read, keysymdef) // read("symbols/de") is a file of xkb-data
//	b, err := keymaps[0].MarshalBinary()
//	os.WriteFile("console/keymaps/list", console.List(keymaps), 0o644)
//
//	font.Load(tty.Fd()) // on Linux, as root
//	keymap.Load(tty.Fd())
//
// Rules it keeps:
//   - A character is shown as itself or as the replacement character, never as one
//     that looks like it: a Cyrillic а in a name is not a Latin a.
//   - Every layout types all of ASCII, or it is not made: passphrases and answers
//     must be typable, whatever keyboard is there.
//   - No key of any layout leaves the console, restarts the machine, or talks to
//     the kernel: nobody gets past the screens.
//   - What it reads is foreign: lengths are checked, and nothing panics.
package console
