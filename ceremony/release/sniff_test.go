package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// The heads of files, as linkers write them.

func elfHead(machine uint16, abi byte) []byte {
	b := make([]byte, 64)
	copy(b, "\x7fELF\x02\x01\x01")
	b[7], b[16] = abi, 2
	binary.LittleEndian.PutUint16(b[18:], machine)
	return b
}

func peHead(machine uint16) []byte {
	b := make([]byte, 0x200)
	copy(b, "MZ")
	b[0x3c] = 0x80
	copy(b[0x80:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(b[0x84:], machine)
	return b
}

func machHead(cpu uint32) []byte {
	b := make([]byte, 32)
	binary.LittleEndian.PutUint32(b, 0xfeedfacf)
	binary.LittleEndian.PutUint32(b[4:], cpu)
	return b
}

func universalHead(cpus ...uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0xca, 0xfe, 0xba, 0xbe}, uint32(len(cpus)))
	for _, cpu := range cpus {
		b = append(binary.BigEndian.AppendUint32(b, cpu), make([]byte, 16)...)
	}
	return b
}

// member is a file of an archive; a name with a slash at its end is a folder.
type member struct {
	name string
	data []byte
}

func tarGz(t testing.TB, members ...member) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: 0o755, Size: int64(len(m.data)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(m.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(t testing.TB, content string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	elfAMD64, elfARM64, elf386 = 62, 183, 3
	peAMD64, peARM64, pe386    = 0x8664, 0xaa64, 0x14c
	machAMD64, machARM64       = 0x1000007, 0x100000c
)

// samples are files of every kind, and the platforms that each is for.
func samples(t testing.TB) []struct {
	what, file string // file is the last part of the path
	b          []byte
	fits       string
} {
	const everywhere = "macos linux linux-arm64 windows windows-arm64"
	app := member{"osquery.app/Contents/MacOS/osqueryd", universalHead(machAMD64, machARM64)}
	return []struct {
		what, file string
		b          []byte
		fits       string
	}{
		{"empty", "x", nil, ""},
		{"ELF amd64", "x", elfHead(elfAMD64, 0), "linux"},
		{"ELF amd64, Linux ABI", "x.ext", elfHead(elfAMD64, 3), "linux"},
		{"ELF 386", "x", elfHead(elf386, 0), "linux"},
		{"ELF arm64", "x", elfHead(elfARM64, 0), "linux-arm64"},
		{"ELF arm", "x", elfHead(40, 0), ""},
		{"ELF amd64 for FreeBSD", "x", elfHead(elfAMD64, 9), ""},
		{"ELF cut short", "x", []byte("\x7fELF\x02\x01"), ""},
		{"PE amd64", "x.exe", peHead(peAMD64), "windows"},
		{"PE amd64, no ending", "x", peHead(peAMD64), "windows"},
		{"PE 386", "x.ext.exe", peHead(pe386), "windows"},
		{"PE arm64", "x.exe", peHead(peARM64), "windows-arm64"},
		{"ELF as .exe", "x.exe", elfHead(elfAMD64, 0), ""},
		{"text as .exe", "x.exe", []byte("not found"), ""},
		{"DOS", "x", []byte("MZ and no more"), ""},
		{"DOS, far header", "x", append([]byte("MZ"), bytes.Repeat([]byte{0xff}, 100)...), ""},
		{"Mach-O amd64", "x", machHead(machAMD64), "macos"},
		{"Mach-O arm64", "x.ext", machHead(machARM64), "macos"},
		{"Mach-O universal", "x", universalHead(machAMD64, machARM64), "macos"},
		{"Mach-O PowerPC", "x", universalHead(18), ""},
		{"Java class", "x", []byte("\xca\xfe\xba\xbe\x00\x00\x00\x34rest"), everywhere},
		{"script", "x.ext", []byte("#!/bin/sh\n"), "macos linux linux-arm64"},
		{"text", "x", []byte("{}\n"), everywhere},
		{"one byte", "x", []byte("M"), everywhere},
		{"zip", "x", []byte("PK\x03\x04rest"), everywhere},
		{"xar", "x.pkg", []byte("xar!\x00\x1crest"), "macos"},
		{"text as .pkg", "x.pkg", []byte("<html>"), ""},
		{"gzip", "x", gz(t, "text"), everywhere},
		{"gzip as archive", "x.tar.gz", gz(t, strings.Repeat("text", 1000)), ""},
		{"text as archive", "x.app.tar.gz", []byte("<html>"), ""},
		{"application", "x.app.tar.gz", tarGz(t, member{"osquery.app/", nil}, app), "macos macos-app"},
		{"application, no folder entry", "x.app.tar.gz", tarGz(t, member{"./osquery.app/Contents/Info.plist", []byte("<plist/>")}, app), "macos macos-app"},
		{"application with other programs", "x.app.tar.gz", tarGz(t, member{"a.app/w64.exe", peHead(peAMD64)}, app), "macos macos-app"},
		{"application of Linux", "x.app.tar.gz", tarGz(t, member{"a.app/a", elfHead(elfAMD64, 0)}), ""},
		{"archive without .app", "x.app.tar.gz", tarGz(t, member{"bin/a", machHead(machARM64)}), ""},
		{"desktop of Linux", "desktop.tar.gz", tarGz(t, member{"fleet-desktop/", nil}, member{"fleet-desktop/fleet-desktop", elfHead(elfAMD64, 0)}), "linux"},
		{"desktop of Linux, arm64", "desktop.tar.gz", tarGz(t, member{"d/", nil}, member{"d/d", elfHead(elfARM64, 0)}), "linux-arm64"},
		{"archive of text", "desktop.tar.gz", tarGz(t, member{"a", []byte("text")}), everywhere},
		{"archive cut short", "desktop.tar.gz", tarGz(t, member{"a", bytes.Repeat([]byte("text"), 4000)})[:90], ""},
		{"archive, garbage inside", "desktop.tar.gz", gz(t, "text"), ""},
	}
}

func TestWhatIsForElsewhereIsRefused(t *testing.T) {
	for _, c := range samples(t) {
		l, err := look(bytes.NewReader(c.b), int64(len(c.b)))
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		for _, p := range platforms() {
			wrong := p.objection(l, c.file)
			if fits := slices.Contains(strings.Fields(c.fits), p.name); fits != (wrong == "") {
				t.Errorf("%s as %s for %s: %q", c.what, c.file, p.name, wrong)
			}
		}
	}
}

// A person who mixed up two builds must see which is which.
func TestObjectionSaysWhatItIsAndWhatIsWanted(t *testing.T) {
	for _, c := range []struct {
		b        []byte
		platform string
		want     string
	}{
		{elfHead(elfARM64, 0), "linux", "it is a program for Linux on arm64 (ELF), and linux is for Linux on amd64 (ELF)"},
		{peHead(peAMD64), "macos", "it is a program for Windows on amd64 (PE), and macos is for macOS on amd64 and arm64 (Mach-O)"},
		{peHead(peAMD64), "windows-arm64", "it is a program for Windows on amd64 (PE), and windows-arm64 is for Windows on arm64 (PE)"},
		{elfHead(0x1234, 0), "linux", "it is a program for Linux on machine 0x1234 (ELF), and linux is for Linux on amd64 (ELF)"},
		{nil, "linux", "it is empty"},
		{tarGz(t, member{"a", elfHead(elfARM64, 0)}), "linux", "it is an archive with a program for Linux on arm64 (ELF), and linux is for Linux on amd64 (ELF)"},
		{machHead(machARM64), "macos-app", "it is a program for macOS on arm64 (Mach-O), and macos-app wants a file named *.app.tar.gz"},
	} {
		l, err := look(bytes.NewReader(c.b), int64(len(c.b)))
		if err != nil {
			t.Fatal(err)
		}
		p, _ := findPlatform(c.platform)
		if got := p.objection(l, "x"); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.platform, got, c.want)
		}
	}
}

