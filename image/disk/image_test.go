package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	testDisk  = GUID{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x47, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0x01}
	testPart  = GUID{0x21, 0x22, 0x33, 0x44, 0x55, 0x66, 0x47, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0x02}
	testBuilt = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
)

func imageOf(files ...File) Image {
	return Image{Label: "SIGNER", Disk: testDisk, Partition: testPart, Serial: 0xCAFE1234, Date: testBuilt, Files: files}
}

// likeTheReal has the names of the appliance, and small files.
func likeTheReal() Image {
	m := imageOf(
		File{"EFI/BOOT/BOOTX64.EFI", filled(70_001, 1)},
		File{"EFI/BOOT/grubx64.efi", filled(300_000, 2)},
		File{"EFI/BOOT/mmx64.efi", filled(2048, 3)},
		File{"EFI/debian/grub.cfg", []byte("menu\n")},
		File{"boot/grub/grub.cfg", []byte("menu\n")},
		File{".disk/info", []byte("Signer\n")},
		File{"signer_0123abcd", []byte("here\n")},
		File{"vmlinuz", filled(1_200_000, 4)},
		File{"initrd", filled(250_001, 5)},
	)
	m.ISO = []string{".disk/info", "boot/grub/grub.cfg", "EFI/debian/grub.cfg", "signer_0123abcd", "vmlinuz", "initrd"}
	return m
}

// filled are bytes in which every block differs from every other.
func filled(size int, seed byte) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*7) ^ byte(i>>8) ^ byte(i>>16) ^ seed<<3
	}
	return b
}

func write(t testing.TB, m Image) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := m.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(b.Len()) || n%quantum != 0 {
		t.Fatalf("WriteTo says %d bytes, wrote %d; both must be one multiple of 1 MiB", n, b.Len())
	}
	return b.Bytes()
}

func TestSameBytesWhateverTheOrder(t *testing.T) {
	first := likeTheReal()
	second := likeTheReal()
	slices.Reverse(second.Files)
	slices.Reverse(second.ISO)
	second.Date = second.Date.In(time.FixedZone("elsewhere", 7*3600))
	if !bytes.Equal(write(t, first), write(t, second)) {
		t.Error("the same files in another order, and the same date in another zone, gave other bytes")
	}
}

func TestEveryInputIsInTheBytes(t *testing.T) {
	same := write(t, likeTheReal())
	for name, change := range map[string]func(*Image){
		"label":     func(m *Image) { m.Label = "OTHER" },
		"disk":      func(m *Image) { m.Disk[15]++ },
		"partition": func(m *Image) { m.Partition[15]++ },
		"serial":    func(m *Image) { m.Serial++ },
		"date":      func(m *Image) { m.Date = m.Date.Add(2 * time.Second) },
		"file":      func(m *Image) { m.Files[0].Data[70_000]++ },
		"DVD":       func(m *Image) { m.ISO = m.ISO[1:] },
	} {
		m := likeTheReal()
		change(&m)
		if bytes.Equal(write(t, m), same) {
			t.Errorf("another %s, and the same image", name)
		}
	}
}

