package ceremony

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
)

// sshFile is one of testdata/sshsig, which ssh-keygen of OpenSSH 9.2 made; its
// private keys are gone.
func sshFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "sshsig", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSSHSignaturesOfOpenSSHAreTaken(t *testing.T) {
	want := strings.TrimSpace(string(sshFile(t, "fingerprint"))) // as ssh-keygen -l shows it
	for _, name := range []string{"good.sig", "sha256.sig"} {
		key, err := verifySSHSIG(sshFile(t, name), sshFile(t, "signer.img.sha256"))
		if err != nil || key.Fingerprint() != want {
			t.Errorf("%s is of %s, %v; want %s", name, key.Fingerprint(), err, want)
		}
	}
}

// TestTheManualSignsAsThisProgramWants runs what docs/image.md tells people to type.
func TestTheManualSignsAsThisProgramWants(t *testing.T) {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		oracle.Missing(t, "ssh-keygen is not on this machine")
	}
	manual, err := os.ReadFile(filepath.Join("..", "docs", "image.md"))
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	message := []byte(tuf.DigestOf([]byte("an image")).String() + "  signer.img\n")
	if err := os.WriteFile(filepath.Join(home, "signer.img.sha256"), message, 0o600); err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, line := range append([]string{"mkdir .ssh", "ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519"}, regexp.MustCompile(`(?m)^ssh-keygen .*$`).FindAllString(string(manual), -1)...) {
		typed := exec.Command("sh", "-c", strings.ReplaceAll(line, "~", home))
		typed.Dir = home
		out, err := typed.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		said += string(out)
	}
	signature, err := os.ReadFile(filepath.Join(home, "signer.img.sha256.sig"))
	if err != nil {
		t.Fatal(err)
	}
	if key, err := verifySSHSIG(signature, message); err != nil || !strings.Contains(said, key.Fingerprint()) {
		t.Errorf("signed by %s, %v; ssh-keygen says\n%s", key.Fingerprint(), err, said)
	}
}

func TestOtherSSHSignaturesAreRefused(t *testing.T) {
	message, good := sshFile(t, "signer.img.sha256"), sshFile(t, "good.sig")
	for what, c := range map[string]struct{ signature, message []byte }{
		"over another file":          {good, append(bytes.Clone(message), '\n')},
		"for electronic mail":        {sshFile(t, "email.sig"), message},
		"by an RSA key":              {sshFile(t, "rsa.sig"), message},
		"that is none":               {message, message},
		"of nothing":                 {nil, message},
		"cut short":                  {good[:len(good)-40], message},
		"with something at its end":  {bytes.Replace(good, []byte("-----END"), []byte("AAAA\n-----END"), 1), message},
		"of another version":         {bytes.Replace(good, []byte("U1NIU0lHAAAAAQ"), []byte("U1NIU0lHAAAAAg"), 1), message},
		"larger than any":            {append(bytes.Clone(good), make([]byte, mostSignature)...), message},
		"with a key of another type": {bytes.Replace(good, []byte("c3NoLWVkMjU1MTkAAAAgK7"), []byte("c3NoLWVkMjU1MTgAAAAgK7"), 1), message},
	} {
		if key, err := verifySSHSIG(c.signature, c.message); !errors.Is(err, errSSHSIG) || key != (sshKey{}) {
			t.Errorf("a signature %s is taken for one of %s: %v", what, key.Fingerprint(), err)
		}
	}
}

// Every bit of a good signature counts.
func TestAnAlteredSSHSignatureIsRefused(t *testing.T) {
	message := sshFile(t, "signer.img.sha256")
	blob, err := sshsigBlob(sshFile(t, "good.sig"))
	if err != nil {
		t.Fatal(err)
	}
	good, _ := verifySSHSIG(armour(blob), message)
	for i := range 8 * len(blob) {
		altered := bytes.Clone(blob)
		altered[i/8] ^= 1 << (i % 8)
		if key, err := verifySSHSIG(armour(altered), message); err == nil {
			t.Errorf("bit %d does not count: taken for one of %s, want %s", i, key.Fingerprint(), good.Fingerprint())
		}
	}
}

