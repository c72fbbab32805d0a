// Package debian has the packages of Debian that the image is built from: which
// ones (Lock), from where (Mirror), and what is in them (Deb).
//
// In: packages.lock, a mirror's address or the set-up of the machine's own apt,
// and Debian's keyring. Out: files of packages, whose bytes are those that the
// lock names. Rules it keeps:
//
//   - no address of a mirror is written here or in the lock: the lock names
//     packages by archive, path and SHA-256, so any mirror will do, and a mirror
//     can refuse to serve but not deceive;
//   - a new lock is made only from Release files that Debian's keyring signed,
//     that have not expired, and that are of the suite that was asked for; text
//     outside the signature is an error;
//   - what the network and packages say is read with limits; names that leave
//     their folder are errors, and links are followed inside their package only;
//   - a file of the cache is believed as little as one of the network: its SHA-256
//     is checked at every use.
//
// For example:
//
//	lock, err := debian.ParseLock(file)
//	mirror, err := debian.OpenMirror("")
//	xkb, err := lock.Pick(debian.Want{Name: "xkb-data", Arch: "amd64"})
//	path, err := mirror.Fetch(ctx, cache, xkb)
//	deb, err := debian.OpenDeb(path)
//	defer deb.Close()
//	err = deb.Files(wanted, func(name string, data []byte) error { ... })
package debian