func TestFilesBeginAtBlocksOfADVD(t *testing.T) {
	m := likeTheReal()
	image := write(t, m)
	for _, f := range m.Files {
		if len(f.Data) < 1000 {
			continue
		}
		if at := bytes.Index(image, f.Data); at < 0 || at%2048 != 0 {
			t.Errorf("%s begins at byte %d: not in one piece, or not at a multiple of 2048", f.Name, at)
		}
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	long := strings.Repeat("n", 256)
	for name, test := range map[string]struct {
		image Image
		want  error
	}{
		"nothing":               {imageOf(File{Name: ""}), ErrName},
		"from the root":         {imageOf(File{Name: "/a"}), ErrName},
		"a folder only":         {imageOf(File{Name: "a/"}), ErrName},
		"above":                 {imageOf(File{Name: "../a"}), ErrName},
		"a colon":               {imageOf(File{Name: "a:b"}), ErrName},
		"a backslash":           {imageOf(File{Name: `a\b`}), ErrName},
		"a line end":            {imageOf(File{Name: "a\nb"}), ErrName},
		"a dot behind":          {imageOf(File{Name: "a."}), ErrName},
		"a space behind":        {imageOf(File{Name: "a /b"}), ErrName},
		"not UTF-8":             {imageOf(File{Name: "a\xff"}), ErrName},
		"too long":              {imageOf(File{Name: long}), ErrName},
		"too long in UTF-16":    {imageOf(File{Name: strings.Repeat("🔑", 128)}), ErrName},
		"twice":                 {imageOf(File{Name: "a"}, File{Name: "a"}), ErrTwice},
		"twice but for case":    {imageOf(File{Name: "a/É"}, File{Name: "a/é"}), ErrTwice},
		"folders but for case":  {imageOf(File{Name: "EFI/a"}, File{Name: "efi/b"}), ErrTwice},
		"a file as folder":      {imageOf(File{Name: "a"}, File{Name: "a/b"}), ErrTwice},
		"a folder as file":      {imageOf(File{Name: "a/b"}, File{Name: "a"}), ErrTwice},
		"too much":              {imageOf(File{"a", make([]byte, most*block)}, File{"b", []byte{1}}), ErrSpace},
		"too many in the root":  {imageOf(many(256, "long name %d")...), ErrSpace},
		"too many in a folder":  {imageOf(many(9999, "f/"+long[:200]+"%d")...), ErrSpace},
		"too many":              {imageOf(many(10_001, "f/%08d")...), ErrSpace},
		"too deep":              {imageOf(File{Name: strings.Repeat("a/", 16) + "b"}), ErrSpace},
		"too many on the DVD":   {shown(many(2500, "f/%08d")), ErrSpace},
		"not there on the DVD":  {shown([]File{{Name: "a"}}, "b"), ErrName},
		"a folder on the DVD":   {shown([]File{{Name: "a/b"}}, "a"), ErrName},
		"a space on the DVD":    {shown([]File{{Name: "a b"}}, "a b"), ErrName},
		"two dots on the DVD":   {shown([]File{{Name: "a.b.c"}}, "a.b.c"), ErrName},
		"too long on the DVD":   {shown([]File{{Name: long[:31]}}, long[:31]), ErrName},
		"a folder's dot on it":  {shown([]File{{Name: "a.b/c"}}, "a.b/c"), ErrName},
		"before 1980":           {Image{Label: "A", Date: testBuilt.AddDate(-50, 0, 0)}, ErrDate},
		"no date":               {Image{Label: "A"}, ErrDate},
		"after 2107":            {Image{Label: "A", Date: testBuilt.AddDate(100, 0, 0)}, ErrDate},
		"no label":              {Image{Date: testBuilt}, ErrLabel},
		"a label of 12":         {Image{Label: "ABCDEFGHIJKL", Date: testBuilt}, ErrLabel},
		"a label in lower case": {Image{Label: "signer", Date: testBuilt}, ErrLabel},
	} {
		if n, err := test.image.WriteTo(io.Discard); !errors.Is(err, test.want) || n != 0 {
			t.Errorf("%s: %d bytes written, error %v, want 0 and %v", name, n, err, test.want)
		}
	}
}

func many(count int, name string) []File {
	var files []File
	for i := range count {
		files = append(files, File{Name: fmt.Sprintf(name, i)})
	}
	return files
}

// shown puts the files on the DVD, or the names if there are any.
func shown(files []File, names ...string) Image {
	m := imageOf(files...)
	m.ISO = names
	for i := 0; names == nil && i < len(files); i++ {
		m.ISO = append(m.ISO, files[i].Name)
	}
	return m
}

func TestAWriteThatFailsIsSaid(t *testing.T) {
	full := errors.New("the drive is full")
	for _, room := range []int{0, 600, 40_000, 140_000, 2_000_000} {
		if n, err := likeTheReal().WriteTo(&narrow{room, full}); !errors.Is(err, full) || n != int64(room) {
			t.Errorf("room for %d: says %d, %v", room, n, err)
		}
	}
}

type narrow struct {
	room int
	err  error
}

func (w *narrow) Write(p []byte) (int, error) {
	n := min(w.room, len(p))
	w.room -= n
	if n < len(p) {
		return n, w.err
	}
	return n, nil
}

// Every size that an image can have holds what it says: no cluster without an
// entry in the FAT (an entry short was a defect seen in another writer), none
// outside of the partition, and the first at a block of a DVD.
func TestEverySizeHolds(t *testing.T) {
	for mib := uint64(1); mib <= 140; mib++ {
		s := shaped(mib * quantum / sector)
		if s.clusters == 0 {
			continue
		}
		end := s.data() + s.clusters*clusterSectors
		if end > s.esp || espStart+s.esp+backSectors > s.sectors || s.fat*sector/2 < s.clusters+2 || s.at(2)%block != 0 || s.reserved == 0 {
			t.Errorf("%d MiB: %+v", mib, s)
		}
	}
}
