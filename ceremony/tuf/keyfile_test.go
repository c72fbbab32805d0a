package tuf

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"signer/ceremony/secret"
)

// cheap is a cost for tests; no file of the product has it.
const cheap Cost = 2

var cheapOpener = KeyOpener{Also: cheap}

func TestProductCost(t *testing.T) {
	if ProductCost != 32768 {
		t.Errorf("key files cost %d, and v0.5.2 opens none but 32768", ProductCost)
	}
}

// What tuf v0.5.2 wrote with the passphrase "a". Its key is in TestKeyIDAsV0HasIt.
const v0KeyFile = `{
	"encrypted": true,
	"data": {
		"kdf": {
			"name": "scrypt",
			"params": {
				"N": 32768,
				"r": 8,
				"p": 1
			},
			"salt": "vfY/iN74FbbQW0bvTRwvLZvEx2U8Djtc5MP4bweQgTc="
		},
		"cipher": {
			"name": "nacl/secretbox",
			"nonce": "vacN8inCZK4YDrW6y9x2uiS9RSaL3/31"
		},
		"ciphertext": "h4Zip17sxDbP85eJN1OX7W7+fnNr8lh7sfbq63wfXSaLVpP9/c6KGDX8L9SoRCdC20pW+PkEsSrs7YMkZXSc6O3kBjQtvOhpgBl/PpohYKZ1DRi+3Zkr6PInCQFkFY6lawTOuUafwvK1sgpSyUGhWViD8u9dhsXaTUzYjYp8IqjHkLmLDRg6ithPFzkDtBSfmKsRX1pPiME28/ABGqSh5vFq+ib3ffk7Kfh78zwW/tZUM0FNbXpUmKeBa40C6h7IbfZ4osyV/4IYje+SjWIf6ZORJKD87CEl2KSMm+md78EW9XEn+kGmAszoHNqdf7YE9gCDLUpjHMdNES6PZEY+RHacQj9nAxAYW0QQePfrSJ1ov3tvA9oJfUxvpdJuTXkxkMe1kExfYDNxXxbhaueHhKksE9s3XvV+CoAFNDyohqEZMgJ4/GeTf4YbnA/lornaw68lla3/WnyJHzx2I9qaFCwGRPW1ujddLOgjylKsQl0BjyBN2ImP"
	}
}
`

func TestOpenWhatV0Wrote(t *testing.T) {
	keys, err := OpenKeyFile([]byte(v0KeyFile), secret.Bytes("a"))
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 1 || keys[0].ID().String() != "ee524b9ed768ed3f5f6adde1b5ebe133e560151b26b8d79a5843c39587fdf491" {
		t.Fatalf("opened %v", keys)
	}
	var file struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(v0KeyFile), &file); err != nil {
		t.Fatal(err)
	}
	theirs, err := encrypted.Decrypt(file.Data, []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := writeKeys(keys); err != nil || !bytes.Equal(ours, theirs) {
		t.Errorf("what v0 wrote inside is not what is written here: %v", err)
	}
}

// The file of one key is v0's to the byte, but for salt, nonce and box.
func TestSealAsV0Does(t *testing.T) {
	pass := secret.Bytes("correct horse")
	b, err := SealKeys(newKeys(t, &steady{}, 1), pass, ProductCost, &steady{next: 7})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := blankBase64(string(b)), blankBase64(v0KeyFile); got != want {
		t.Errorf("the file is\n%s\nand v0 writes\n%s", got, want)
	}
	var file struct{ Data json.RawMessage }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	plain, err := encrypted.Decrypt(file.Data, pass)
	if err != nil {
		t.Fatalf("go-securesystemslib does not open it: %v", err)
	}
	var list []any
	if err := json.Unmarshal(plain, &list); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(list); !strings.HasPrefix(got, "[map[keyid_hash_algorithms:[sha256 sha512] keytype:ed25519 keyval:map[private:00010203") {
		t.Errorf("inside is %s", got)
	}
}

// blankBase64 puts its length for base64 that is random.
func blankBase64(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if name, v, ok := strings.Cut(line, `": "`); ok && len(v) > 30 {
			lines[i] = name + fmt.Sprint(len(v))
		}
	}
	return strings.Join(lines, "\n")
}

