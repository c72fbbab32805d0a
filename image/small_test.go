package image

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/image/debian"
	"signer/image/disk"
)

// small are parts that need no package: what joins them is tested without any.
func small() (parts, Options, arch) {
	a, _ := archNamed("amd64")
	from := debian.Package{Name: "linux-image-6.12.1+deb13-amd64", Version: "6.12.1-1", Arch: "amd64"}
	p := parts{
		kernel:   kernel{from: from, version: "6.12.1+deb13-amd64", image: []byte("a kernel"), modules: []Module{{"kernel/fs/fat/fat.ko.xz", []byte("fat")}, {"kernel/fs/fat/vfat.ko.xz", []byte("vfat")}}},
		program:  []byte("a program"),
		console:  []entry{{"console/16.psf", fileMode, []byte("a font"), "fonts 1"}},
		esp:      []espFile{{"vmlinuz", []byte("a kernel"), originOf(from), true}, {"EFI/BOOT/BOOTX64.EFI", []byte("shim"), "shim-signed 1", false}},
		packages: []debian.Package{from},
	}
	return p, Options{Arch: "amd64", Version: "1.2", Built: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}, a
}

func assembled(t *testing.T, change func(*parts)) *Built {
	t.Helper()
	p, o, a := small()
	change(&p)
	b, err := p.assemble(o, a)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func nothing(*parts) {}

func TestContentsAreWhatWasPutIn(t *testing.T) {
	b := assembled(t, nothing)
	contents, err := Contents(bytes.NewReader(b.Image))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, c := range contents {
		found[c.Name] = string(c.Data)
	}
	for name, want := range map[string]string{"esp/vmlinuz": "a kernel", "esp/EFI/BOOT/BOOTX64.EFI": "shim", "initramfs/init": "a program",
		"initramfs/modules/order": "fat.ko.xz\nvfat.ko.xz\n", "initramfs/modules/vfat.ko.xz": "vfat", "initramfs/console/16.psf": "a font"} {
		if found[name] != want {
			t.Errorf("%s is %q, want %q", name, found[name], want)
		}
	}
	if len(found) != len(b.Files) {
		t.Errorf("%d files are in the image, and %d are listed", len(found), len(b.Files))
	}
	if got := ArchOf(contents); got != "amd64" {
		t.Errorf("the image is for %q", got)
	}
}

// PID 1 finds the boot drive by the GUID that it reads in the initramfs: it must be
// the medium's own.
func TestImageNamesItself(t *testing.T) {
	b := assembled(t, nothing)
	var infos [][]byte // the one PID 1 reads, and the one that an older appliance shows
	table, err := disk.ReadTable(bytes.NewReader(b.Image))
	if err != nil {
		t.Fatal(err)
	}
	contents, _ := Contents(bytes.NewReader(b.Image))
	var told about
	for _, c := range contents {
		if strings.HasSuffix(c.Name, "/image.json") {
			infos = append(infos, c.Data)
		}
		if c.Name == "initramfs/etc/image.json" {
			if err := json.Unmarshal(c.Data, &told); err != nil {
				t.Fatal(err)
			}
		}
	}
	if told.Disk != table.Disk.String() || told.Disk != b.Disk {
		t.Errorf("image.json says %s, the partition table %s", told.Disk, table.Disk)
	}
	if len(infos) != 2 || !bytes.Equal(infos[0], infos[1]) {
		t.Errorf("the image says of itself %q", infos)
	}
	if told.Version != "1.2" || told.Kernel != "6.12.1+deb13-amd64" || told.Arch != "amd64" || !told.Built.Equal(b.Built) {
		t.Errorf("image.json says %+v", told)
	}
}

func TestIdsFollowTheContents(t *testing.T) {
	b, same := assembled(t, nothing), assembled(t, nothing)
	if !bytes.Equal(b.Image, same.Image) {
		t.Error("the same parts give two images")
	}
	for name, change := range map[string]func(*parts){
		"program": func(p *parts) { p.program = []byte("another program") },
		"kernel":  func(p *parts) { p.esp[0].data = []byte("another kernel") },
		"font":    func(p *parts) { p.console[0].data = []byte("another font") },
		"order":   func(p *parts) { slices.Reverse(p.kernel.modules) },
	} {
		if other := assembled(t, change); other.Disk == b.Disk {
			t.Errorf("another %s, and the same id %s", name, b.Disk)
		}
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	b := assembled(t, nothing)
	torn := bytes.Clone(b.Image)
	torn[len(torn)-1000] ^= 1
	for _, test := range []struct {
		name  string
		other []byte
		want  string // "" for none
	}{
		{"same", b.Image, ""},
		{"program", assembled(t, func(p *parts) { p.program = []byte("a progrAm") }).Image, "initramfs/init differs from byte 7 on"},
		{"shim", assembled(t, func(p *parts) { p.esp[1].data = []byte("shi") }).Image, "esp/EFI/BOOT/BOOTX64.EFI differs from byte 3 on, and has 3 bytes instead of 4"},
		{"module more", assembled(t, func(p *parts) { p.kernel.modules = append(p.kernel.modules, Module{"net/x.ko.xz", []byte("x")}) }).Image, "initramfs/modules/x.ko.xz is in it, and should not be"},
		{"module less", assembled(t, func(p *parts) { p.kernel.modules = p.kernel.modules[:1] }).Image, "initramfs/modules/vfat.ko.xz is not in it"},
		{"outside files", torn, "its files are the same, in the same order; what holds them is not"},
		{"longer", append(bytes.Clone(b.Image), 0, 0), "it begins with the image, and goes on for 2 bytes"},
		{"something else", []byte("nothing at all"), "its files cannot be read: "},
	} {
		said := b.Differences(test.other)
		if test.want == "" && len(said) > 0 || test.want != "" && !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, test.want) }) {
			t.Errorf("%s: said %q, want %q", test.name, said, test.want)
		}
	}
}

