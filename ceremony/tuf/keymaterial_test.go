package tuf

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
)

func pemOfKey(t testing.TB, public crypto.PublicKey) string {
	t.Helper()
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkixOf(t, public)}))
}

// smallOrder are all encodings, canonical or not, of the eight points whose
// order divides 8.
var smallOrder = []string{
	"0100000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
}

// forge finds a message for which crypto/ed25519 takes a signature that nobody
// made: R is the identity, S is zero.
func forge(public []byte) bool {
	sig := make([]byte, ed25519.SignatureSize)
	sig[0] = 1
	for i := range 256 {
		if ed25519.Verify(public, []byte{byte(i)}, sig) {
			return true
		}
	}
	return false
}

func TestKeysThatAnybodyCanSignForAreRefused(t *testing.T) {
	forged := 0
	for _, s := range smallOrder {
		public, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, problem := decodeEd25519(s); problem == "" {
			t.Errorf("%s is taken", s)
		}
		if forge(public) {
			forged++
		}
	}
	if forged < 8 {
		t.Errorf("%d of the points sign for anybody: then they are not the ones meant", forged)
	}
}

func TestEd25519EncodingsThatAreNoKey(t *testing.T) {
	for name, c := range map[string]struct{ public, problem string }{
		"y of p+3":      {"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "canonical"},
		"off the curve": {"0200000000000000000000000000000000000000000000000000000000000000", "not a point"},
		"31 bytes":      {strings.Repeat("aa", 31), "64 hex digits"},
		"33 bytes":      {strings.Repeat("aa", 33), "64 hex digits"},
		"empty":         {"", "64 hex digits"},
		"not hex":       {strings.Repeat("zz", 32), "64 hex digits"},
		"a PEM block":   {pemOfKey(t, newPen(1).private.Public()), "64 hex digits"},
	} {
		if _, problem := decodeEd25519(c.public); !strings.Contains(problem, c.problem) {
			t.Errorf("%s: %q, want %q", name, problem, c.problem)
		}
	}
}

// Every key that is made is a point of the curve.
func TestMadeKeysAreTaken(t *testing.T) {
	for seed := range byte(64) {
		public := newPen(seed).private.Public().(ed25519.PublicKey)
		material, problem := decodeEd25519(hex.EncodeToString(public))
		if problem != "" || material != string(public) {
			t.Fatalf("%x: %s", public, problem)
		}
	}
}

func TestECDSAInPEMAndHexIsOneKey(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	inPEM, problem := decodeECDSA(pemOfKey(t, private.Public()))
	if problem != "" {
		t.Fatal(problem)
	}
	inHex, problem := decodeECDSA(hex.EncodeToString(point))
	if problem != "" || inHex != inPEM {
		t.Errorf("hex gives %x (%s), PEM %x", inHex, problem, inPEM)
	}
	point[64] ^= 1
	if _, problem := decodeECDSA(hex.EncodeToString(point)); !strings.Contains(problem, "curve") {
		t.Errorf("a point off the curve gives %q", problem)
	}
}

func TestKeysOfTheWrongKindAreRefused(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus := func(bits uint) *big.Int { return new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1) }
	good := pemOfKey(t, p256.Public())
	for name, c := range map[string]struct {
		decode       func(string) (string, string)
		public, want string
	}{
		"ECDSA P-384":         {decodeECDSA, pemOfKey(t, p384.Public()), "P-256"},
		"ECDSA for RSA":       {decodeRSA, good, "RSA"},
		"RSA for ECDSA":       {decodeECDSA, pemOfKey(t, &rsa.PublicKey{N: modulus(2048), E: 65537}), "P-256"},
		"RSA of 1024 bits":    {decodeRSA, pemOfKey(t, &rsa.PublicKey{N: modulus(1024), E: 65537}), "1024 bits is weak"},
		"RSA of 2047 bits":    {decodeRSA, pemOfKey(t, &rsa.PublicKey{N: modulus(2047), E: 65537}), "2047 bits is weak"},
		"RSA of 16384 bits":   {decodeRSA, pemOfKey(t, &rsa.PublicKey{N: modulus(16384), E: 65537}), "at most 8192"},
		"RSA with exponent 1": {decodeRSA, pemOfKey(t, &rsa.PublicKey{N: modulus(2048), E: 1}), "below 3"},
		"two PEM blocks":      {decodeECDSA, good + good, "one PEM block"},
		"a private key":       {decodeECDSA, strings.ReplaceAll(good, "PUBLIC", "PRIVATE"), "PUBLIC KEY"},
		"PEM of nothing":      {decodeRSA, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "PKIX"},
		"empty":               {decodeECDSA, "", "P-256"},
	} {
		if _, problem := c.decode(c.public); !strings.Contains(problem, c.want) {
			t.Errorf("%s: %q, want %q", name, problem, c.want)
		}
	}
}

func TestRSAKeysAreTaken(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	material, problem := decodeRSA(pemOfKey(t, private.Public()))
	if problem != "" || !bytes.Equal([]byte(material), pkixOf(t, private.Public())) {
		t.Errorf("problem %q", problem)
	}
}

func pkixOf(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
