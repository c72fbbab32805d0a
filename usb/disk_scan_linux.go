package usb

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"signer/ceremony"
)

// plugged is a disk from its plugging to its unplugging. What it says of itself
// does not change; the rest is guarded by the lock of Real.
type plugged struct {
	disk
	boot   bool   // the computer started from it
	found  Found  // its file system
	wrong  error  // why that cannot be told
	volume uint32 // the serial number of the file system
	tested bool   // its capacity is what it says
	taken  bool   // mounted, or being formatted
	medium *realMedium
}

var errFault = errors.New("this program has a fault that the drive brought out")

// unclear is the file system of a drive that is not blank, and not understood.
const unclear = "unclear"

// scan compares the disks that are there with those that were.
func (r *Real) scan() error {
	disks, err := r.sys.disks()
	if err != nil {
		return err
	}
	r.unplug(disks)
	for _, d := range disks {
		if !r.knows(d) {
			r.plug(d)
		}
	}
	return nil
}

func (r *Real) knows(d disk) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.plugged, func(p *plugged) bool { return p.is(d) })
}

// unplug drops what is not there any more. A reader whose medium was taken out
// has another sequence number.
func (r *Real) unplug(disks []disk) {
	r.mu.Lock()
	defer r.mu.Unlock()
	there := r.plugged[:0:0]
	for _, p := range r.plugged {
		if slices.ContainsFunc(disks, p.is) {
			there = append(there, p)
			continue
		}
		if p.medium != nil {
			p.medium.pulled()
		}
		if p.boot || p.isMedium() {
			defer r.tell()
		}
	}
	r.plugged = there
}

// plug looks at a disk that is new. The lock is not held while it is read: a bad
// drive may take its time.
func (r *Real) plug(d disk) {
	if err := r.sys.poll(d.name); err != nil {
		r.log("watch %s for media: %v", d.name, err)
	}
	p := &plugged{disk: d}
	if p.usb != "" || r.o.Disk != "" {
		if !r.survive("the drive “"+called(p.value())+"”", func() { r.look(p) }) {
			p.wrong = errFault
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plugged = append(r.plugged, p)
	if p.boot || p.isMedium() {
		r.tell()
	}
}

// look reads what a disk is. Opening it makes the kernel see a medium that was put
// in just now.
func (r *Real) look(p *plugged) {
	file, err := r.openDisk(p, unix.O_RDONLY)
	switch {
	case errors.Is(err, unix.ENOMEDIUM), errors.Is(err, ceremony.ErrGone): // a reader says so when it is pulled, too
		p.size = 0
		return
	case err != nil:
		p.wrong = err
		r.log("look at %s: %v", p.name, err)
		return
	}
	defer file.Close()
	if p.size, err = file.Seek(0, io.SeekEnd); err != nil {
		p.wrong, p.size = err, 0
		return
	}
	p.wrong = dropCache(file)
	r.understand(p, file)
}

// understand finds out whether the computer started from a disk, and what is on it
// otherwise. One that cannot be read is not asked a second time. Of a table whose
// first copy was damaged the other says as well which drive it is.
func (r *Real) understand(p *plugged, disk io.ReaderAt) {
	table, err := ReadGPT(disk, p.size)
	if isFailure(err) {
		p.wrong = err
		return
	}
	whose := err == nil || errors.Is(err, ErrBackupOnly)
	p.boot = r.o.Disk != "" && whose && table.Disk == r.o.Disk
	if p.isDrive() && p.wrong == nil {
		p.probe(disk)
	}
}

// probe finds the file system, and by what number it goes.
func (p *plugged) probe(r io.ReaderAt) {
	p.found, p.wrong = Probe(r, p.size)
	if p.wrong != nil {
		return
	}
	if id := volumeID(r, p.found); id != 0 {
		p.volume = id
	}
	for p.volume == 0 { // a blank drive gets one, which formatting writes
		var b [4]byte
		_, _ = rand.Read(b[:]) // which never fails
		p.volume = binary.LittleEndian.Uint32(b[:])
	}
}

// volumeID is the serial number of a file system, or 0.
func volumeID(r io.ReaderAt, f Found) uint32 {
	offset := map[string]int64{"FAT12": 39, "FAT16": 39, "FAT32": 67, "exFAT": 100}[f.Kind]
	var b [4]byte
	if _, err := r.ReadAt(b[:], f.Offset+offset); offset == 0 || err != nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b[:])
}

// openDisk opens the device file, and makes sure that it is the plugging's: its
// name may be another drive's by now.
func (r *Real) openDisk(p *plugged, flag int) (*os.File, error) {
	file, err := os.OpenFile(r.node(p.name), flag|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	switch {
	case errors.Is(err, unix.EBUSY):
		return nil, ErrInUse
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EACCES): // which nobody else says to root
		return nil, ErrReadOnly
	case errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENOENT):
		return nil, ceremony.ErrGone
	case err != nil:
		return nil, err
	}
	seq, err := diskSeq(file)
	if err == nil && seq != p.seq {
		err = ceremony.ErrGone
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func (p *plugged) is(d disk) bool { return p.name == d.name && p.seq == d.seq }

// isDrive says whether a ceremony may use it.
func (p *plugged) isDrive() bool { return p.isMedium() && !p.optical && !p.boot }

// isMedium says whether it is on USB, and there is something to be read: no empty
// reader.
func (p *plugged) isMedium() bool { return p.usb != "" && p.size > 0 }

func (p *plugged) plugging() string { return fmt.Sprintf("%s-%d", p.name, p.seq) }

func (p *plugged) value() ceremony.Drive {
	d := ceremony.Drive{Plugging: p.plugging(), Vendor: p.vendor, Model: p.model, Serial: p.identity(), Size: p.size}
	d.FileSystem, d.Label = p.found.Kind, printable(p.found.Label)
	if p.wrong != nil {
		d.FileSystem = unclear
	}
	return d
}

// identity tells a drive from others of its make. One without a serial number
// goes by that of its file system, which formatting keeps.
func (p *plugged) identity() string {
	if p.serial != "" {
		return p.serial
	}
	return fmt.Sprintf("volume %04X-%04X", p.volume>>16, p.volume&0xFFFF)
}
