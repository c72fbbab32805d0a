package ceremony

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// A digest file is signed with tools that people have: `ssh-keygen -Y sign -n file`
// (OpenSSH 8.1 or later; the format is PROTOCOL.sshsig of OpenSSH). The signature
// carries its public key, which people compare by its fingerprint. Only Ed25519 is
// taken: that is forty lines, and the standard library verifies it. No key of a
// repository signs such a file: root keys sign root metadata and nothing else.

// mostSignature is what is read of a signature; an Ed25519 one has 300 bytes.
const mostSignature = 8 << 10

const (
	sshsigBegin     = "-----BEGIN SSH SIGNATURE-----"
	sshsigEnd       = "-----END SSH SIGNATURE-----"
	sshsigMagic     = "SSHSIG"
	sshsigNamespace = "file"
	sshEd25519      = "ssh-ed25519"
)

// errSSHSIG is a signature that is none, or is not good.
var errSSHSIG = errors.New("ssh signature")

// sshKey is an Ed25519 public key.
type sshKey [ed25519.PublicKeySize]byte

// Fingerprint is as ssh-keygen -l shows it.
func (k sshKey) Fingerprint() string {
	sum := sha256.Sum256(sshStrings([]byte(sshEd25519), k[:]))
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// verifySSHSIG verifies a signature over a message, and says by which key.
func verifySSHSIG(armored, message []byte) (key sshKey, err error) {
	blob, err := sshsigBlob(armored)
	if err != nil {
		return key, err
	}
	if len(blob) < len(sshsigMagic)+4 || string(blob[:len(sshsigMagic)]) != sshsigMagic || binary.BigEndian.Uint32(blob[len(sshsigMagic):]) != 1 {
		return key, fmt.Errorf("%w: want version 1", errSSHSIG)
	}
	parts, err := sshParts(blob[len(sshsigMagic)+4:], 5)
	if err != nil {
		return key, err
	}
	public, namespace, reserved, hash, signed := parts[0], parts[1], parts[2], parts[3], parts[4]
	pair, err := sshParts(public, 2)
	if err != nil || string(pair[0]) != sshEd25519 || len(pair[1]) != len(key) {
		return key, fmt.Errorf("%w: want a key of type %s", errSSHSIG, sshEd25519)
	}
	key = sshKey(pair[1])
	if string(namespace) != sshsigNamespace || len(reserved) != 0 {
		return sshKey{}, fmt.Errorf("%w: want the namespace %q", errSSHSIG, sshsigNamespace)
	}
	sum, err := sshHash(string(hash), message)
	if err != nil {
		return sshKey{}, err
	}
	pair, err = sshParts(signed, 2)
	if err != nil || string(pair[0]) != sshEd25519 || len(pair[1]) != ed25519.SignatureSize {
		return sshKey{}, fmt.Errorf("%w: want a signature of type %s", errSSHSIG, sshEd25519)
	}
	if !ed25519.Verify(key[:], sshsigSigned(namespace, hash, sum), pair[1]) {
		return sshKey{}, fmt.Errorf("%w: it is not of this file", errSSHSIG)
	}
	return key, nil
}

// sshsigSigned are the bytes that the key signs.
func sshsigSigned(namespace, hash, sum []byte) []byte {
	return append([]byte(sshsigMagic), sshStrings(namespace, nil, hash, sum)...)
}

func sshHash(name string, message []byte) ([]byte, error) {
	switch name {
	case "sha512":
		sum := sha512.Sum512(message)
		return sum[:], nil
	case "sha256":
		sum := sha256.Sum256(message)
		return sum[:], nil
	}
	return nil, fmt.Errorf("%w: want the hash sha256 or sha512", errSSHSIG)
}

// sshsigBlob takes the armour off.
func sshsigBlob(armored []byte) ([]byte, error) {
	text := strings.TrimSpace(string(armored))
	body, begins := strings.CutPrefix(text, sshsigBegin)
	body, ends := strings.CutSuffix(body, sshsigEnd)
	if len(armored) > mostSignature || !begins || !ends {
		return nil, fmt.Errorf("%w: want it between the lines BEGIN and END", errSSHSIG)
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSSHSIG, err)
	}
	return blob, nil
}

// sshParts cuts bytes into exactly n strings, each with its length before it.
func sshParts(b []byte, n int) ([][]byte, error) {
	var parts [][]byte
	for range n {
		if len(b) < 4 {
			return nil, fmt.Errorf("%w: it ends early", errSSHSIG)
		}
		size := binary.BigEndian.Uint32(b)
		b = b[4:]
		if uint64(size) > uint64(len(b)) {
			return nil, fmt.Errorf("%w: it ends early", errSSHSIG)
		}
		parts = append(parts, bytes.Clone(b[:size]))
		b = b[size:]
	}
	if len(b) != 0 {
		return nil, fmt.Errorf("%w: something follows its end", errSSHSIG)
	}
	return parts, nil
}

// sshStrings puts strings together as sshParts cuts them.
func sshStrings(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}
