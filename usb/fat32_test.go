package usb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
	"signer/usb"
)

const (
	mib = 1 << 20
	gib = 1 << 30
)

// sparse is a drive of this size that takes no room.
func sparse(t testing.TB, size int64) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "drive.img"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return f
}

// formatted is a drive that the program formatted.
func formatted(t testing.TB, size int64, label string) *os.File {
	t.Helper()
	f := sparse(t, size)
	if err := usb.FormatFAT32(f, size, label, 0x12345678); err != nil {
		t.Fatal(err)
	}
	return f
}

// run gives what a tool of this computer says, or fails with it.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + name); err != nil {
			oracle.Missing(t, fmt.Sprintf("%s is not on this machine: %v", name, err))
		}
	}
	c := exec.Command(path, args...)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MTOOLS_SKIP_CHECK=0")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// partitionOf copies the begin of a drive's partition into a file of its own,
// for tools that take no offset.
func partitionOf(t testing.TB, f *os.File, start, used, length int64) string {
	t.Helper()
	p := sparse(t, length)
	b := make([]byte, mib)
	for at := int64(0); at < used; at += mib {
		n, err := f.ReadAt(b, start+at)
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		if len(bytes.Trim(b[:n], "\x00")) == 0 {
			continue
		}
		if _, err := p.WriteAt(b[:n], at); err != nil {
			t.Fatal(err)
		}
	}
	return p.Name()
}

// Other programs must find nothing to complain of, at any size that drives have.
func TestOthersReadWhatFormatFAT32Makes(t *testing.T) {
	for _, size := range []int64{usb.MinFAT32, 64 * mib, 261 * mib, 262 * mib, gib + 512, 8 * gib, 15_931_539_456, 32 * gib, 128 * gib, 512 * gib} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			f := formatted(t, size, "root-backup-1")
			found, err := usb.Probe(f, size)
			want := usb.Found{Kind: "FAT32", Label: "ROOT-BKUP-1", Table: "MBR", Number: 1, Offset: mib, Length: size/512*512 - mib}
			if err != nil || found != want {
				t.Errorf("Probe: %+v, %v; want %+v", found, err, want)
			}
			checkTable(t, f, size)
			part := partitionOf(t, f, mib, min(size-mib, size/4000+64*mib), want.Length)
			if out := run(t, "fsck.vfat", "-n", "-v", part); !strings.Contains(out, ": 1 files, 1/") {
				t.Errorf("fsck.vfat: %s", out)
			}
		})
	}
}

func checkTable(t *testing.T, f *os.File, size int64) {
	t.Helper()
	got := strings.Fields(run(t, "partx", "--show", "--noheadings", "--output", "NR,START,SECTORS,TYPE,SCHEME", f.Name()))
	if want := []string{"1", "2048", fmt.Sprint(size/512 - 2048), "0xc", "dos"}; !slices.Equal(got, want) {
		t.Errorf("partx says %q, want %q", got, want)
	}
	if out := run(t, "sgdisk", "--print", f.Name()); !strings.Contains(out, "MBR: MBR only") && !strings.Contains(out, "valid MBR") {
		t.Errorf("sgdisk: %s", out)
	}
}

// A file that another program puts on the drive is on the drive.
func TestMtoolsUseWhatFormatFAT32Makes(t *testing.T) {
	for _, size := range []int64{64 * mib, 32 * gib} {
		f := formatted(t, size, "signing-alice")
		image := f.Name() + "@@1M"
		name := filepath.Join(t.TempDir(), "A longer name, with capitals.json")
		data := bytes.Repeat([]byte("signer"), 50_000)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "mcopy", "-i", image, name, "::")
		if out := run(t, "mdir", "-i", image, "::"); !strings.Contains(out, "Volume in drive : is SIGN-ALICE") || !strings.Contains(out, "A longer name, with capitals.json") {
			t.Errorf("mdir: %s", out)
		}
		if out := run(t, "mtype", "-i", image, "::A longer name, with capitals.json"); out != string(data) {
			t.Errorf("mtype gives %d bytes of %d", len(out), len(data))
		}
		if out := run(t, "minfo", "-i", image, "::"); !strings.Contains(out, "1234-5678") && !strings.Contains(out, "12345678") {
			t.Errorf("minfo: %s", out)
		}
	}
}

