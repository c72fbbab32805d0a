package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony"
)

func TestSerialConsole(t *testing.T) {
	for cmdline, want := range map[string]string{
		"":                                  "",
		"quiet console=tty0":                "",
		"quiet signer.serial=ttyS0 panic=5": "ttyS0",
		"signer.serial=ttyAMA0":             "ttyAMA0",
		"signer.serialx=ttyS0 ssigner.serial=ttyS1": "",
	} {
		if got, err := serialConsole(cmdline); err != nil || got != want {
			t.Errorf("%q: %q, %v, not %q", cmdline, got, err, want)
		}
	}
	for _, cmdline := range []string{"signer.serial=", "signer.serial=../mem", "signer.serial=tty1", "signer.serial=ttyS0,115200"} {
		if got, err := serialConsole(cmdline); err == nil {
			t.Errorf("%q is taken for the console %q", cmdline, got)
		}
	}
}

func TestParseOrder(t *testing.T) {
	order, err := parseOrder(strings.NewReader("usbcore.ko.xz nousb=0 quirks=a b\nxhci-pci.ko.xz\n"))
	if err != nil || len(order) != 2 || order[0] != (module{"usbcore.ko.xz", "nousb=0 quirks=a b"}) || order[1] != (module{"xhci-pci.ko.xz", ""}) {
		t.Errorf("%q, %v", order, err)
	}
	for _, list := range []string{"\n", "../evil.ko\n", "a/b.ko\n", strings.Repeat("x", 1<<17)} {
		if order, err := parseOrder(strings.NewReader(list)); err == nil {
			t.Errorf("%.20q is taken for %q", list, order)
		}
	}
}

func TestReadInfo(t *testing.T) {
	good := `{"name":"signer","version":"1","built":"2026-11-22T00:00:00Z","arch":"amd64","kernel":"6.12","disk":"5D9A1C10-0000-4000-8000-000000000001"}`
	name := filepath.Join(t.TempDir(), "image.json")
	read := func(text string) (ceremony.ImageInfo, error) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return readInfo(name)
	}
	if info, err := read(good); err != nil || info.String() != "signer 1, amd64, made on 22 November 2026" {
		t.Errorf("%v, %v", info, err)
	}
	for _, text := range []string{"", "{}", strings.Replace(good, `"disk"`, `"other"`, 1), strings.Replace(good, "2026-11-22T00:00:00Z", "yesterday", 1)} {
		if info, err := read(text); err == nil {
			t.Errorf("%q is taken for %v", text, info)
		}
	}
}

func TestFontFile(t *testing.T) {
	for _, c := range []struct {
		width, height int
		want          string
	}{{0, 0, "/console/16.psf"}, {1024, 768, "/console/16.psf"}, {1279, 1024, "/console/16.psf"}, {1280, 767, "/console/16.psf"},
		{1280, 768, "/console/32.psf"}, {3840, 2160, "/console/32.psf"}} {
		if got := fontFile(c.width, c.height); got != c.want {
			t.Errorf("%d by %d: %s, not %s", c.width, c.height, got, c.want)
		}
	}
}

func TestCheckKernel(t *testing.T) {
	const words, locked, none = "quiet init_on_alloc=1 init_on_free=1 nohibernate\n", "none integrity [confidentiality]\n", "Filename\tType\tSize\tUsed\tPriority\n"
	if err := checkKernel(words, locked, none); err != nil {
		t.Error(err)
	}
	for want, c := range map[string][3]string{
		"without init_on_alloc=1":                            {strings.Replace(words, "init_on_alloc=1", "init_on_alloc=0", 1), locked, none},
		"without init_on_free=1":                             {"init_on_alloc=1 nohibernate", locked, none},
		"without nohibernate":                                {"init_on_alloc=1 init_on_free=1", locked, none},
		"not locked down (none [integrity] confidentiality)": {words, "none [integrity] confidentiality\n", none},
		"not locked down ()":                                 {words, "", none},
		"swapped to a disk: /dev/sda":                        {words, locked, none + "/dev/sda2 partition 1 0 -2\n"},
	} {
		if err := checkKernel(c[0], c[1], c[2]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
}

func TestParagraph(t *testing.T) {
	text := paragraph(strings.Repeat("wörter und ", 20)+"\x1b[2J", "   ")
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if n := len([]rune(line)); n > columns || !strings.HasPrefix(line, "   w") && !strings.HasPrefix(line, "   u") {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if strings.Contains(text, "\x1b") || !strings.Contains(text, "<1B>[2J") {
		t.Errorf("%q reaches the console", text)
	}
}
