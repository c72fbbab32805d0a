package qemu

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// pipe is a client that has said all it says.
type pipe struct {
	io.Reader
	io.Writer
}

// memory are contents for tests.
type memory []byte

func (m memory) size() int64                            { return int64(len(m)) }
func (m memory) read(p []byte, offset int64) error      { copy(p, m[offset:]); return nil }
func (m memory) write(p []byte, at int64, _ bool) error { copy(m[at:], p); return nil }
func (m memory) flush() error                           { return nil }

func request(command uint16, offset uint64, length uint32, data string) []byte {
	b := binary.BigEndian.AppendUint32(nil, nbdRequest)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint16(b, command)
	b = append(b, "handle 1"...)
	b = binary.BigEndian.AppendUint64(b, offset)
	return append(binary.BigEndian.AppendUint32(b, length), data...)
}

func begin() []byte {
	b := []byte{0, 0, 0, 3}
	b = binary.BigEndian.AppendUint64(b, nbdOption)
	b = binary.BigEndian.AppendUint32(b, optExportName)
	return binary.BigEndian.AppendUint32(b, 0)
}

// A request beyond the end is refused, and reaches no byte.
func TestNBDBeyondTheEnd(t *testing.T) {
	disk := memory("0123456789")
	var out bytes.Buffer
	in := bytes.Join([][]byte{begin(), request(cmdWrite, 8, 3, "abc"), request(cmdRead, 1<<63, 1, ""), request(cmdRead, 8, 2, "")}, nil)
	if err := serveNBD(pipe{bytes.NewReader(in), &out}, disk); err != nil {
		t.Fatal(err)
	}
	replies := out.Bytes()[8+8+2+8+2:]
	if len(replies) != 3*16+2 || replies[7] != nbdInvalid || replies[16+7] != nbdInvalid || string(replies[3*16:]) != "89" {
		t.Fatalf("answers %x", replies)
	}
}

// A disk keeps what each of its lies says it keeps.
func TestDisk(t *testing.T) {
	full := bytes.Repeat([]byte("x"), 2*sector)
	for name, c := range map[string]struct {
		contents Contents
		at       int64
		failed   bool
		kept     string // the first byte of each sector of the file, "." for none
	}{
		"honest":    {Contents{}, 0, false, "xx.."},
		"forgets":   {Contents{Forgets: true}, 0, false, "...."},
		"too small": {Contents{Size: 8 * sector, Holds: 4 * sector}, 3 * sector, false, "...x"},
		"wraps":     {Contents{Size: 8 * sector, Holds: 4 * sector, Wraps: true}, 3 * sector, false, "x..x"},
		"torn":      {Contents{Before: func(int, int64, []byte) int { return sector + 1 }}, 0, false, "x..."},
		"fails":     {Contents{Before: func(int, int64, []byte) int { return -1 }}, 0, true, "...."},
	} {
		t.Run(name, func(t *testing.T) {
			c.contents.File = filepath.Join(t.TempDir(), "disk")
			if err := NewDrive(c.contents.File, 4*sector); err != nil {
				t.Fatal(err)
			}
			d, err := Serve(c.contents)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.write(full, c.at, false); (err != nil) != c.failed {
				t.Fatal("write:", err)
			}
			if _, err := d.LosePower(nil); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(c.contents.File)
			if err != nil {
				t.Fatal(err)
			}
			kept := ""
			for at := 0; at < len(data); at += sector {
				kept += string(max(data[at], '.'))
			}
			if kept != c.kept {
				t.Errorf("kept %s, not %s", kept, c.kept)
			}
		})
	}
}

// Who lets the power be lost after Left loses also what was being written.
func TestLeftWaitsForAWriting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disk")
	if err := NewDrive(file, 4*sector); err != nil {
		t.Fatal(err)
	}
	writing, goOn := make(chan struct{}), make(chan struct{})
	d, err := Serve(Contents{File: file, Forgets: true, Before: func(_ int, _ int64, data []byte) int {
		close(writing)
		<-goOn
		return len(data)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	conn, err := net.Dial("unix", d.socket)
	if err != nil {
		t.Fatal(err)
	}
	said := append(begin(), request(cmdWrite, 0, 2*sector, string(bytes.Repeat([]byte("x"), 2*sector)))...)
	if _, err := conn.Write(said); err != nil {
		t.Fatal(err)
	}
	<-writing
	conn.Close() // the power is cut
	go close(goOn)
	d.Left()
	if lost, err := d.LosePower(nil); err != nil || lost != 2 {
		t.Errorf("%d sectors are lost of the 2 that were being written, %v", lost, err)
	}
}

// What the drive has not flushed reads as it was written, until the power is lost.
func TestDiskReadsWhatItMayForget(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disk")
	if err := NewDrive(file, 4*sector); err != nil {
		t.Fatal(err)
	}
	d, err := Serve(Contents{File: file, Forgets: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	page, got := bytes.Repeat([]byte("y"), sector), make([]byte, sector)
	if err := errors.Join(d.write(page, 0, true), d.write(page, sector, false), d.read(got, sector)); err != nil || got[0] != 'y' {
		t.Fatal("what was written does not read:", err)
	}
	lost, err := d.LosePower(nil)
	if err := errors.Join(err, d.read(got, sector)); err != nil || got[0] != 0 || lost != 1 {
		t.Fatalf("%d sectors lost, %v", lost, err)
	}
	if err := d.read(got, 0); err != nil || got[0] != 'y' {
		t.Fatal("what was written through is lost", err)
	}
}

func FuzzNBD(f *testing.F) {
	f.Add(append(begin(), request(cmdWrite, 0, 3, "abc")...))
	f.Add(append(begin(), request(cmdRead, 9, 9, "")...))
	f.Fuzz(func(t *testing.T, said []byte) {
		_ = serveNBD(pipe{bytes.NewReader(said), io.Discard}, make(memory, 64))
	})
}

func FuzzRedirect(f *testing.F) {
	ask := packet{kind: rdControl, id: 1, body: []byte{0x80, 6, 0x80, 0, 0, 2, 0, 0, 255, 0}}
	var said bytes.Buffer
	first, second := net.Pipe()
	go func() { _ = packet{kind: rdHello, body: hello()}.send(first); _ = ask.send(first); first.Close() }()
	_, _ = said.ReadFrom(second)
	f.Add(said.Bytes())
	f.Fuzz(func(t *testing.T, said []byte) {
		_ = redirect(pipe{bytes.NewReader(said), io.Discard}, DiskAndKeyboard("x"))
	})
}

func FuzzKernelFont(f *testing.F) {
	f.Add([]byte("HdrS"))
	f.Fuzz(func(t *testing.T, kernel []byte) { _, _ = KernelFont(kernel) })
}