func TestDigestFilesAreAsSha256sumWritesThem(t *testing.T) {
	d := tuf.DigestOf([]byte("an image"))
	for text, want := range map[string]int{
		d.String() + "  signer.img\n":                       1,
		d.String() + " *signer.img\r\n":                     1,
		d.String() + "  a.img\n\n" + d.String() + "  b.img": 2,
		"":                0,
		d.String():        0,
		d.String() + "  ": 0,
		strings.ToUpper(d.String()) + "  signer.img\n":   0,
		d.String() + "  a.img\nand more\n":               0,
		strings.Repeat(d.String()+"  signer.img\n", 100): 0,
		"SHA256 (signer.img) = " + d.String() + "\n":     0,
		"\ufeff" + d.String() + "  signer.img\n":         0,
		d.String()[:62] + "  signer.img\n":               0,
	} {
		all, err := parseDigests([]byte(text))
		if len(all) != want || (err == nil) != (want > 0) {
			t.Errorf("%q has %d digests, %v; want %d", text, len(all), err, want)
		}
	}
}

func TestWhatWasTypedIsComparedInAnyForm(t *testing.T) {
	d := tuf.DigestOf([]byte("an image"))
	words := d.Words()
	for typed, want := range map[string][2]bool{ // taken, matches
		d.String():                                 {true, true},
		d.Groups()[:39]:                            {true, true},
		strings.ToUpper(d.Groups()[:44]):           {true, true},
		strings.Join(words[:16], " "):              {true, true},
		strings.ToLower(strings.Join(words, "  ")): {true, true},
		d.String()[1:]:                             {true, false},
		strings.Join(words[1:18], " "):             {true, false},
		d.String() + "0":                           {false, false},
		d.String()[:31]:                            {false, false},
		strings.Join(words[:15], " "):              {false, false},
		strings.Join(words, " ") + " stairway":     {false, false},
		"":                                         {false, false},
		"yes it is":                                {false, false},
	} {
		how, matches := beginsWith(d, typed)
		if (how != "") != want[0] || matches != want[1] {
			t.Errorf("%q is taken for %q, and matches: %v", typed, how, matches)
		}
	}
}

func TestInfoOfImages(t *testing.T) {
	good := `{"name":"signer","version":"2.0","built":"2026-11-20T00:00:00Z","arch":"amd64","kernel":"6.12","disk":"X","blocks":7}`
	if title := imageTitle([]byte(good + "\n")); title != "signer 2.0, amd64, made on 20 November 2026" {
		t.Errorf("the image calls itself %q", title)
	}
	for _, bad := range []string{"", "{}", good + good, `{"name":"signer"}`, `{"built":"2026-11-20T00:00:00Z"}`, "[]", "null", good + strings.Repeat(" ", mostInfo),
		strings.Replace(good, "2.0", strings.Repeat("9", 200), 1)} {
		if info, err := ParseImageInfo([]byte(bad)); err == nil {
			t.Errorf("%q is the image %v", bad, info)
		}
	}
}

// FuzzNextImage: what is on the drives of strangers is refused or taken, and
// nothing else.
func FuzzNextImage(f *testing.F) {
	message := sshFile(f, "signer.img.sha256")
	for _, name := range []string{"good.sig", "sha256.sig", "email.sig", "rsa.sig", "signer.img.sha256"} {
		f.Add(sshFile(f, name))
	}
	f.Add([]byte(`{"name":"signer","version":"2.0","built":"2026-11-20T00:00:00Z","arch":"amd64"}`))
	f.Add([]byte("abcd ef01 2345"))
	d := tuf.DigestOf([]byte("an image"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if key, err := verifySSHSIG(b, message); (err == nil) == (key == sshKey{}) {
			t.Errorf("%v, by %s", err, key.Fingerprint())
		}
		if all, err := parseDigests(b); (err == nil) == (len(all) == 0) || len(b) > mostDigestFile && err == nil {
			t.Errorf("%v, %d digests", err, len(all))
		}
		if info, err := ParseImageInfo(b); err == nil && (info.Name == "" || info.Built.IsZero()) {
			t.Errorf("an image without a name or a date: %+v", info)
		}
		if how, matches := beginsWith(d, string(b)); matches && how == "" {
			t.Error("too little matches")
		}
	})
}
