package usb_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"signer/usb"
)

// What other programs make is found.
func TestProbeFindsWhatOthersMake(t *testing.T) {
	for name, c := range map[string]struct {
		size int64
		tool []string
		want usb.Found
	}{
		"FAT12":  {2 * mib, []string{"mkfs.vfat", "-F", "12", "-n", "SMALL"}, usb.Found{Kind: "FAT12", Label: "SMALL"}},
		"FAT16":  {64 * mib, []string{"mkfs.vfat", "-F", "16", "-n", "Signer 1"}, usb.Found{Kind: "FAT16", Label: "Signer 1"}},
		"FAT32":  {256 * mib, []string{"mkfs.vfat", "-F", "32", "-n", "SIGNER"}, usb.Found{Kind: "FAT32", Label: "SIGNER"}},
		"4096":   {1024 * mib, []string{"mkfs.vfat", "-F", "32", "-S", "4096"}, usb.Found{Kind: "FAT32"}},
		"one":    {256 * mib, []string{"mkfs.vfat", "-F", "32", "-f", "1"}, usb.Found{Kind: "FAT32"}},
		"exFAT":  {256 * mib, []string{"mkfs.exfat", "-L", "Schlüssel ✓"}, usb.Found{Kind: "exFAT", Label: "Schlüssel ✓"}},
		"exFAT2": {64 * mib, []string{"mkfs.exfat"}, usb.Found{Kind: "exFAT"}},
		"ext4":   {64 * mib, []string{"mkfs.ext4", "-q"}, usb.Found{Kind: "ext4"}},
		"swap":   {64 * mib, []string{"mkswap"}, usb.Found{Kind: "swap"}},
		"none":   {64 * mib, []string{"true"}, usb.Found{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := sparse(t, c.size)
			run(t, c.tool[0], append(c.tool[1:], f.Name())...)
			c.want.Length = c.size
			if got, err := usb.Probe(f, c.size); err != nil || got != c.want {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

// part is one partition of a test: what makes its file system, if anything does.
type part struct {
	start, sectors int64
	kind           string // of sgdisk; the first two digits are the type in an MBR
	mkfs           []string
}

// partitioned is a drive with these partitions. sgdisk waits a second.
func partitioned(t *testing.T, size int64, gpt bool, parts ...part) *os.File {
	t.Helper()
	f := sparse(t, size)
	args := []string{"--clear", "--set-alignment=1"}
	var entries [][3]uint32
	for _, p := range parts {
		args = append(args, "--new", fmt.Sprintf("0:%d:%d", p.start, p.start+p.sectors-1), "--typecode", "0:"+p.kind)
		kind, err := strconv.ParseUint(p.kind[:2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, [3]uint32{uint32(kind), uint32(p.start), uint32(p.sectors)})
	}
	if gpt {
		run(t, "sgdisk", append(args, f.Name())...)
	} else {
		put(t, f, 0, string(mbr(entries...)))
	}
	for _, p := range parts {
		if p.mkfs == nil {
			continue
		}
		one := sparse(t, p.sectors*512)
		run(t, p.mkfs[0], append(p.mkfs[1:], one.Name())...)
		if _, err := io.Copy(io.NewOffsetWriter(f, p.start*512), one); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

var (
	fat16 = part{2048, 32768, "0700", []string{"mkfs.vfat", "-F", "16", "-n", "ONE"}}
	exfat = part{40960, 65536, "0700", []string{"mkfs.exfat", "-L", "two"}}
	efi   = part{2048, 32768, "EF00", []string{"mkfs.vfat", "-F", "16", "-n", "EFI"}}
	linux = part{2048, 32768, "8300", []string{"mkfs.ext4", "-q"}}
	empty = part{2048, 32768, "0C01", nil}
)

func TestProbeAmongPartitions(t *testing.T) {
	const size = 64 * mib
	second := usb.Found{Kind: "exFAT", Label: "two", Number: 2, Offset: 20 * mib, Length: 32 * mib}
	for name, c := range map[string]struct {
		parts []part
		gpt   bool // in a GPT too
		want  usb.Found
		err   error
	}{
		"FAT":             {[]part{fat16}, false, usb.Found{Kind: "FAT16", Label: "ONE", Number: 1, Offset: mib, Length: 16 * mib}, nil},
		"two":             {[]part{fat16, exfat}, true, usb.Found{}, usb.ErrSeveral},
		"EFI and exFAT":   {[]part{efi, exfat}, true, second, nil},
		"EFI alone":       {[]part{efi}, true, usb.Found{Kind: "FAT16", Label: "EFI", Number: 1, Offset: mib, Length: 16 * mib}, nil},
		"empty and exFAT": {[]part{empty, exfat}, false, second, nil},
		"ext4 and exFAT":  {[]part{linux, exfat}, false, second, nil},
		"ext4":            {[]part{linux}, false, usb.Found{Kind: "ext4", Number: 1, Offset: mib, Length: 16 * mib}, nil},
		"empty":           {[]part{empty}, false, usb.Found{}, nil},
	} {
		check := func(gpt bool, table string) {
			t.Run(name+" "+table, func(t *testing.T) {
				t.Parallel()
				want := c.want
				if c.err == nil {
					want.Table = table
				}
				got, err := usb.Probe(partitioned(t, size, gpt, c.parts...), size)
				if !errors.Is(err, c.err) || got != want {
					t.Errorf("%+v, %v; want %+v, %v", got, err, want, c.err)
				}
			})
		}
		check(false, "MBR")
		if c.gpt {
			check(true, "GPT")
		}
	}
}

// The person must be told which file systems there are.
func TestProbeListsSeveral(t *testing.T) {
	f := partitioned(t, 64*mib, false, fat16, exfat)
	_, err := usb.Probe(f, 64*mib)
	if err == nil || !strings.Contains(err.Error(), `partition 1 is FAT16 "ONE", partition 2 is exFAT "two"`) {
		t.Error(err)
	}
}

// mbr is a made-up partition table.
func mbr(entries ...[3]uint32) []byte {
	b := make([]byte, 512)
	for i, e := range entries {
		b[446+16*i+4] = byte(e[0])
		binary.LittleEndian.PutUint32(b[446+16*i+8:], e[1])
		binary.LittleEndian.PutUint32(b[446+16*i+12:], e[2])
	}
	b[510], b[511] = 0x55, 0xAA
	return b
}

func TestProbeRefusesTables(t *testing.T) {
	const size = 40 * mib
	const sectors = size / 512
	for name, c := range map[string]struct {
		table []byte
		want  error
	}{
		"extended":        {mbr([3]uint32{0x0C, 2048, 4096}, [3]uint32{0x05, 8192, 8192}), usb.ErrExtended},
		"extended LBA":    {mbr([3]uint32{0x0F, 8192, 8192}), usb.ErrExtended},
		"beyond the end":  {mbr([3]uint32{0x0C, 2048, sectors - 2048 + 1}), usb.ErrTable},
		"far beyond":      {mbr([3]uint32{0x0C, 1<<32 - 1, 1<<32 - 1}), usb.ErrTable},
		"over the table":  {mbr([3]uint32{0x0C, 0, 4096}), usb.ErrTable},
		"overlapping":     {mbr([3]uint32{0x0C, 2048, 4096}, [3]uint32{0x0C, 6143, 4096}), usb.ErrTable},
		"nothing in it":   {mbr([3]uint32{0x0C, 2048, 0}), usb.ErrTable},
		"protects no GPT": {mbr([3]uint32{0xEE, 1, sectors - 1}), usb.ErrTable},
	} {
		t.Run(name, func(t *testing.T) {
			f := sparse(t, size)
			put(t, f, 0, string(c.table))
			if got, err := usb.Probe(f, size); !errors.Is(err, c.want) || got != (usb.Found{}) {
				t.Errorf("%+v, %v; want %v", got, err, c.want)
			}
		})
	}
}

// A drive that is one file system for one computer and partitions for another is
// two drives.
func TestProbeRefusesBothAtOnce(t *testing.T) {
	const size = 64 * mib
	f := sparse(t, size)
	run(t, "mkfs.vfat", f.Name())
	if got, err := usb.Probe(f, size); err != nil || got.Kind != "FAT16" {
		t.Fatalf("%+v, %v", got, err)
	}
	put(t, f, 446, string(mbr([3]uint32{0x0C, 65536, 4096})[446:]))
	if got, err := usb.Probe(f, size); !errors.Is(err, usb.ErrTwoWays) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestProbeReadsDirty(t *testing.T) {
	for _, c := range []struct {
		tool []string
		at   int64
		bit  byte
	}{
		{[]string{"mkfs.vfat", "-F", "32"}, 65, 1},
		{[]string{"mkfs.vfat", "-F", "16"}, 37, 1},
		{[]string{"mkfs.exfat"}, 106, 2},
	} {
		f := sparse(t, 64*mib)
		run(t, c.tool[0], append(c.tool[1:], f.Name())...)
		put(t, f, c.at, string([]byte{c.bit}))
		if got, err := usb.Probe(f, 64*mib); err != nil || !got.Dirty || !got.Usable() {
			t.Errorf("%s: %+v, %v", c.tool, got, err)
		}
	}
}

// One wrong number in a boot sector, and it is not used.
func TestProbeIsStrict(t *testing.T) {
	const size = 64 * mib
	for name, c := range map[string]struct {
		tool  []string
		at    int64
		bytes string
		kind  string
	}{
		"FAT longer than the drive":    {[]string{"mkfs.vfat", "-F", "16", "-a", "-s", "4"}, 32, "\x01\x00\x02\x00", "damaged FAT"},
		"FAT of no length":             {[]string{"mkfs.vfat", "-F", "16"}, 32, "\x00\x00\x00\x00", "damaged FAT"},
		"FAT without signature":        {[]string{"mkfs.vfat", "-F", "16"}, 510, "\x00\x00", "damaged FAT"},
		"FAT16 with a short FAT":       {[]string{"mkfs.vfat", "-F", "16"}, 22, "\x05\x00", "damaged FAT"},
		"FAT with 3 sectors a cluster": {[]string{"mkfs.vfat", "-F", "16"}, 13, "\x03", "damaged FAT"},
		"FAT with five FATs":           {[]string{"mkfs.vfat", "-F", "16"}, 16, "\x05", "damaged FAT"},
		"FAT32 without a root":         {[]string{"mkfs.vfat", "-F", "32"}, 44, "\x00\x00\x00\x00", "damaged FAT32"},
		"FAT32 of another version":     {[]string{"mkfs.vfat", "-F", "32"}, 42, "\x01", "damaged FAT32"},
		"exFAT with a wrong checksum":  {[]string{"mkfs.exfat"}, 200, "\x01", "damaged exFAT"},
		"exFAT that is not zero":       {[]string{"mkfs.exfat"}, 20, "\x01", "damaged exFAT"},
	} {
		t.Run(name, func(t *testing.T) {
			f := sparse(t, size)
			run(t, c.tool[0], append(c.tool[1:], f.Name())...)
			put(t, f, c.at, c.bytes)
			if got, err := usb.Probe(f, size); err != nil || got.Kind != c.kind || got.Usable() {
				t.Errorf("%+v, %v; want %s", got, err, c.kind)
			}
		})
	}
}

// A stick with a system on it is not one to keep keys on.
func TestProbeNamesISO(t *testing.T) {
	t.Parallel() // sgdisk waits a second
	const size = 64 * mib
	overlapping := sparse(t, size)
	put(t, overlapping, 0, string(mbr([3]uint32{0x17, 64, 60000}, [3]uint32{0xEF, 4000, 5000})))
	gpt := partitioned(t, size, true, efi)
	for name, f := range map[string]*os.File{"plain": sparse(t, size), "hybrid": overlapping, "GPT": gpt} {
		put(t, f, 32769, "CD001\x01")
		if got, err := usb.Probe(f, size); err != nil || got.Kind != "ISO 9660" || got.Usable() {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A drive that lost its beginning alone is not blank: what is on it may be
// somebody's only copy.
func TestProbeLooksBehindTheBeginning(t *testing.T) {
	const size = 1024 * mib
	full := sparse(t, size)
	run(t, "mkfs.ext4", "-q", full.Name())
	put(t, full, 0, string(make([]byte, 2*mib)))
	for name, f := range map[string]*os.File{
		"file system": full,
		"table":       at(t, size, size-512, "EFI PART"),
		"end":         at(t, size, size-mib+128<<10-1, "x"),
		"middle":      at(t, size, size/17*8, strings.Repeat("x", 8192)),
	} {
		if got, err := usb.Probe(f, size); err != nil || got.Kind != "unknown" || got.Usable() {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, size := range []int64{4096, 130 << 10, mib - 512, 3 * mib, size} {
		if got, err := usb.Probe(sparse(t, size), size); err != nil || got.Kind != "" {
			t.Errorf("%d bytes of zeros: %+v, %v", size, got, err)
		}
	}
	if got, err := usb.Probe(begin{}, 1<<63-1); err != nil || got.Kind != "" {
		t.Errorf("as many zeros as can be: %+v, %v", got, err)
	}
	if _, err := usb.Probe(badSpot{sparse(t, size), size - 1}, size); !errors.Is(err, errPulled) {
		t.Errorf("with an end that cannot be read: %v", err)
	}
}

// at is a drive with nothing but a text at one place.
func at(t *testing.T, size, place int64, text string) *os.File {
	t.Helper()
	f := sparse(t, size)
	put(t, f, place, text)
	return f
}

// A drive that cannot be read is not an empty one.
func TestProbeReportsReadErrors(t *testing.T) {
	f := formatted(t, 64*mib, "x")
	for _, bad := range []int64{0, mib, mib + 4096, 64 * mib} {
		_, err := usb.Probe(badSpot{f, bad}, 64*mib)
		if read := bad < 64*mib && bad != mib+4096; errors.Is(err, errPulled) != read {
			t.Errorf("bad at %d: %v", bad, err)
		}
	}
	if got, err := usb.Probe(f, 65*mib); err != nil || got.Kind != "FAT32" {
		t.Errorf("%+v, %v", got, err)
	}
}

type badSpot struct {
	io.ReaderAt
	at int64
}

func (b badSpot) ReadAt(p []byte, at int64) (int, error) {
	if at <= b.at && b.at < at+int64(len(p)) {
		return 0, errPulled
	}
	return b.ReaderAt.ReadAt(p, at)
}
