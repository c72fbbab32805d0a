package debian

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// part is a member of a package's ar archive.
type part struct{ name, data string }

func arOf(parts ...part) string {
	var b strings.Builder
	b.WriteString(arMagic)
	for _, p := range parts {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", p.name, 0, 0, 0, "100644", len(p.data), p.data)
		if len(p.data)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func debOf(data part) string {
	return arOf(part{"debian-binary", "2.0\n"}, part{"control.tar.xz", "odd"}, data)
}

func tarOf(t testing.TB, headers ...tar.Header) string {
	t.Helper()
	var b strings.Builder
	w := tar.NewWriter(&b)
	for _, h := range headers {
		content := h.Uname // what the file has
		h.Uname, h.Mode = "", 0o644
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			_, _ = w.Write([]byte(content))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func file(name, content string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Uname: content}
}
func dir(name string) tar.Header { return tar.Header{Typeflag: tar.TypeDir, Name: name} }
func sym(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}
}
func hard(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target}
}

func openText(t *testing.T, text string) (*Deb, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.deb")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDeb(path)
	if err == nil {
		t.Cleanup(func() { _ = d.Close() })
	}
	return d, err
}

// read gives the wanted files as "name=content" in the order in which they came.
func read(t *testing.T, text string, want func(string) bool) (files []string, err error) {
	t.Helper()
	d, err := openText(t, text)
	if err != nil {
		return nil, err
	}
	err = d.Files(want, func(name string, data []byte) error {
		files = append(files, name+"="+string(data))
		return nil
	})
	return files, err
}

func everything(string) bool { return true }

func TestFilesOfEachCompression(t *testing.T) {
	plain := tarOf(t, dir("./"), dir("./boot/"), file("./boot/vmlinuz", "kernel"), file("./boot/config", ""), file("./etc/other", "x"))
	for name, data := range map[string]string{
		"data.tar": plain, "data.tar.xz": pack(t, plain), "data.tar.gz": gzipped(t, plain), "data.tar.zst": zstandard(t, plain)} {
		files, err := read(t, debOf(part{name, data}), func(n string) bool { return strings.HasPrefix(n, "boot/") })
		if err != nil || strings.Join(files, " ") != "boot/vmlinuz=kernel boot/config=" {
			t.Errorf("%s: %q %v", name, files, err)
		}
		for _, altered := range []string{data[:len(data)/2], strings.Repeat("x", len(data))} {
			if files, err := read(t, debOf(part{name, altered}), everything); err == nil {
				t.Errorf("%s, altered: %q", name, files)
			}
		}
	}
	if _, err := read(t, debOf(part{"data.tar.lzma", plain}), everything); !errors.Is(err, ErrPackage) {
		t.Error(err)
	}
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b strings.Builder
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

func TestLinksAreFollowedInsideThePackageOnly(t *testing.T) {
	data := tarOf(t,
		file("./usr/share/a/real", "content"),
		sym("./usr/share/near", "a/real"),
		sym("./usr/share/early", "a/late"), // before what it leads to
		file("./usr/share/a/late", "later"),
		sym("./usr/share/absolute", "/usr/share/a/real"),
		sym("./usr/share/up", "../../../../usr/share/a/real"), // ".." stops at the root
		hard("./usr/share/hard", "./usr/share/a/real"),
		sym("./lib", "usr/lib"), file("./usr/lib/x", "through a folder"), sym("./usr/share/through", "/lib/x"),
		sym("./usr/share/chain", "near"), hard("./usr/share/hard-to-link", "usr/share/chain"),
		sym("./usr/share/outside", "/etc/passwd"), sym("./usr/share/folder", "a"),
		sym("./usr/share/loop", "loop2"), sym("./usr/share/loop2", "loop"), hard("./usr/share/nothing", "./nowhere"),
		tar.Header{Typeflag: tar.TypeFifo, Name: "./usr/share/pipe"}, tar.Header{Typeflag: tar.TypeChar, Name: "./dev/x"})
	deb := debOf(part{"data.tar", data})
	for name, want := range map[string]string{"near": "content", "early": "later", "absolute": "content", "up": "content", "hard": "content",
		"through": "through a folder", "chain": "content", "hard-to-link": "content"} {
		name = "usr/share/" + name
		files, err := read(t, deb, func(n string) bool { return n == name })
		if err != nil || strings.Join(files, " ") != name+"="+want {
			t.Errorf("%s: %q %v", name, files, err)
		}
	}
	for _, name := range []string{"outside", "folder", "loop", "nothing", "pipe"} {
		name = "usr/share/" + name
		files, err := read(t, deb, func(n string) bool { return n == name })
		if !errors.Is(err, ErrLink) || !strings.Contains(err.Error(), name) || len(files) > 0 {
			t.Errorf("%s: %q %v", name, files, err)
		}
	}
	files, err := read(t, deb, func(n string) bool {
		return n == "usr/share/outside" || n == "usr/share/hard" || n == "usr/share/a/real"
	})
	if !errors.Is(err, ErrLink) || strings.Join(files, " ") != "usr/share/a/real=content usr/share/hard=content" {
		t.Errorf("with one that leads nowhere, the others: %q %v", files, err)
	}
}

func TestFilesRefusesHostilePackages(t *testing.T) {
	in := func(headers ...tar.Header) string { return debOf(part{"data.tar", tarOf(t, headers...)}) }
	good := in(file("./a", "x"))
	control, binary := part{"control.tar.xz", ""}, part{"debian-binary", "2.0\n"}
	for name, text := range map[string]string{
		"empty":                     "",
		"no archive":                "PK\x03\x04 something else",
		"no members":                arMagic,
		"cut in a header":           good[:len(arMagic)+30],
		"cut in the data":           good[:len(good)-1024],
		"no end of a header":        strings.Replace(good, "`\n", "``", 1),
		"a size that is none":       strings.Replace(good, "4         `", "x         `", 1),
		"a negative size":           strings.Replace(good, "4         `", "-4        `", 1),
		"a size beyond the end":     strings.Replace(good, "4         `", "4000000000`", 1),
		"data before control":       arOf(binary, part{"data.tar", ""}, control),
		"no data":                   arOf(binary, control),
		"another format":            arOf(part{"debian-binary", "3.0\n"}, control, part{"data.tar", ""}),
		"more members than any has": arOf(append([]part{binary, control, {"data.tar", ""}}, make([]part, maxTop)...)...),
		"out by name":               in(file("../a", "x")),
		"out in the middle":         in(file("./a/../../b", "x")),
		"out at the end":            in(dir("./a/..")),
		"absolute":                  in(file("/etc/passwd", "x")),
		"two slashes":               in(file("./a//b", "x")),
		"a long name":               in(file("./"+strings.Repeat("a/", maxNameSize/2)+"b", "x")),
		"a long link":               in(sym("./a", strings.Repeat("a", maxNameSize+1))),
		"a hard link out":           in(hard("./a", "../../etc/passwd")),
		"the same name twice":       in(file("./a", "x"), file("a", "y")),
		"a file, then a link":       in(file("./a", "x"), sym("./a", "b")),
	} {
		files, err := read(t, text, everything)
		if err == nil {
			t.Errorf("%s: read as %q", name, files)
		}
	}
}

func TestABombEnds(t *testing.T) {
	r := &bounded{zeros{}, 1 << 20}
	if _, err := readAtMost(r, 1<<30); !errors.Is(err, ErrPackage) {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAnErrorOfTheCallerEndsTheReading(t *testing.T) {
	stop := errors.New("stop")
	for _, name := range []string{"a", "link"} {
		d, err := openText(t, debOf(part{"data.tar", tarOf(t, file("a", "x"), file("b", "y"), sym("link", "a"))}))
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		err = d.Files(func(n string) bool { return n == name }, func(string, []byte) error { calls++; return stop })
		if !errors.Is(err, stop) || calls != 1 {
			t.Errorf("%s: %d calls, %v", name, calls, err)
		}
	}
}

// Blocks that are decoded side by side give the same bytes as one decoder, in the
// same order, and what is altered is found in either way.
func TestBlocksOfXZSideBySide(t *testing.T) {
	plain := make([]byte, 1<<20)
	random := rand.NewChaCha8([32]byte{4})
	_, _ = random.Read(plain[:len(plain)/2])
	var b bytes.Buffer
	w, err := xz.WriterConfig{BlockSize: 100_000, DictCap: 1 << 16}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(plain)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packed := b.Bytes()
	if blocks, err := splitXZ(section(packed)); len(blocks) != 11 {
		t.Fatalf("%d blocks, want 11: %v", len(blocks), err)
	}
	if have, err := unpackXZ(packed); err != nil || !bytes.Equal(have, plain) {
		t.Errorf("%d bytes, %v", len(have), err)
	}
	// A cut between two blocks is what the decoder alone does not see.
	if have, err := unpackXZ(packed[:betweenBlocks(packed, 3)]); err == nil {
		t.Errorf("cut between two blocks, and nobody sees it: %d bytes", len(have))
	}
	for at := 0; at < len(packed); at += 19_997 {
		altered := bytes.Clone(packed)
		altered[at] ^= 4
		if have, err := unpackXZ(altered); err == nil {
			t.Errorf("byte %d is altered, and nobody sees it: %d bytes", at, len(have))
		}
		if have, err := unpackXZ(packed[:at]); err == nil {
			t.Errorf("cut at %d, and nobody sees it: %d bytes", at, len(have))
		}
	}
	two := append(bytes.Clone(packed), packed...)
	if have, err := unpackXZ(two); !errors.Is(err, ErrPackage) {
		t.Errorf("two streams: %d bytes, %v", len(have), err)
	}
}

// A header of a few bytes must not make the decoder set 4 GB aside.
func TestTheDictionaryOfXZIsBounded(t *testing.T) {
	packed := []byte(pack(t, "text"))
	if err := checkDictionary(bytes.NewReader(packed), 12); err != nil {
		t.Fatal(err)
	}
	at := 12 + bytes.IndexByte(packed[12:], 0x21) // the filter's id, then one byte of size
	packed[at+2] = 40
	if err := checkDictionary(bytes.NewReader(packed), 12); !errors.Is(err, ErrPackage) || !strings.Contains(err.Error(), "dictionary") {
		t.Error(err)
	}
	packed[at] = 0x04 // a filter for x86 code
	if err := checkDictionary(bytes.NewReader(packed), 12); !errors.Is(err, ErrPackage) {
		t.Error(err)
	}
}

// betweenBlocks is where that many blocks end.
func betweenBlocks(packed []byte, blocks int) (at int) {
	footer := packed[len(packed)-12:]
	index := packed[len(packed)-12-4*int(binary.LittleEndian.Uint32(footer[4:])+1) : len(packed)-12]
	at = 12
	for _, r := range indexRecords(index)[:blocks] {
		at += int(r.unpadded+3) &^ 3
	}
	return at
}

func section(data []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))
}

func unpackXZ(data []byte) ([]byte, error) {
	r, done, err := openXZ(section(data))
	if err != nil {
		return nil, err
	}
	defer done()
	return readAtMost(r, 1<<24)
}

func FuzzFiles(f *testing.F) {
	data := tarOf(f, dir("./"), file("./a", "x"), sym("./b", "a"), hard("./c", "a"))
	f.Add([]byte(debOf(part{"data.tar", data})))
	f.Add([]byte(debOf(part{"data.tar.xz", pack(f, data)})))
	f.Add([]byte(debOf(part{"data.tar.gz", gzipped(f, data)})))
	f.Fuzz(func(t *testing.T, deb []byte) {
		d, err := openText(t, string(deb))
		if err != nil {
			return
		}
		_ = d.Files(everything, func(name string, _ []byte) error {
			if !filepath.IsLocal(filepath.FromSlash(name)) {
				t.Errorf("a name that leaves its folder: %q", name)
			}
			return nil
		})
	})
}
