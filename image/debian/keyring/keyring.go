package keyring

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Ring is the keys of which one must have signed. It is a debian.Keyring.
type Ring struct{ keys openpgp.EntityList }

// usual is where Debian's package debian-archive-keyring has the keys; the
// second name is that of newer releases.
var usual = []string{
	"/usr/share/keyrings/debian-archive-keyring.gpg",
	"/usr/share/keyrings/debian-archive-keyring.pgp",
}

const maxRing = 4 << 20

// Open reads a keyring, binary or armored; without a path that of the
// machine's package debian-archive-keyring.
func Open(path string) (Ring, error) {
	if path == "" {
		i := slices.IndexFunc(usual, func(name string) bool { _, err := os.Stat(name); return err == nil })
		if i < 0 {
			return Ring{}, fmt.Errorf("read the keyring of Debian: %w\nhint: it comes in the package debian-archive-keyring; --keyring FILE names another", fs.ErrNotExist)
		}
		path = usual[i]
	}
	f, err := os.Open(path)
	if err != nil {
		return Ring{}, err
	}
	defer func() { _ = f.Close() }()
	ring, err := parse(f)
	if err != nil {
		return Ring{}, fmt.Errorf("read keyring %q: %w", path, err)
	}
	return ring, nil
}

func parse(from io.Reader) (Ring, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxRing+1))
	if err != nil {
		return Ring{}, err
	}
	if len(data) > maxRing {
		return Ring{}, fmt.Errorf("more than %d bytes", maxRing)
	}
	read := openpgp.ReadKeyRing
	if bytes.HasPrefix(data, []byte("-----BEGIN")) {
		read = openpgp.ReadArmoredKeyRing
	}
	keys, err := read(bytes.NewReader(data))
	if err == nil && len(keys) == 0 {
		err = errors.New("it has no keys")
	}
	return Ring{keys}, err
}

// ErrSignature is for a file that no key of the ring signed, or not all of it.
var ErrSignature = errors.New("not signed by the keyring")

var beginSigned = []byte("-----BEGIN PGP SIGNED MESSAGE-----")

// Text gives the text of a clear-signed file. Nothing may stand before or after
// what is signed: who reads the file should not be shown what nobody signed.
func (r Ring) Text(data []byte, now time.Time) ([]byte, error) {
	block, rest := clearsign.Decode(data)
	if block == nil || !bytes.HasPrefix(data, beginSigned) {
		return nil, fmt.Errorf("%w: it is not a clear-signed file", ErrSignature)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes come after the signature", ErrSignature, len(rest))
	}
	if err := r.verify(block, now); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return block.Plaintext, nil
}

// maxSignatures is above the three that Debian has when keys change.
const maxSignatures = 16

// verify wants one good signature. Debian signs with the keys of two releases;
// each is tried by itself, as one may be too new for this keyring or expired.
func (r Ring) verify(block *clearsign.Block, now time.Time) error {
	var errs []error
	packets := packet.NewReader(block.ArmoredSignature.Body)
	for len(errs) < maxSignatures {
		p, err := packets.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		signature, ok := p.(*packet.Signature)
		if !ok {
			return errors.New("the signature has parts that are none")
		}
		if err = r.verifyOne(block.Bytes, signature, now); err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(append(errs, errors.New("there is no good signature"))...)
}

// strongHashes are those that a signature may be over: go-crypto's first API
// would take SHA-1 (its Reject settings are for the second).
var strongHashes = []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}

func (r Ring) verifyOne(signed []byte, signature *packet.Signature, now time.Time) error {
	if !slices.Contains(strongHashes, signature.Hash) {
		return fmt.Errorf("its hash is %s", signature.Hash)
	}
	var raw bytes.Buffer
	if err := signature.Serialize(&raw); err != nil {
		return err
	}
	config := &packet.Config{Time: func() time.Time { return now }}
	_, err := openpgp.CheckDetachedSignature(r.keys, bytes.NewReader(signed), &raw, config)
	if err != nil && signature.IssuerKeyId != nil {
		return fmt.Errorf("key %016X: %w", *signature.IssuerKeyId, err)
	}
	return err
}
