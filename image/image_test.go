package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// These tests build the real image, once, out of packages that a mirror serves or
// a cache has.

var update = flag.Bool("update", false, "write the lists of files and modules anew")

var amd64Image = sync.OnceValues(func() (*Built, error) {
	o, err := TestOptions("..", "amd64")
	if err != nil {
		return nil, err
	}
	return Build(context.Background(), o)
})

func realImage(t *testing.T) *Built {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the image")
	}
	b, err := amd64Image()
	need(t, err)
	return b
}

// need skips, with the reason, a test whose packages cannot be had.
func need(t *testing.T, err error) {
	t.Helper()
	if Unavailable(err) && os.Getenv("SIGNER_REQUIRE_ALL") == "" {
		t.Skipf("no packages to build the image from: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// golden compares with a file of testdata, line by line.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	text := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, line := range lines {
		if !slices.Contains(want, line) {
			t.Errorf("%s is in the image, and not in %s", line, path)
		}
	}
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("%s is in %s, and not in the image", line, path)
		}
	}
	if !t.Failed() && text != string(data) {
		t.Errorf("the order is another than in %s:\n%s", path, text)
	}
}

// The list is read from the image, not taken from what made it.
func TestImageHoldsTheseFilesAndNoOthers(t *testing.T) {
	contents, err := Contents(bytes.NewReader(realImage(t).Image))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range contents {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	golden(t, "files-amd64.txt", names)
}

// Modules are named with their folders in the kernel's source, in the order of
// loading.
func TestModulesAreTheseAndNoOthers(t *testing.T) {
	for _, name := range Arches() {
		if testing.Short() {
			t.Skip("unpacks kernels")
		}
		modules, err := modulesOf(name)
		need(t, err)
		var paths []string
		for _, m := range modules {
			paths = append(paths, m.Path)
		}
		golden(t, "modules-"+name+".txt", paths)
		for _, p := range paths {
			for _, folder := range []string{"net/", "drivers/net/", "drivers/bluetooth/", "net/bluetooth/", "sound/", "drivers/firewire/",
				"drivers/thunderbolt/", "drivers/ata/", "drivers/nvme/", "drivers/virtio/", "drivers/usb/serial/", "drivers/usb/gadget/"} {
				if strings.HasPrefix(p, "kernel/"+folder) {
					t.Errorf("%s: %s", name, p)
				}
			}
			if strings.Contains(p, "usbnet") || strings.Contains(p, "cdc") {
				t.Errorf("%s: %s", name, p)
			}
		}
	}
}

func modulesOf(name string) ([]Module, error) {
	a, err := archNamed(name)
	if err != nil {
		return nil, err
	}
	o, err := TestOptions("..", name)
	if err != nil {
		return nil, err
	}
	if o, err = o.complete(); err != nil {
		return nil, err
	}
	g, err := startGathering(context.Background(), o, a)
	if err != nil {
		return nil, err
	}
	err = g.takeKernel()
	return g.got.kernel.modules, err
}

func TestProgramHasNoNetworkAndNeedsNothing(t *testing.T) {
	contents, err := Contents(bytes.NewReader(realImage(t).Image))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(contents, func(c Content) bool { return c.Name == "initramfs/init" })
	program := contents[i].Data
	for _, name := range []string{"net/http.", "crypto/tls.", "plugin.", "runtime/cgo."} { // functions' names, kept for traces
		if bytes.Contains(program, []byte(name)) {
			t.Errorf("the program has functions of %s", name)
		}
	}
	if !bytes.Contains(program, []byte("signer/ceremony.")) {
		t.Error("names of functions are not found in this way")
	}
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC }) {
		t.Error("the program is not static")
	}
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["-tags"] != "airgap" || settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" || settings["vcs.revision"] != "" {
		t.Errorf("built with %v", settings)
	}
}

func TestDependenciesHaveNoNetwork(t *testing.T) {
	for _, arch := range Arches() {
		cmd := exec.Command("go", "list", "-deps", "-tags", "airgap", "./cmd/signer")
		cmd.Dir = ".."
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		packages := strings.Fields(string(out))
		for _, p := range packages {
			if p == "net/http" || p == "crypto/tls" || p == "signer/image" || strings.HasPrefix(p, "signer/image/debian") {
				t.Errorf("%s: %s is linked", arch, p)
			}
		}
		if !slices.Contains(packages, "signer/ceremony") {
			t.Errorf("%s: the list is not one of packages: %q", arch, packages)
		}
	}
}

// The second build is of a copy of the source elsewhere, in another environment,
// and from what the first one kept of the packages.
func TestTwoBuildsInDifferentFoldersGiveTheSameBytes(t *testing.T) {
	b := realImage(t)
	o, err := TestOptions("..", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	o.Source = filepath.Join(t.TempDir(), "another place", "source")
	copySource(t, o.Source)
	t.Setenv("GOFLAGS", "-tags=other")
	t.Setenv("GOAMD64", "v3")
	t.Setenv("CGO_ENABLED", "1")
	again, err := Build(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range b.Differences(again.Image) {
		t.Error(s)
	}
	one, _ := b.SPDX()
	two, _ := again.SPDX()
	if !bytes.Equal(one, two) {
		t.Error("the lists of files differ")
	}
}

// copySource copies what the program is built from, without history or tests.
func copySource(t *testing.T, to string) {
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != ".." && strings.HasPrefix(base, ".") || base == "oracle" {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, name[2:]), 0o755)
		}
		if !d.Type().IsRegular() || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".img") {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name[2:]), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImageIsNoLargerThanPromised(t *testing.T) {
	b := realImage(t)
	var sum int64
	for _, p := range b.Parts {
		if !strings.HasPrefix(p.What, " ") { // those are inside another
			sum += p.Bytes
		}
	}
	if size := int64(len(b.Image)); size > 24_000_000 || size%(1<<20) != 0 || sum != size {
		t.Errorf("the image has %d bytes, its parts %d", size, sum)
	}
	for _, p := range b.Parts {
		t.Logf("%-40s %9d", p.What, p.Bytes)
	}
}

func TestListOfFilesIsTrue(t *testing.T) {
	b := realImage(t)
	contents, err := Contents(bytes.NewReader(b.Image))
	if err != nil {
		t.Fatal(err)
	}
	data, err := b.SPDX()
	if err != nil {
		t.Fatal(err)
	}
	var d spdxDocument
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	listed := map[string]spdxFile{}
	for _, f := range d.Files {
		listed[f.Name] = f
	}
	if len(listed) != len(contents) {
		t.Errorf("%d files are listed, and %d are in the image", len(listed), len(contents))
	}
	for _, c := range contents {
		f := listed["./"+c.Name]
		if sum := (spdxSum{"SHA256", fmt.Sprintf("%x", sha256.Sum256(c.Data))}); !slices.Contains(f.Sums, sum) {
			t.Errorf("%s is listed as %+v", c.Name, f.Sums)
		}
		if f.Comment == thisSource && (strings.HasSuffix(c.Name, ".ko.xz") || strings.HasSuffix(c.Name, ".efi")) {
			t.Errorf("%s comes from no package", c.Name)
		}
	}
}
