package disk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// dvd reads an image as a DVD, and asserts what ECMA-119 demands on the way.
type dvd struct {
	*testing.T
	image   []byte
	folders []string // in the order in which they are met
	files   map[string][]byte
	places  map[string]int // of folders
	dates   map[string]bool
}

func readDVD(t *testing.T, image []byte) *dvd {
	t.Helper()
	d := &dvd{T: t, image: image, files: map[string][]byte{}, places: map[string]int{}, dates: map[string]bool{}}
	primary := image[isoFirst*block:][:block]
	if string(primary[:7]) != "\x01CD001\x01" || d.both16(primary[128:]) != block || primary[881] != 1 {
		t.Fatal("no primary volume descriptor")
	}
	if got := d.both32(primary[80:]); got != len(image)/block {
		t.Errorf("the volume has %d blocks, not %d", got, len(image)/block)
	}
	d.folder("", primary[156:190], 0)
	d.paths(primary)
	return d
}

func (d *dvd) both16(b []byte) int {
	if le.Uint16(b) != binary.BigEndian.Uint16(b[2:]) {
		d.Errorf("a number differs in its two orders: %x", b[:4])
	}
	return int(le.Uint16(b))
}

func (d *dvd) both32(b []byte) int {
	if le.Uint32(b) != binary.BigEndian.Uint32(b[4:]) {
		d.Errorf("a number differs in its two orders: %x", b[:8])
	}
	return int(le.Uint32(b))
}

// folder reads the records of a folder; parent is the folder it is in.
func (d *dvd) folder(name string, record []byte, parent int) {
	at, size := d.both32(record[2:]), d.both32(record[10:])
	if parent == 0 {
		parent = at
	}
	d.folders, d.places[name] = append(d.folders, name), at
	if size%block != 0 {
		d.Fatalf("folder %q has %d bytes", name, size)
	}
	var last string
	for i, r := range d.records(d.image[at*block:][:size]) {
		identifier := string(r[33 : 33+int(r[32])])
		place := d.both32(r[2:])
		d.dates[string(r[18:25])] = true
		switch {
		case i == 0 && (identifier != "\x00" || place != at), i == 1 && (identifier != "\x01" || place != parent):
			d.Errorf("folder %q begins with %q at %d", name, identifier, place)
		case i < 2:
		case identifier <= last:
			d.Errorf("%q after %q", identifier, last)
		case r[25] == 2:
			d.folder(path.Join(name, identifier), r, at)
		default:
			d.files[path.Join(name, identifier)] = d.image[place*block:][:d.both32(r[10:])]
		}
		last = identifier
	}
}

// records cuts a folder: none goes across the end of a block.
func (d *dvd) records(folder []byte) [][]byte {
	var all [][]byte
	for b := range slices.Chunk(folder, block) {
		for len(b) > 0 && b[0] != 0 {
			if int(b[0]) > len(b) || b[0]%2 != 0 || int(b[0]) < 33+int(b[32]) {
				d.Fatalf("a record of %d bytes", b[0])
			}
			all = append(all, b[:b[0]])
			b = b[b[0]:]
		}
		if !bytes.Equal(b, make([]byte, len(b))) {
			d.Fatal("something follows the last record of a block")
		}
	}
	return all
}

// paths compares both path tables with the folders.
func (d *dvd) paths(primary []byte) {
	size := d.both32(primary[132:])
	for _, order := range []binary.ByteOrder{le, binary.BigEndian} {
		at := order.Uint32(primary[140:])
		if order == binary.BigEndian {
			at = order.Uint32(primary[148:])
		}
		table := d.image[int(at)*block:][:size]
		names := []string{""}
		for len(table) > 0 {
			identifier := string(table[8 : 8+int(table[0])])
			parent, name := int(order.Uint16(table[6:])), ""
			if identifier != "\x00" {
				name = path.Join(names[parent], identifier)
			}
			if place, there := d.places[name]; !there || place != int(order.Uint32(table[2:])) {
				d.Errorf("folder %q is not where the path table says", name)
			}
			names = append(names, name)
			table = table[8+len(identifier)+len(identifier)%2:]
		}
		if len(names)-1 != len(d.folders) {
			d.Errorf("%d folders in a path table, %d on the DVD", len(names)-1, len(d.folders))
		}
	}
}

