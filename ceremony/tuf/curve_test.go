package tuf

import (
	"crypto/sha256"
	"math/big"
	"slices"
	"testing"
)

// A coordinate is on the curve when RFC 8032 §5.1.3 finds an x to it. Of what is
// picked blindly, half is.
func TestOnCurveIsWhereAnXIsFound(t *testing.T) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d, _ := new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
	on := 0
	for i := range byte(200) {
		y := PublicKey(sha256.Sum256([]byte{i}))
		y[31] &^= 0x80
		if onCurve(y) {
			on++
		}
		if found := findX(y, d, p) != nil; found != onCurve(y) {
			t.Errorf("%s is on the curve: %v, and an x is found: %v", y, onCurve(y), found)
		}
	}
	if on < 60 || on > 140 {
		t.Errorf("%d of 200 are on the curve", on)
	}
}

// findX is a square root of (y²-1)/(dy²+1), or nil.
func findX(k PublicKey, d, p *big.Int) *big.Int {
	slices.Reverse(k[:])
	y := new(big.Int).SetBytes(k[:])
	y2, one := new(big.Int).Mul(y, y), big.NewInt(1)
	u := new(big.Int).Sub(y2, one)
	v := new(big.Int).Add(new(big.Int).Mul(d, y2), one)
	x2 := u.Mul(u, v.ModInverse(v, p))
	return new(big.Int).ModSqrt(x2.Mod(x2, p), p)
}
