package tuf

import "github.com/decred/dcrwallet/pgpwordlist"

// Words reads the digest aloud: one word of the PGP word list for each byte. A
// byte at an even position has two syllables and one at an odd position three,
// so that two words that changed places are heard.
func (d Digest) Words() []string {
	words := make([]string, len(d))
	for i, b := range d {
		words[i] = pgpwordlist.ByteToMnemonic(b, i)
	}
	return words
}
