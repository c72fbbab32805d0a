package proof_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"path/filepath"
	"testing"
)

// components puts the files of a release into a folder: each begins as its
// format does, since what is no program for its platform is refused.
func components(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"osqueryd":            elf(62, "osqueryd 5.10.2"),
		"osqueryd-new":        elf(62, "osqueryd 5.11.0, which is longer"),
		"osqueryd-arm64":      elf(183, "osqueryd 5.11.0"),
		"orbit.exe":           pe("orbit 1.2.3"),
		"desktop.exe":         pe("desktop 1.2.3"),
		"desktop.tar.gz":      archive(t, "fleet-desktop/fleet-desktop", elf(62, "desktop 1.2.3")),
		"osqueryd.app.tar.gz": archive(t, "osquery.app/Contents/MacOS/osqueryd", machO("osqueryd 5.10.2")),
		"escrowBuddy.pkg":     []byte("xar!\x00\x1c\x00\x01 escrowBuddy 1.0.0"),
		"hello.ext":           elf(62, "hello 0.1"),
		"hello.ext.exe":       pe("hello 0.1"),
		"orbit":               machO("orbit 1.2.3"),
	} {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func elf(machine uint16, body string) []byte {
	head := make([]byte, 64)
	copy(head, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(head[16:], 2)
	binary.LittleEndian.PutUint16(head[18:], machine)
	return append(head, body...)
}

func pe(body string) []byte {
	head := make([]byte, 0x60)
	copy(head, "MZ")
	head[0x3c] = 0x40
	copy(head[0x40:], "PE\x00\x00\x64\x86")
	return append(head, body...)
}

func machO(body string) []byte {
	return append([]byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01"), body...)
}

func archive(t testing.TB, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
