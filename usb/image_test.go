package usb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	layout "signer/image/disk"
)

const whatItSays = `{"name":"Signer","version":"2","built":"2026-11-20T00:00:00Z","arch":"amd64"}` + "\n"

// written is an image as the builder makes it, on a stick that is 3 MiB longer.
func written(t testing.TB, files ...layout.File) (stick []byte, size int64) {
	t.Helper()
	m := layout.Image{Label: "SIGNER", Disk: layout.GUID{1}, Partition: layout.GUID{2}, Serial: 3, Date: time.Unix(1_790_000_000, 0), ISO: []string{".disk/info"},
		Files: append([]layout.File{{Name: "vmlinuz", Data: make([]byte, 70_001)}, {Name: ".disk/info", Data: []byte("Signer\n")},
			{Name: "EFI/debian/grub.cfg", Data: []byte("menu\n")}}, files...)}
	var b bytes.Buffer
	size, err := m.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(bytes.Repeat([]byte("left over"), 3<<20/9))
	return b.Bytes(), size
}

func info(text string) layout.File { return layout.File{Name: infoFile, Data: []byte(text)} }

// saidBy is the image on a stick, and what it says of itself.
func saidBy(t testing.TB, stick []byte) (image, []byte, error) {
	t.Helper()
	i, err := findImage(bytes.NewReader(stick), int64(len(stick)))
	if err != nil {
		return i, nil, err
	}
	said, err := i.info()
	if err != nil {
		t.Fatal(err)
	}
	return i, said, nil
}

func TestAnImageOnAStick(t *testing.T) {
	large := strings.Repeat("x", maxInfo)
	for name, c := range map[string]struct {
		files []layout.File
		want  string
	}{
		"as the builder makes it":       {[]layout.File{info(whatItSays)}, whatItSays},
		"behind many others":            {append(numbered(100), info(whatItSays)), whatItSays},
		"over several clusters":         {[]layout.File{info(large)}, large},
		"too large to be read":          {[]layout.File{info(large + "x")}, ""},
		"that says nothing":             {nil, ""},
		"that says it in a folder":      {[]layout.File{{Name: "EFI/" + infoFile, Data: []byte(whatItSays)}}, ""},
		"that says it in other letters": {[]layout.File{{Name: "Image.json", Data: []byte(whatItSays)}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			stick, size := written(t, c.files...)
			i, said, err := saidBy(t, stick)
			if err != nil || i.size != size || string(said) != c.want {
				t.Fatalf("%d bytes that say %.99q, %v; want %d", i.size, said, err, size)
			}
			digest, err := digestOf(t.Context(), bytes.NewReader(stick), i.size, nil)
			if want := tuf.Digest(sha256.Sum256(stick[:size])); err != nil || digest != want {
				t.Errorf("the digest is %s, %v; want %s", digest, err, want)
			}
		})
	}
}

func numbered(n int) (files []layout.File) {
	for i := range n {
		files = append(files, layout.File{Name: "a rather long name, number " + string(rune('A'+i/26)) + string(rune('a'+i%26))})
	}
	return files
}

// No ceremony takes an image for an empty drive: Open calls it foreign, and who
// wants it formatted has to type a word.
func TestAnImageIsNoEmptyDrive(t *testing.T) {
	stick, _ := written(t, info(whatItSays))
	if f, err := Probe(bytes.NewReader(stick), int64(len(stick))); err != nil || f.Kind != kindISO || f.Usable() {
		t.Errorf("it is taken for %+v, %v", f, err)
	}
}

