package disk

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool is a program that says whether an image is right, and was written by
// others. Debian keeps some where only root looks.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, place := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if path, err := exec.LookPath(place); err == nil {
			return path
		}
	}
	if os.Getenv("SIGNER_REQUIRE_ALL") != "" {
		t.Fatalf("%s is not here (SIGNER_REQUIRE_ALL is set)", name)
	}
	t.Skipf("%s is not here", name)
	return ""
}

func run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MTOOLSRC=/dev/null")
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, said)
	}
	return string(said)
}

// trees are what can go wrong in a FAT.
var trees = map[string]Image{
	"like the real one": likeTheReal(),
	"empty":             imageOf(),
	"sizes": imageOf(File{"0", nil}, File{"1", filled(1, 1)}, File{"2047", filled(2047, 2)}, File{"2048", filled(2048, 3)},
		File{"2049", filled(2049, 4)}, File{"4096", filled(4096, 5)}, File{"f/0", nil}),
	"names": imageOf(named("a", "A1.TXT", "lower.txt", "Mixed.Txt", "no_extension_but_long", "a.longextension", "two.dots.txt", ".hidden",
		"..two", "sp ace", "plus+.txt", "umlaut ä.txt", "ключ", "鍵", "~1", "A~1", "a~1.b", "ABCDEF~1.TXT", "abcdefghij.txt", "abcdefghik.txt", "ABCDEF~2.txt",
		"a b.c", "ab.c", "[x]", "[y]", "_x_", "thirteen units", "thirteenunits", "twenty_six_units_of_a_name",
		strings.Repeat("n", 255), strings.Repeat("n", 254)+"m", "deep/1/2/3/4/5/6/7/8/9/10/11/12/13/14/file")...),
	"many in a folder": imageOf(named(numbered(1000, "folder/the same beginning %d.json")...)...),
	"many folders":     imageOf(named(numbered(300, "%[1]d/%[1]d/%[1]d.json")...)...),
	"a full root":      imageOf(named(numbered(511, "F%d")...)...),
	"a folder's end":   imageOf(named(numbered(62, "F/G%d")...)...), // with . and .. a cluster to the last entry
	"beyond 16 bits":   beyond,
	"36 MB":            imageOf(File{"big", filled(36_000_000, 9)}, File{"small", []byte("s")}),
}

// beyond has names that mtools (4.0.33) cannot read.
var beyond = imageOf(named("🔑", strings.Repeat("🔑", 127), "twelve units🔑", "eleven unit🔑")...)

func numbered(count int, name string) []string {
	var names []string
	for i := range count {
		names = append(names, fmt.Sprintf(name, i))
	}
	return names
}

func named(names ...string) []File {
	var files []File
	for _, n := range names {
		files = append(files, File{n, []byte("data of " + n)})
	}
	return files
}

func TestFATIsSound(t *testing.T) {
	fsck, mcopy := tool(t, "fsck.vfat"), tool(t, "mcopy")
	for name, m := range trees {
		t.Run(name, func(t *testing.T) {
			whole := filepath.Join(t.TempDir(), "image")
			esp := whole + ".esp"
			image := write(t, m)
			keep(t, whole, image)
			keep(t, esp, image[espStart*sector:len(image)-backSectors*sector])
			if said := run(t, fsck, "-n", "-v", esp); strings.Contains(said, "differ") || strings.Contains(said, "wrong") {
				t.Errorf("fsck.vfat: %s", said)
			}
			out := t.TempDir()
			if name == "beyond 16 bits" {
				return
			}
			if len(m.Files) > 0 {
				run(t, mcopy, "-s", "-Q", "-i", fmt.Sprintf("%s@@%d", whole, espStart*sector), "::*", out)
			}
			compare(t, out, m.Files)
		})
	}
}

func keep(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// compare finds every file in a folder, and no other.
func compare(t *testing.T, folder string, files []File) {
	t.Helper()
	count := 0
	err := filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			count++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if count != len(files) {
		t.Errorf("%d files came out, not %d", count, len(files))
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(folder, f.Name))
		if err != nil || !bytes.Equal(data, f.Data) {
			t.Errorf("%q: other bytes, or %v", f.Name, err)
		}
	}
}

func length(t *testing.T, path string) int64 {
	t.Helper()
	i, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return i.Size()
}

func TestGPTIsSound(t *testing.T) {
	sgdisk := tool(t, "sgdisk")
	path := filepath.Join(t.TempDir(), "image")
	for _, m := range []Image{imageOf(), likeTheReal()} {
		keep(t, path, write(t, m))
		if said := run(t, sgdisk, "-v", path); !strings.Contains(said, "No problems found") {
			t.Errorf("sgdisk -v: %s", said)
		}
		said := run(t, sgdisk, "-p", "-i", "1", path)
		usable := fmt.Sprintf("First usable sector is 256, last usable sector is %d", length(t, path)/sector-backSectors-1)
		for _, want := range []string{usable, testDisk.String(), testPart.String(), systemPartition.String(), "'EFI System Partition'"} {
			if !strings.Contains(said, want) {
				t.Errorf("sgdisk does not see %s:\n%s", want, said)
			}
		}
	}
}
