package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"signer/ceremony/tuf"
)

var words = []byte("plover sextant marmalade quorum")

func TestFind(t *testing.T) {
	binary := []byte("\x00\xff\xfe line\nbreak\x1b\xfb\xef\xbe\x80")
	for _, secret := range [][]byte{words, binary, bytes.Repeat([]byte{0xfb}, 32)} {
		known := []Secret{{"the secret", secret}}
		for form, data := range map[string]string{
			"as it is":              "a " + string(secret) + " b",
			"in hex":                "0" + hex.EncodeToString(secret) + "f",
			"in hex, capitals":      strings.ToUpper(hex.EncodeToString(secret)),
			"in hex, groups":        strings.ReplaceAll(fmt.Sprintf("% x", secret), " ", " \n"),
			"as numbers":            fmt.Sprintf("%d", secret),
			"as numbers, Go syntax": strings.ReplaceAll(fmt.Sprintf("%d", secret), " ", ", "),
		} {
			if found := Find([]byte(data), known); len(found) != 1 || !strings.HasPrefix("the secret "+form, found[0]) {
				t.Errorf("%s of %q: found %q in %q", form, secret, found, data)
			}
		}
		findsBase64(t, secret)
		for _, harmless := range []string{"", string(secret[1:]), hex.EncodeToString(secret[1:]), base64.StdEncoding.EncodeToString(secret[1:])} {
			if found := Find([]byte(harmless), known); len(found) > 0 {
				t.Errorf("found %q in %q", found, harmless)
			}
		}
	}
}

// findsBase64 encodes the secret at every place of something longer.
func findsBase64(t *testing.T, secret []byte) {
	t.Helper()
	for before := range 7 {
		for after := range 7 {
			whole := append(noise(before), append(bytes.Clone(secret), noise(after)...)...)
			for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
				encoded := e.EncodeToString(whole)
				lines := encoded[:10] + "\r\n" + encoded[10:]
				if found := Find([]byte(lines), []Secret{{"s", secret}}); len(found) != 1 || found[0] != "s in base64" {
					t.Errorf("%d bytes before and %d after %q: found %q in %q", before, after, secret, found, lines)
				}
			}
		}
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

// TestFindWantsSecrets: an empty secret would be found everywhere, or nowhere.
func TestFindWantsSecrets(t *testing.T) {
	if found := Find([]byte("text"), []Secret{{Name: "nothing"}}); len(found) != 1 || !strings.Contains(found[0], "cannot be looked for") {
		t.Errorf("found %q", found)
	}
}

func TestUnlock(t *testing.T) {
	seed := bytes.Repeat([]byte{7}, 32)
	key, err := tuf.NewKey(bytes.NewReader(seed))
	if err != nil {
		t.Fatal(err)
	}
	file, err := tuf.SealKeys([]*tuf.PrivateKey{key}, words, 2, bytes.NewReader(make([]byte, 1000)))
	if err != nil {
		t.Fatal(err)
	}
	found, err := Unlock(file, words)
	if err != nil || len(found) != 1 || !bytes.Equal(found[0].Bytes, seed) || !strings.Contains(found[0].Name, key.Public().String()) {
		t.Errorf("found %q, %v", found, err)
	}
	if _, err := Unlock(file, []byte("plover")); err == nil {
		t.Error("any passphrase opens it")
	}
	if found := Find(file, found); len(found) > 0 {
		t.Errorf("a locked file holds %q", found)
	}
}