func TestTooLargeAnImageIsNotMade(t *testing.T) {
	p, o, a := small()
	a.limit = 1 << 20
	if _, err := p.assemble(o, a); err == nil || !strings.Contains(err.Error(), "1048576 is the limit for amd64") {
		t.Errorf("error %v", err)
	}
}

func TestSPDXNamesEveryFile(t *testing.T) {
	b := assembled(t, nothing)
	data, err := b.SPDX()
	if err != nil {
		t.Fatal(err)
	}
	var d spdxDocument
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	contained, from := map[string]bool{}, map[string]string{}
	for _, r := range d.Relations {
		if r.Type == "CONTAINS" {
			contained[r.To] = true
		} else if r.Type == "GENERATED_FROM" {
			from[r.From] = r.To
		}
	}
	if len(d.Files) != len(b.Files) {
		t.Errorf("%d files are listed of %d", len(d.Files), len(b.Files))
	}
	for _, f := range d.Files {
		if !contained[f.ID] || len(f.Sums) != 2 || f.Comment == "" {
			t.Errorf("%+v is not told of in full", f)
		}
	}
	kernel := slices.IndexFunc(d.Files, func(f spdxFile) bool { return f.Name == "./esp/vmlinuz" })
	if kernel < 0 || from[d.Files[kernel].ID] != "SPDXRef-package-1" {
		t.Errorf("the kernel's package is not named")
	}
}

func TestDateOfTheSource(t *testing.T) {
	date, err := SourceDate("..")
	if err != nil || date.Before(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the source is of %s, %v", date, err)
	}
	if _, err := SourceDate(t.TempDir()); err == nil {
		t.Error("a folder without source has a date")
	}
	if v, err := goVersion(".."); err != nil || !strings.HasPrefix(v, "1.") {
		t.Errorf("Go %q, %v", v, err)
	}
}

func TestKeptFilesAreBelievedWholeOnly(t *testing.T) {
	name := t.TempDir() + "/a/b.tar"
	want := files{"boot/vmlinuz-1": []byte("kernel"), "empty": {}}
	if err := keep(name, want); err != nil {
		t.Fatal(err)
	}
	got, err := readKept(name)
	if err != nil || len(got) != 2 || string(got["boot/vmlinuz-1"]) != "kernel" {
		t.Fatalf("kept %q, %v", got, err)
	}
	data, _ := os.ReadFile(name)
	for _, worn := range [][]byte{data[:len(data)-1], data[:20], nil, append([]byte{data[0] ^ 1}, data[1:]...)} {
		if err := os.WriteFile(name, worn, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readKept(name); err == nil {
			t.Errorf("%d bytes of %d were believed", len(worn), len(data))
		}
	}
}