func TestOpenWhatSecuresystemslibSeals(t *testing.T) {
	k := newKeys(t, &steady{}, 1)[0]
	private := hex.EncodeToString(k.private())
	type keyval struct {
		Public  string `json:"public"`
		Private string `json:"private"`
	}
	list := []any{map[string]any{
		"keytype": "ed25519", "scheme": "ed25519", "keyval": keyval{k.Public().String(), private},
	}}
	for _, level := range []encrypted.KDFParameterStrength{encrypted.Legacy, encrypted.Standard, encrypted.OWASP} {
		data, err := encrypted.MarshalWithCustomKDFParameters(list, []byte("pass"), level)
		if err != nil {
			t.Fatal(err)
		}
		b := fmt.Appendf(nil, `{"encrypted":true,"data":%s}`, data)
		keys, err := OpenKeyFile(b, secret.Bytes("pass"))
		if err != nil {
			t.Fatalf("level %d: %v", level, err)
		}
		if len(keys) != 1 || keys[0].ID() != k.ID() {
			t.Errorf("level %d: opened %v", level, keys)
		}
	}
}

func TestSeveralKeysInOneFile(t *testing.T) {
	keys := newKeys(t, &steady{}, 3)
	b, err := SealKeys(keys, secret.Bytes("p"), cheap, &steady{})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := cheapOpener.Open(b, secret.Bytes("p"))
	if err != nil {
		t.Fatal(err)
	}
	if len(opened) != len(keys) {
		t.Fatalf("%d keys came back", len(opened))
	}
	for i, k := range opened {
		if k.ID() != keys[i].ID() || !k.private().Equal(keys[i].private()) {
			t.Errorf("key %d came back as another", i+1)
		}
	}
}

// badKeyFile is a file that is not opened.
type badKeyFile struct {
	b    []byte
	pass string
	want error  // nil: any
	text string // of the error
}

func TestOpenRefuses(t *testing.T) {
	good := func(pass string, keys ...*PrivateKey) []byte {
		plain, err := writeKeys(keys)
		if err != nil {
			t.Fatal(err)
		}
		return lockedFile(t, plain, pass)
	}
	k := newKeys(t, &steady{}, 2)
	mixed := func(from, to string) []byte {
		plain, _ := writeKeys(k[:1])
		return lockedFile(t, bytes.ReplaceAll(plain, []byte(from), []byte(to)), "p")
	}
	edited := func(from, to string) []byte {
		b := good("p", k[0])
		if !bytes.Contains(b, []byte(from)) {
			t.Fatalf("nothing to edit: %s", from)
		}
		return bytes.Replace(b, []byte(from), []byte(to), 1)
	}
	for name, c := range map[string]badKeyFile{
		"wrong passphrase":        {good("p", k[0]), "q", ErrWrongPassphrase, ""},
		"no passphrase":           {good("p", k[0]), "", ErrWrongPassphrase, ""},
		"empty passphrase":        {good("", k[0]), "", ErrEmptyPassphrase, ""},
		"zeros are empty too":     {good("", k[0]), "\x00\x00", ErrEmptyPassphrase, ""},
		"plaintext":               {[]byte(`{"encrypted":false,"data":[]}`), "p", ErrPlaintext, ""},
		"too large":               {append(good("p", k[0]), bytes.Repeat([]byte(" "), MaxKeyFileSize)...), "p", ErrTooLarge, ""},
		"a terabyte of scrypt":    {edited(`"N": 2,`, `"N": 1073741824,`), "p", ErrKDF, "N 1073741824"},
		"a cost that v0 has not":  {edited(`"N": 2,`, `"N": 16384,`), "p", ErrKDF, ""},
		"another r":               {edited(`"r": 8`, `"r": 9`), "p", ErrKDF, ""},
		"another p":               {edited(`"p": 1`, `"p": 2`), "p", ErrKDF, ""},
		"another cipher":          {edited("nacl/secretbox", "none"), "p", nil, "data.cipher.name"},
		"another derivation":      {edited("scrypt", "pbkdf2"), "p", nil, "data.kdf.name"},
		"a name twice":            {edited(`"r": 8`, `"r": 8, "R": 8`), "p", nil, "but for case"},
		"an unknown field":        {edited(`"r": 8`, `"r": 8, "x": 8`), "p", nil, "data.kdf.params.x"},
		"a missing field":         {edited(`"r": 8,`, ``), "p", nil, `"r" is missing`},
		"a short nonce":           {edited(`"nonce": "`, `"nonce": "AAAA", "x": "`), "p", nil, ""},
		"a short salt":            {edited(`"salt": "ICEi`, `"salt": "`), "p", nil, "29 bytes, want 32"},
		"a text, not an object":   {[]byte(`"encrypted"`), "p", nil, "want an object"},
		"no file":                 {nil, "p", nil, "ends too early"},
		"another public key":      {mixed(k[0].Public().String()+`",`, k[1].Public().String()+`",`), "p", nil, "key 1: the public key is not"},
		"halves that do not fit":  {mixed(k[0].Public().String()+"\"\n", k[1].Public().String()+"\"\n"), "p", nil, "key 1: the public key is not"},
		"a good key, a bad one":   {spoiledSecond(t, k), "p", nil, "key 2: the public key is not"},
		"a key of another type":   {mixed(`"keytype": "ed25519"`, `"keytype": "x"`), "p", nil, "its type is none of"},
		"a scheme of another":     {mixed(`"scheme": "ed25519"`, `"scheme": "x"`), "p", errInside, ""},
		"a short private key":     {mixed(`"private": "00`, `"private": "`), "p", errInside, ""},
		"no list":                 {lockedFile(t, []byte(`{}`), "p"), "p", errInside, ""},
		"an empty list":           {lockedFile(t, []byte(`[]`), "p"), "p", nil, "no key in it"},
		"a list of something":     {lockedFile(t, []byte(`[1]`), "p"), "p", errInside, ""},
		"a list and something":    {lockedFile(t, []byte(`[] x`), "p"), "p", errInside, ""},
		"a field beside the keys": {mixed(`"scheme"`, `"x": 1, "scheme"`), "p", errInside, ""},
	} {
		t.Run(name, c.isRefused)
	}
}