func TestOtherDrivesHaveNoImage(t *testing.T) {
	good, _ := written(t, info(whatItSays))
	const entries = 1024
	for name, alter := range map[string]func(b []byte) []byte{
		"nothing":             func([]byte) []byte { return nil },
		"zeros":               func(b []byte) []byte { clear(b); return b },
		"cut short":           func(b []byte) []byte { return b[:512<<10] },
		"with a bit turned":   func(b []byte) []byte { b[512+56] ^= 1; return b },
		"without ISO 9660":    func(b []byte) []byte { clear(b[32<<10:][:2048]); return b },
		"without FAT":         func(b []byte) []byte { clear(b[128<<10:][:512]); return b },
		"with FAT12":          func(b []byte) []byte { b[128<<10+13] *= 2; return b },
		"with two partitions": func(b []byte) []byte { copy(b[entries+128:], b[entries:][:128]); return mended(b) },
		"for files":           func(b []byte) []byte { b[entries]++; return mended(b) },
	} {
		stick := alter(bytes.Clone(good))
		if i, said, err := saidBy(t, stick); !errors.Is(err, ceremony.ErrNoImage) {
			t.Errorf("%s: an image of %d bytes that says %q, %v", name, i.size, said, err)
		}
	}
	large := bytes.Clone(good)
	binary.LittleEndian.PutUint64(large[512+32:], mostImage/sector) // the last sector, on a stick that has it
	if i, err := findImage(bytes.NewReader(mended(large)), 1<<40); !errors.Is(err, ceremony.ErrNoImage) {
		t.Errorf("an image of %d bytes, %v", i.size, err)
	}
}

// mended has right checksums in its GPT.
func mended(b []byte) []byte {
	h, le := b[512:1024], binary.LittleEndian
	le.PutUint32(h[88:], crc32.ChecksumIEEE(b[1024:][:128*128]))
	clear(h[16:20])
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:gptHeader]))
	return b
}

func TestAnImageThatCannotBeRead(t *testing.T) {
	good, size := written(t, info(whatItSays))
	broken := errors.New("input/output error")
	for _, at := range []int64{512, 1024, 32<<10 + 1, 128 << 10} {
		if _, err := findImage(failing{bytes.NewReader(good), at, broken}, int64(len(good))); !errors.Is(err, broken) || errors.Is(err, ceremony.ErrNoImage) {
			t.Errorf("a stick that cannot be read at %d: %v", at, err)
		}
	}
	if _, err := digestOf(t.Context(), failing{bytes.NewReader(good), size - 1, broken}, size, nil); !errors.Is(err, broken) {
		t.Errorf("an image that cannot be read to its last byte: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	read := int64(0)
	_, err := digestOf(ctx, bytes.NewReader(good), size, func(done, total int64) {
		read = done
		cancel(ceremony.ErrStop)
	})
	if !errors.Is(err, ceremony.ErrStop) || read > 1<<20 {
		t.Errorf("after it was stopped: %d bytes, %v", read, err)
	}
}

// failing cannot be read at one place.
type failing struct {
	io.ReaderAt
	at  int64
	err error
}

func (f failing) ReadAt(p []byte, offset int64) (int, error) {
	if offset <= f.at && f.at < offset+int64(len(p)) {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(p, offset)
}

// FuzzImage turns the bytes of an image in its tables, its FAT and its folder:
// whatever they say, reading ends, inside of the drive and of its bounds.
func FuzzImage(f *testing.F) {
	good, _ := written(f, info(whatItSays))
	fat, ok := fatShapeOf(newArea(bytes.NewReader(good), int64(len(good))).part(128<<10, int64(len(good))-128<<10))
	if !ok {
		f.Fatal("there is no FAT")
	}
	for _, at := range []int64{512, 1024, 128 << 10, 128<<10 + fat.fat, 128<<10 + fat.root} {
		f.Add(at, bytes.Clone(good[at:][:128]))
	}
	f.Fuzz(func(t *testing.T, at int64, b []byte) {
		stick := patched{bytes.NewReader(good), at, b}
		head := make([]byte, 32<<10)
		if _, err := stick.ReadAt(head, 0); err != nil {
			t.Fatal(err)
		}
		i, err := findImage(patched{stick, 0, mended(head)}, int64(len(good)))
		if err != nil {
			if !errors.Is(err, ceremony.ErrNoImage) {
				t.Error(err)
			}
			return
		}
		if said, err := i.info(); err != nil || len(said) > maxInfo || i.size <= 0 || i.size > int64(len(good)) {
			t.Errorf("%d bytes that say %d bytes, %v", i.size, len(said), err)
		}
	})
}

// patched has other bytes at one place.
type patched struct {
	io.ReaderAt
	at int64
	b  []byte
}

func (r patched) ReadAt(p []byte, offset int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, offset)
	if from := r.at - offset; from >= 0 && from < int64(n) {
		copy(p[from:n], r.b)
	} else if from < 0 && -from < int64(len(r.b)) && r.at >= 0 {
		copy(p[:n], r.b[-from:])
	}
	return n, err
}
