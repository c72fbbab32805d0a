package release

import (
	"bytes"
	"fmt"

	"signer/ceremony/tuf"
)

// Roots is the committed root.json, byte for byte: what clients are packaged with.
// The chain that leads to it was verified. A staged root, which fleetctl prints
// when there is one, is not looked at: no client must trust it yet.
func (r *Repository) Roots() ([]byte, error) {
	files, err := r.roots()
	if err != nil {
		return nil, err
	}
	p, err := tuf.PublishedFrom(files)
	if err != nil {
		return nil, err
	}
	chain, err := tuf.NewChainAt(p.Roots[0], p.Base, tuf.History)
	for _, b := range p.Roots[1:] {
		if err == nil {
			err = chain.Append(b)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("verify the roots: %w", err)
	}
	if !bytes.Equal(p.Root, chain.Latest().Raw) {
		return nil, fmt.Errorf("verify the roots: root.json is not %d.root.json\nhint: one of the two is of another publish; pull both again", chain.Len())
	}
	return p.Root, nil
}

// ExportTimestampKey is the file of the timestamp key, locked as it is, for the
// secrets of a CI. One that no passphrase locks is not handed out.
func (r *Repository) ExportTimestampKey() ([]byte, error) {
	b, err := r.readKeyFile(tuf.RoleTimestamp)
	if err != nil {
		return nil, err
	}
	info, err := tuf.InspectKeyFile(b)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", keyFile(tuf.RoleTimestamp), err)
	}
	if !info.Encrypted {
		clear(b)
		return nil, fmt.Errorf("export %q: %w\nhint: a new key with a passphrase comes from signer updates rotate timestamp", keyFile(tuf.RoleTimestamp), tuf.ErrPlaintext)
	}
	return b, nil
}