// On a DVD Debian's GRUB 2.12 reads EFI/debian/grub.cfg through ISO 9660, and
// another reads .disk/info and boot/grub/grub.cfg: measured.
func TestDVDShowsTheFATsFiles(t *testing.T) {
	m := likeTheReal()
	d := readDVD(t, write(t, m))
	if len(d.files) != len(m.ISO) {
		t.Errorf("%d files, want %d", len(d.files), len(m.ISO))
	}
	for name, on := range map[string]string{
		".disk/info": ".DISK/INFO.;1", "boot/grub/grub.cfg": "BOOT/GRUB/GRUB.CFG;1", "EFI/debian/grub.cfg": "EFI/DEBIAN/GRUB.CFG;1",
		"signer_0123abcd": "SIGNER_0123ABCD.;1", "vmlinuz": "VMLINUZ.;1", "initrd": "INITRD.;1",
	} {
		if want := m.Files[slices.IndexFunc(m.Files, func(f File) bool { return f.Name == name })].Data; !bytes.Equal(d.files[on], want) {
			t.Errorf("%s has other bytes than %s", on, name)
		}
	}
	if want := "\x7e\x02\x03\x04\x05\x06\x00"; len(d.dates) != 1 || !d.dates[want] {
		t.Errorf("dates %v", d.dates)
	}
	if label := strings.TrimRight(string(d.image[isoFirst*block+40:][:32]), " "); label != m.Label {
		t.Errorf("label %q", label)
	}
}

func TestDVDOfManyFiles(t *testing.T) {
	var files []File
	for i := range 400 { // some blocks of records in one folder, and others
		files = append(files, File{fmt.Sprintf("folder/a_name_of_29_characters_%03d.t", i), filled(3000, byte(i))})
	}
	files = append(files, File{"a/b/c/d/e/deep.txt", []byte("deep")}, File{"nothing", nil})
	m := shown(files)
	d := readDVD(t, write(t, m))
	for _, f := range files {
		base := path.Base(f.Name)
		if !strings.Contains(base, ".") {
			base += "."
		}
		if got, there := d.files[strings.ToUpper(path.Join(path.Dir(f.Name), base))+";1"]; !there || !bytes.Equal(got, f.Data) {
			t.Errorf("%s: %v, %d bytes", f.Name, there, len(got))
		}
	}
}

// Firmware finds the partition by the boot catalog; its length is told where it
// fits 16 bits.
func TestDVDBoots(t *testing.T) {
	for _, m := range []Image{likeTheReal(), trees["36 MB"]} {
		image := write(t, m)
		boot := image[17*block:][:block]
		if string(boot[:30]) != "\x00CD001\x01EL TORITO SPECIFICATION" || string(image[18*block:][:7]) != "\xffCD001\x01" {
			t.Fatal("no boot record, or nothing ends the descriptors")
		}
		catalog := image[int(le.Uint32(boot[71:]))*block:][:block]
		var sum uint16
		for i := 0; i < 32; i += 2 {
			sum += le.Uint16(catalog[i:])
		}
		if sum != 0 || catalog[0] != 1 || catalog[1] != 0xEF || catalog[30] != 0x55 || catalog[31] != 0xAA {
			t.Errorf("validation entry %x", catalog[:32])
		}
		entry := catalog[32:64]
		at, count := int64(le.Uint32(entry[8:]))*block, int64(le.Uint16(entry[6:]))
		table, err := ReadTable(bytes.NewReader(image))
		if err != nil || entry[0] != 0x88 || entry[1] != 0 || at != table.espStart*sector {
			t.Errorf("entry %x, error %v", entry, err)
		}
		if want := table.espSectors; count != want && (count != 0 || want < 1<<16) {
			t.Errorf("%d sectors of %d", count, want)
		}
	}
}
