// Package keyring checks that a file was signed by Debian's keys. It stands apart
// from package debian so that only the command that makes a new lock has OpenPGP
// in it: whoever builds an image needs SHA-256 alone.
//
// In: a keyring file and clear-signed files. Out: the text that was signed. Rules
// it keeps:
//
//   - all of a file is signed, or it is refused: nothing before and nothing after;
//   - one good signature is enough, as Debian signs with the keys of two releases
//     and a keyring may know only one of them;
//   - keys and signatures that have expired, were revoked, or are over SHA-1 or
//     weaker are none.
//
// For example:
//
//	ring, err := keyring.Open("")
//	lock, err := mirror.Resolve(ctx, wants, ring)
package keyring
