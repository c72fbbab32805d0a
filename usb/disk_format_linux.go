package usb

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"signer/ceremony"
)

// Format makes an empty FAT32 on a drive. The first time that a drive is seen, it
// has to prove that it is as large as it says.
func (r *Real) Format(ctx context.Context, d ceremony.Drive, label string) error {
	p, err := r.take(ctx, d)
	if err == nil {
		defer r.release(p)
		err = r.explain(p, r.format(p, label))
	}
	if err != nil {
		return fmt.Errorf("format %q as %q: %w", called(d), label, err)
	}
	return nil
}

func (r *Real) format(p *plugged, label string) error {
	disk, err := r.openDisk(p, unix.O_RDWR|unix.O_EXCL)
	if err != nil {
		return err
	}
	defer disk.Close()
	if size, err := sectorOf(disk); err != nil || size != sector {
		return errors.Join(err, fmt.Errorf("it has sectors of %d bytes: %w", size, ErrSectors))
	}
	written := r.write(p, disk, label)
	r.relook(p, disk) // whatever became of it: what was known of the file system is over
	if written == nil {
		_, written = r.awaitPartition(p)
	}
	return written
}

func (r *Real) write(p *plugged, disk *os.File, label string) error {
	if !p.tested {
		if err := ProbeCapacity(uncached{disk}, p.size, rand.Reader); err != nil {
			return err
		}
		p.tested = true
	}
	if err := FormatFAT32(disk, p.size, label, p.number()); err != nil {
		return err
	}
	if err := disk.Sync(); err != nil {
		return err
	}
	return rereadTable(disk)
}

// uncached is an open disk that can be read from the medium alone.
type uncached struct{ *os.File }

func (d uncached) Drop() error { return dropCache(d.File) }

// number is the serial number of a new file system. A drive that has none of its
// own keeps the one that it goes by.
func (p *plugged) number() uint32 {
	if p.serial == "" && p.volume != 0 {
		return p.volume
	}
	var b [4]byte
	_, _ = rand.Read(b[:]) // which never fails
	return binary.LittleEndian.Uint32(b[:])
}

// relook reads what is on a drive after it was formatted, from the medium.
func (r *Real) relook(p *plugged, disk *os.File) {
	fresh := plugged{disk: p.disk, volume: p.volume}
	if fresh.wrong = dropCache(disk); fresh.wrong == nil {
		fresh.probe(disk)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.found, p.wrong, p.volume = fresh.found, fresh.wrong, fresh.volume
}
