package ceremony

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"signer/ceremony/tuf"
)

// keys makes keys of fixed seeds.
func keys(t *testing.T, n int) (out []*tuf.PrivateKey) {
	t.Helper()
	for i := range n {
		key, err := tuf.NewKey(bytes.NewReader(bytes.Repeat([]byte{byte(i + 1)}, 32)))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, key)
	}
	return out
}

func wiped(key *tuf.PrivateKey) bool {
	_, err := key.Prove(tuf.Digest{}, bytes.NewReader(make([]byte, 64)))
	return errors.Is(err, tuf.ErrWiped)
}

func TestKeyringForgets(t *testing.T) {
	for name, c := range map[string]struct {
		forget func(*Keyring, []*tuf.PrivateKey)
		gone   []int
	}{
		"nothing":        {func(*Keyring, []*tuf.PrivateKey) {}, nil},
		"one key":        {func(r *Keyring, k []*tuf.PrivateKey) { r.Remove(k[1].ID()) }, []int{1}},
		"the last":       {func(r *Keyring, k []*tuf.PrivateKey) { r.Remove(k[3].ID()) }, []int{3}},
		"what came late": {func(r *Keyring, _ []*tuf.PrivateKey) { r.WipeSince(2) }, []int{2, 3}},
		"one, and late":  {func(r *Keyring, k []*tuf.PrivateKey) { r.Remove(k[0].ID()); r.WipeSince(2) }, []int{0, 3}},
		"all":            {func(r *Keyring, _ []*tuf.PrivateKey) { r.Wipe() }, []int{0, 1, 2, 3}},
	} {
		ring, made := &Keyring{}, keys(t, 4)
		for _, key := range made {
			ring.Add(key)
		}
		c.forget(ring, made)
		for i, key := range made {
			gone := slices.Contains(c.gone, i)
			if _, err := ring.Key(key.ID()); (err != nil) != gone || wiped(key) != gone {
				t.Errorf("%s: key %d: %v, wiped %v", name, i, err, wiped(key))
			}
		}
		if ring.Len() != len(made)-len(c.gone) {
			t.Errorf("%s: %d keys are left", name, ring.Len())
		}
	}
}

// TestDiceOnlyHelp: what comes out is the kernel's bytes and the dice's, each
// hidden by the other, however it is read.
func TestDiceOnlyHelp(t *testing.T) {
	throws := bytes.Repeat([]byte("3 1 4 1 5 "), 10)
	draw := func(kernel byte, throws []byte, sizes ...int) []byte {
		r := stir(bytes.NewReader(bytes.Repeat([]byte{kernel}, 64)), throws)
		var out []byte
		for _, n := range sizes {
			p := make([]byte, n)
			if _, err := io.ReadFull(r, p); err != nil {
				t.Fatal(err)
			}
			out = append(out, p...)
		}
		return out
	}
	bad := draw(0, throws, 64)
	if bytes.Count(bad, []byte{0}) > 8 {
		t.Errorf("with a generator that is broken, the dice give %x", bad)
	}
	if !bytes.Equal(bad, draw(0, throws, 1, 31, 32)) {
		t.Error("what comes out depends on how it is read")
	}
	if bytes.Equal(bad[:32], bad[32:]) {
		t.Error("the dice repeat themselves")
	}
	other := draw(0x5a, throws, 64)
	for i := range other {
		if other[i] != bad[i]^0x5a {
			t.Fatalf("byte %d does not carry the kernel's", i)
		}
	}
	if bytes.Equal(bad, draw(0, append(throws[:99:99], '6'), 64)) {
		t.Error("another throw gives the same")
	}
}
