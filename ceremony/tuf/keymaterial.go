package tuf

// Public keys are compared, and kept, in a form of which each key has one: the
// 32 bytes of an Ed25519 key, the PKIX form of others. Each decoder returns it,
// or says in words why the key is not taken.

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// RSA keys below are weak; those above only serve to keep a verifier busy.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// decodeEd25519 reads 64 hex digits.
func decodeEd25519(s string) (material, problem string) {
	public, err := hex.DecodeString(s)
	if err != nil || len(public) != len(PublicKey{}) {
		return "", "want the 64 hex digits of an Ed25519 public key"
	}
	if problem := weakPoint(PublicKey(public)); problem != "" {
		return "", problem
	}
	return string(public), ""
}

// decodeECDSA reads PEM, or the hex of an uncompressed point, which go-tuf wrote
// before v0.3 (Sigstore's first four roots have it).
func decodeECDSA(s string) (material, problem string) {
	if !strings.Contains(s, "-----BEGIN") {
		return decodePoint(s)
	}
	public, material, problem := decodePEM(s)
	if key, ok := public.(*ecdsa.PublicKey); problem == "" && (!ok || key.Curve != elliptic.P256()) {
		return "", "want an ECDSA key on the curve P-256"
	}
	return material, problem
}

func decodePoint(s string) (material, problem string) {
	point, err := hex.DecodeString(s)
	if err != nil {
		return "", "want an ECDSA public key as PEM or hex"
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return "", "want a point of the curve P-256"
	}
	return marshalPKIX(key)
}

func decodeRSA(s string) (material, problem string) {
	public, material, problem := decodePEM(s)
	if problem != "" {
		return "", problem
	}
	key, ok := public.(*rsa.PublicKey)
	switch {
	case !ok:
		return "", "want an RSA key"
	case key.N.BitLen() < minRSABits:
		return "", fmt.Sprintf("an RSA key of %d bits is weak: want %d", key.N.BitLen(), minRSABits)
	case key.N.BitLen() > maxRSABits:
		return "", fmt.Sprintf("an RSA key of %d bits: want at most %d", key.N.BitLen(), maxRSABits)
	case key.E < 3 || key.E%2 == 0 || key.N.Bit(0) == 0:
		return "", "an RSA key that is not one: its modulus or exponent is even, or the exponent below 3"
	}
	return material, ""
}

// decodePEM reads one PKIX public key.
func decodePEM(s string) (public any, material, problem string) {
	block, rest := pem.Decode([]byte(s))
	if block == nil || block.Type != "PUBLIC KEY" || strings.TrimSpace(string(rest)) != "" {
		return nil, "", "want one PEM block of the type PUBLIC KEY"
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, "", "want a PKIX public key: " + err.Error()
	}
	material, problem = marshalPKIX(public)
	return public, material, problem
}

func marshalPKIX(public any) (material, problem string) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", err.Error()
	}
	return string(der), ""
}

func pemOf(material string) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte(material)}))
}

// weakPoint says why an Ed25519 public key is none that a person made. For a
// point of small order anybody can sign, and crypto/ed25519 accepts it; a
// coordinate that is not reduced spells one key in two ways; what is not on the
// curve no signature will ever fit.
func weakPoint(k PublicKey) string {
	k[31] &^= 0x80 // y, without the sign of x
	switch {
	case !reduced(k):
		return "not a canonical Ed25519 public key"
	case ofSmallOrder(k):
		return "an Ed25519 point of small order: anybody can sign for it"
	case !onCurve(k):
		return "not a point of the curve of Ed25519"
	}
	return ""
}

// reduced reports whether y, whose first byte is the lowest, is below p = 2^255 - 19.
func reduced(y PublicKey) bool {
	const last = 31
	return y[0] < 0xed || y[last] < 0x7f || slices.ContainsFunc(y[1:last], func(b byte) bool { return b < 0xff })
}

// ofSmallOrder reports whether a point with this y has an order that divides 8:
// 4, 1, 2, and of order 8 the two that are left.
func ofSmallOrder(y PublicKey) bool {
	switch y.String() {
	case "0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05":
		return true
	}
	return false
}

// onCurve reports whether there is an x to y: x² = (y²-1)/(dy²+1), where d is
// -121665/121666 (RFC 8032 §5.1). A fraction is a square when the product of its
// parts is one.
func onCurve(y PublicKey) bool {
	const over, under = 121665, 121666
	slices.Reverse(y[:])
	p := new(big.Int).Lsh(big.NewInt(1), 255)
	p.Sub(p, big.NewInt(19))
	square := new(big.Int).SetBytes(y[:])
	square.Mod(square.Mul(square, square), p)
	v := new(big.Int).Mul(square, big.NewInt(over))
	v.Sub(big.NewInt(under), v)
	u := square.Mul(square.Sub(square, big.NewInt(1)), big.NewInt(under))
	return big.Jacobi(u.Mod(u.Mul(u, v), p), p) >= 0
}