// What earlier uses left must not come back.
func TestFormatFAT32WipesWhatWasThere(t *testing.T) {
	const size = 300 * mib
	for name, make := range map[string]func(t *testing.T, f *os.File){
		"GPT": func(t *testing.T, f *os.File) {
			run(t, "sgdisk", "-n", "1:2048:200000", "-n", "2:204800:400000", f.Name())
		},
		"exFAT": func(t *testing.T, f *os.File) { run(t, "mkfs.exfat", f.Name()) },
		"ext4":  func(t *testing.T, f *os.File) { run(t, "mkfs.ext4", "-q", f.Name()) },
		"ISO":   func(t *testing.T, f *os.File) { put(t, f, 32769, "CD001") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // sgdisk waits a second
			f := sparse(t, size)
			make(t, f)
			if err := usb.FormatFAT32(f, size, "repository", 1); err != nil {
				t.Fatal(err)
			}
			if found, err := usb.Probe(f, size); err != nil || found.Kind != "FAT32" || found.Label != "REPOSITORY" {
				t.Errorf("Probe: %+v, %v", found, err)
			}
			if _, err := usb.ReadGPT(f, size); !errors.Is(err, usb.ErrTable) {
				t.Errorf("ReadGPT: %v", err)
			}
			if out := run(t, "wipefs", "--noheadings", "--output", "TYPE", f.Name()); strings.TrimSpace(out) != "dos" {
				t.Errorf("wipefs finds %q", out)
			}
		})
	}
}

func put(t testing.TB, w io.WriterAt, at int64, text string) {
	t.Helper()
	if _, err := w.WriteAt([]byte(text), at); err != nil {
		t.Fatal(err)
	}
}

// cut is a drive that is pulled after so many writes.
type cut struct {
	*os.File
	left int
}

var errPulled = errors.New("pulled")

func (c *cut) WriteAt(b []byte, at int64) (int, error) {
	if c.left--; c.left < 0 {
		return 0, errPulled
	}
	return c.File.WriteAt(b, at)
}

// A drive pulled while it is formatted has its old file system, whole, or none.
func TestFormatFAT32CutOffLeavesNoFileSystem(t *testing.T) {
	const size = 64 * mib
	for writes := 0; ; writes++ {
		f := formatted(t, size, "old")
		err := usb.FormatFAT32(&cut{f, writes}, size, "new", 1)
		found, probeErr := usb.Probe(f, size)
		if err == nil {
			if writes < 10 || found.Label != "NEW" {
				t.Errorf("formatted in %d writes: %+v", writes, found)
			}
			return
		}
		if !errors.Is(err, errPulled) {
			t.Fatalf("after %d writes: %v", writes, err)
		}
		if want := map[bool]string{true: "OLD"}[writes == 0]; probeErr != nil || found.Label != want || found.Usable() != (writes == 0) {
			t.Errorf("after %d writes: %+v, %v", writes, found, probeErr)
		}
	}
}

func TestFormatFAT32RefusesSizes(t *testing.T) {
	for _, size := range []int64{-1, 0, 512, usb.MinFAT32 - 1, usb.MaxFAT32 + 1, 1 << 62} {
		c := &cut{}
		if err := usb.FormatFAT32(c, size, "x", 1); !errors.Is(err, usb.ErrSize) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestFATLabel(t *testing.T) {
	for label, want := range map[string]string{
		"root-backup-1":         "ROOT-BKUP-1",
		"root-backup-2":         "ROOT-BKUP-2",
		"root-backup-10":        "ROOT-BKU-10",
		"root-backup-123":       "ROO-BKU-123",
		"root-ceo-1":            "ROOT-CEO-1",
		"root-cto-2":            "ROOT-CTO-2",
		"root-alexandra-1":      "ROOT-ALEX-1",
		"root-mary-ann-1":       "ROO-MA-AN-1",
		"signing":               "SIGNING",
		"signing-alice":         "SIGN-ALICE",
		"signing-alexandra":     "SIGN-ALEXAN",
		"repository":            "REPOSITORY",
		"repository-copy":       "REPO-COPY",
		"transfer":              "TRANSFER",
		"transfer-alice":        "TRNS-ALICE",
		"spare":                 "SPARE",
		"ROOT-BKUP-1":           "ROOT-BKUP-1",
		"":                      "SIGNER",
		"---":                   "SIGNER",
		"a-b-c-d-e-f-g-h-i-j-9": "A-B-C-D-E-9",
		"ärger/\x00*":           "_RGER___",
		"123456789012345":       "12345678901",
		"x-123456789012345":     "12345678901",
	} {
		if got := usb.FATLabel(label); got != want {
			t.Errorf("%q: %q, want %q", label, got, want)
		}
	}
}

func FuzzFATLabel(f *testing.F) {
	f.Add("root-backup-1")
	f.Add("\xff-ä-0")
	f.Fuzz(func(t *testing.T, label string) {
		got := usb.FATLabel(label)
		if got == "" || len(got) > 11 || strings.Trim(got, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Errorf("%q: %q", label, got)
		}
		if again := usb.FATLabel(got); again != got {
			t.Errorf("%q: %q, and again %q", label, got, again)
		}
	})
}
