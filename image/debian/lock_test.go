package debian

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const oneLocked = lockTitle + `

Package: linux-image-6.12.107+deb13-amd64
Version: 6.12.107-1
Architecture: amd64
Suite: trixie-security
Archive: debian-security
Filename: pool/updates/main/l/linux-signed-amd64/linux-image-6.12.107+deb13-amd64_6.12.107-1_amd64.deb
Size: 107898972
SHA256: 196ff18533382f64e057ea49df2bb486bd4275a4cc0917361edb560b8756dada
`

const twoLocked = oneLocked + `
Package: xkb-data
Version: 2.42-1
Architecture: all
Suite: trixie
Archive: debian
Filename: pool/main/x/xkeyboard-config/xkb-data_2.42-1_all.deb
Size: 789736
SHA256: 096ff18533382f64e057ea49df2bb486bd4275a4cc0917361edb560b8756dada
`

func TestLockIsWrittenAsItWasRead(t *testing.T) {
	for _, text := range []string{lockTitle + "\n", oneLocked, twoLocked} {
		lock := parse(t, text)
		slices.Reverse(lock) // written sorted, whatever the order
		var b bytes.Buffer
		if n, err := lock.WriteTo(&b); err != nil || n != int64(len(text)) || b.String() != text {
			t.Errorf("%v: wrote %d bytes:\n%s\nwant:\n%s", err, n, b.String(), text)
		}
	}
}

func parse(t *testing.T, text string) Lock {
	t.Helper()
	lock, err := ParseLock(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestLockRefusesWhatNoWriterWrote(t *testing.T) {
	alter := func(old, with string) string { return strings.Replace(twoLocked, old, with, 1) }
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "line 1"},
		{"without title", twoLocked[len(lockTitle):], "line 1: want"},
		{"cut off", twoLocked[:len(twoLocked)-1], "line 19: \"SHA256"},
		{"cut off between lines", twoLocked[:strings.Index(twoLocked, "SHA256")], "line 10: unexpected EOF"},
		{"carriage returns", strings.ReplaceAll(twoLocked, "\n", "\r\n"), "line 1"},
		{"unknown field", alter("Suite:", "Section:"), `line 6: want "Suite: ..."`},
		{"fields in another order", alter("Version: 6.12.107-1\nArchitecture: amd64\n", "Architecture: amd64\nVersion: 6.12.107-1\n"), "line 4"},
		{"spaces", alter("Suite: ", "Suite:  "), "suite"},
		{"twice the same", twoLocked + twoLocked[len(oneLocked):], "there twice"},
		{"not sorted", lockTitle + "\n" + twoLocked[len(oneLocked):] + oneLocked[len(lockTitle)+1:], "not sorted"},
		{"an address", alter("pool/main", "https://mirror.example/pool/main"), "line 19: filename"},
		{"out of the archive", alter("pool/main", "pool/../main"), "filename"},
		{"absolute", alter("pool/main", "/pool/main"), "filename"},
		{"not a package", alter("_all.deb", "_all.sh"), "filename"},
		{"unknown archive", alter("Archive: debian\n", "Archive: ubuntu\n"), "archive"},
		{"no size", alter("789736", "0"), "size"},
		{"negative size", alter("789736", "-1"), "size"},
		{"size in another form", alter("789736", "0789736"), "size"},
		{"huge", alter("789736", "9999999999999"), "size"},
		{"short digest", alter("096ff", "96ff"), "line 19: SHA256"},
		{"upper-case digest", alter("096ff", "096FF"), "line 19: SHA256"},
		{"not hex", alter("096ff", "096fg"), "line 19: SHA256"},
		{"name with a path", alter("Package: xkb-data", "Package: ../xkb-data"), "package"},
		{"more lines than any lock", twoLocked + strings.Repeat("\n", maxLockSize), "more than"},
	} {
		_, err := ParseLock(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

func TestLockWritesNothingThatItWouldNotRead(t *testing.T) {
	good := parse(t, twoLocked)
	bad := slices.Clone(good)
	bad[1].Path = "pool/a b.deb"
	for _, lock := range []Lock{bad, append(slices.Clone(good), good[0]), {Package{}}} {
		if n, err := lock.WriteTo(io.Discard); err == nil || n != 0 {
			t.Errorf("wrote %d bytes of %v", n, lock)
		}
	}
}

func TestPick(t *testing.T) {
	lock := parse(t, twoLocked)
	kernel := regexp.MustCompile(`linux-image-6\.12\.[0-9.]+\+deb13-amd64`)
	for _, c := range []struct {
		want Want
		name string
	}{
		{Want{Name: "xkb-data", Arch: "amd64"}, "xkb-data"},
		{Want{Name: "xkb-data", Arch: "arm64"}, "xkb-data"},
		{Want{Pattern: kernel, Arch: "amd64"}, "linux-image-6.12.107+deb13-amd64"},
		{Want{Pattern: kernel, Arch: "arm64"}, ""},
		{Want{Pattern: regexp.MustCompile(`linux-image`), Arch: "amd64"}, ""}, // not the whole name
		{Want{Name: "grub", Arch: "amd64"}, ""},
	} {
		p, err := lock.Pick(c.want)
		if p.Name != c.name || (err == nil) != (c.name != "") {
			t.Errorf("%s: %q %v, want %q", c.want, p.Name, err, c.name)
		}
		if err != nil && (!errors.Is(err, ErrNotLocked) || !strings.Contains(err.Error(), RelockCommand)) {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}

func FuzzParseLock(f *testing.F) {
	f.Add(twoLocked)
	f.Add(lockTitle + "\n\nPackage: a")
	f.Fuzz(func(t *testing.T, text string) {
		lock, err := ParseLock(strings.NewReader(text))
		if err != nil {
			return
		}
		var b strings.Builder
		if _, err := lock.WriteTo(&b); err != nil || b.String() != text {
			t.Errorf("%q is read, and written as %q (%v)", text, b.String(), err)
		}
	})
}