func (c badKeyFile) isRefused(t *testing.T) {
	keys, err := cheapOpener.Open(c.b, secret.Bytes(c.pass))
	if err == nil || keys != nil {
		t.Fatal("opened")
	}
	if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
		t.Error(err)
	}
}

// spoiledSecond is a file with two keys, the second with the public key of the
// first.
func spoiledSecond(t testing.TB, keys []*PrivateKey) []byte {
	t.Helper()
	plain, err := writeKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	public := keys[1].Public().String()
	return lockedFile(t, bytes.Replace(plain, []byte(public), []byte(keys[0].Public().String()), 1), "p")
}

// lockedFile locks any bytes, also under the empty passphrase.
func lockedFile(t testing.TB, plain secret.Bytes, pass string) []byte {
	t.Helper()
	b, err := seal(plain, secret.Bytes(pass), cheap, &steady{next: 0x20})
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(keyFile{true, b}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A cheap file must not open where nobody asked for cheap ones.
func TestCheapFilesAreForTests(t *testing.T) {
	b, err := SealKeys(newKeys(t, &steady{}, 1), secret.Bytes("p"), cheap, &steady{})
	if err != nil {
		t.Fatal(err)
	}
	for _, opener := range []KeyOpener{{}, {Also: ProductCost}, {Also: 4}} {
		if _, err := opener.Open(b, secret.Bytes("p")); !errors.Is(err, ErrKDF) {
			t.Errorf("with %v: %v", opener, err)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	k := newKeys(t, &steady{}, 2)
	k[1].Wipe()
	for name, c := range map[string]struct {
		keys []*PrivateKey
		pass string
		want error // nil: any
	}{
		"empty passphrase":    {k[:1], "", ErrEmptyPassphrase},
		"passphrase of zeros": {k[:1], "\x00\x00\x00", ErrEmptyPassphrase},
		"a wiped key":         {k, "p", ErrWiped},
		"no keys":             {nil, "p", nil},
	} {
		b, err := SealKeys(c.keys, secret.Bytes(c.pass), cheap, &steady{})
		if err == nil || b != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := SealKeys(k[:1], secret.Bytes("p"), cheap, bytes.NewReader(make([]byte, saltSize+nonceSize-1))); err == nil {
		t.Error("a file was locked with less randomness than it needs")
	}
}

func TestInspectKeyFile(t *testing.T) {
	for name, c := range map[string]struct {
		b    string
		want KeyFileInfo
	}{
		"of v0":       {v0KeyFile, KeyFileInfo{Encrypted: true, Cost: 32768, Known: true}},
		"of v0.7.0":   {strings.Replace(v0KeyFile, "32768", "65536", 1), KeyFileInfo{Encrypted: true, Cost: 65536, Known: true}},
		"in the open": {`{"encrypted":false,"data":[{"keytype":"ed25519"}]}`, KeyFileInfo{}},
		"of a test":   {string(lockedFile(t, []byte("[]"), "p")), KeyFileInfo{Encrypted: true, Cost: cheap}},
		"hostile":     {strings.Replace(v0KeyFile, "32768", "1073741824", 1), KeyFileInfo{Encrypted: true, Cost: 1 << 30}},
	} {
		if info, err := InspectKeyFile([]byte(c.b)); err != nil || info != c.want {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
	if _, err := InspectKeyFile([]byte("[]")); err == nil {
		t.Error("a list was taken for a key file")
	}
}

// What is wrong inside a key file is said without showing what is inside.
func TestOpenErrorsShowNoSecret(t *testing.T) {
	k := newKeys(t, &steady{next: 100}, 1)
	plain, err := writeKeys(k)
	if err != nil {
		t.Fatal(err)
	}
	seed := hex.EncodeToString(k[0].private()[:4])
	for _, edit := range []struct{ from, to string }{
		{`"private": "`, `"private": x"`}, {`"private": "`, `"`}, {`"private": "` + seed, `"` + seed + `": "`},
		{`"private": "`, `"private": "zz`}, {`"private"`, `"privat"`},
	} {
		b := lockedFile(t, bytes.Replace(plain, []byte(edit.from), []byte(edit.to), 1), "p")
		if _, err := cheapOpener.Open(b, secret.Bytes("p")); err == nil || strings.Contains(err.Error(), seed) {
			t.Errorf("%q: %v", edit.to, err)
		}
	}
}

// FuzzKeyFile: no panic, and scrypt is asked for the three known costs only.
func FuzzKeyFile(f *testing.F) {
	f.Add([]byte(v0KeyFile))
	f.Add([]byte(`{"encrypted":false,"data":[]}`))
	f.Add([]byte(strings.Replace(v0KeyFile, "32768", "65537", 1)))
	plain, err := writeKeys(newKeys(f, &steady{}, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(plain))
	for _, seed := range otherKeySeeds(f) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		info, inspected := InspectKeyFile(b)
		asked := Cost(0)
		_, err := KeyOpener{}.open(b, secret.Bytes("p"), func(_ secret.Bytes, _ []byte, cost Cost) (secret.Bytes, error) {
			asked = cost
			return make(secret.Bytes, boxKey), nil
		})
		if asked != 0 && asked != 32768 && asked != 65536 && asked != 131072 {
			t.Fatalf("scrypt was asked for N = %d", asked)
		}
		if asked != 0 && (inspected != nil || info.Cost != asked || !info.Known) {
			t.Fatalf("opening derives with N = %d, and inspecting says %+v, %v", asked, info, inspected)
		}
		if err == nil {
			t.Fatal("a box of noise opened")
		}
		if keys, err := readKeys(b); err == nil {
			if _, err := writeKeys(keys); err != nil {
				t.Fatalf("keys were read that cannot be written: %v", err)
			}
		}
	})
}

// otherKeySeeds are what is inside files of ECDSA and RSA keys, whole and spoilt in
// the places that are read with care.
func otherKeySeeds(t testing.TB) []string {
	t.Helper()
	inside := func(keys ...*PrivateKey) string {
		b, err := writeKeys(keys)
		must(t, err)
		return string(b)
	}
	all := oneOfEach(t)
	ec, rs := inside(all[1]), inside(all[2])
	return []string{
		ec, rs, inside(all...),
		strings.Replace(ec, keyECDSA, keyECDSAOld, 1),
		strings.Replace(ec, pemInside(t, ec), p384(t), 1),
		strings.Replace(ec, pemInside(t, ec), pemInside(t, rs), 1),
		strings.Replace(rs, pemInside(t, rs), weakRSA(t), 1),
		strings.Replace(rs, schemeRSA, "rsa-pkcs1v15-sha256", 1),
		strings.Replace(rs, `KEY-----\n`, `KEY-----\nDEK-Info: x\n\n`, 1),
		strings.Replace(ec, `"private": "`, `"private": "AAAA`, 1),
	}
}

// What the fuzzer begins with is near the mark: the whole files are read.
func TestOtherKeySeedsAreKeyFiles(t *testing.T) {
	for i, seed := range otherKeySeeds(t)[:4] {
		keys, err := readKeys(secret.Bytes(seed))
		if err != nil || len(keys) == 0 || slices.ContainsFunc(keys, func(k *PrivateKey) bool { return k == nil }) {
			t.Errorf("seed %d gives %d keys: %v", i, len(keys), err)
		}
	}
}
