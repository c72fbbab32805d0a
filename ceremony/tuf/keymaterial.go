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
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	y := coordinate(k)
	if y.Cmp(p) >= 0 {
		return "not a canonical Ed25519 public key"
	}
	one := big.NewInt(1)
	minusOne := new(big.Int).Sub(p, one)
	eighth := []*big.Int{hexInt("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7")}
	eighth = append(eighth, new(big.Int).Sub(p, eighth[0]))
	for _, small := range append(eighth, new(big.Int), one, minusOne) {
		if y.Cmp(small) == 0 {
			return "an Ed25519 point of small order: anybody can sign for it"
		}
	}
	if !onCurve(y, p) {
		return "not a point of the curve of Ed25519"
	}
	return ""
}

// curveD is d = -121665/121666 of the field (RFC 8032 §5.1).
const curveD = "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"

// onCurve solves x² = (y²-1)/(dy²+1).
func onCurve(y, p *big.Int) bool {
	mod := func(i *big.Int) *big.Int { return i.Mod(i, p) }
	d := hexInt(curveD)
	y2 := mod(new(big.Int).Mul(y, y))
	u := mod(new(big.Int).Sub(y2, big.NewInt(1)))
	v := mod(new(big.Int).Add(mod(new(big.Int).Mul(d, y2)), big.NewInt(1)))
	return big.Jacobi(mod(new(big.Int).Mul(u, v)), p) >= 0 // u/v is a square when uv is
}

// coordinate is y, without the sign of x.
func coordinate(k PublicKey) *big.Int {
	k[31] &^= 0x80
	slices.Reverse(k[:])
	return new(big.Int).SetBytes(k[:])
}

// hexInt reads a constant of this file.
func hexInt(s string) *big.Int {
	i, _ := new(big.Int).SetString(s, 16)
	return i
}