// The test's own program was written by a real linker.
func TestThisProgramFitsItsPlatform(t *testing.T) {
	own := map[string]string{"linux/amd64": "linux", "linux/arm64": "linux-arm64", "windows/amd64": "windows", "windows/arm64": "windows-arm64",
		"darwin/amd64": "macos", "darwin/arm64": "macos"}[runtime.GOOS+"/"+runtime.GOARCH]
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, info, err := openSource(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := look(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range platforms() {
		if wrong := p.objection(l, "x"); (wrong == "") != (p.name == own) {
			t.Errorf("%s on %s: %q", p.name, own, wrong)
		}
	}
}

// Of a large archive little is read.
func TestLookingIsBounded(t *testing.T) {
	archive := tarGz(t, member{"a.app/filler", make([]byte, 64<<20)}, member{"a.app/a", machHead(machARM64)})
	l, err := look(bytes.NewReader(archive), int64(len(archive)))
	if err != nil || l.kind != tarball || !l.app || len(l.programs) > 0 || l.damaged != nil {
		t.Errorf("%+v, %v", l, err)
	}
}

func FuzzLook(f *testing.F) {
	for _, c := range samples(f) {
		f.Add(c.b, c.file)
	}
	f.Fuzz(func(t *testing.T, b []byte, file string) {
		l, err := look(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range platforms() {
			if wrong := p.objection(l, file); len(b) == 0 && wrong == "" {
				t.Errorf("an empty file fits %s", p.name)
			}
		}
	})
}
