package usb

import (
	"context"
	"errors"
	"fmt"
	"io"

	"signer/ceremony"
)

// The drive that the computer started from is known by the GUID of its partition
// table, which the image it runs from names: a stick, a DVD in a drive for which
// there is a driver, or any other disk. On a live system ownDisks finds it.

// BootPlugged says whether the drive that the computer started from is plugged in.
func (r *Real) BootPlugged() bool { return r.boot() != nil }

func (r *Real) boot() *plugged {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.plugged {
		if p.boot {
			return p
		}
	}
	return nil
}

// ReadBoot reads the image on the drive that the computer started from, to its
// last byte, from the medium.
func (r *Real) ReadBoot(ctx context.Context, progress func(done, total int64)) (ceremony.BootDrive, error) {
	p := r.boot()
	switch {
	case r.o.Disk == "":
		return ceremony.BootDrive{}, fmt.Errorf("%w: this computer was not started from an image of this program", ceremony.ErrNoBootDrive)
	case p == nil:
		return ceremony.BootDrive{}, fmt.Errorf("%w: it is not plugged in, or it is a DVD or another disk for which the image has no driver", ceremony.ErrNoBootDrive)
	}
	b, err := r.readBoot(ctx, p, progress)
	if err != nil {
		return ceremony.BootDrive{}, fmt.Errorf("read the boot drive: %w", r.explain(p, err))
	}
	return b, nil
}

func (r *Real) readBoot(ctx context.Context, p *plugged, progress func(done, total int64)) (b ceremony.BootDrive, err error) {
	disk, err := r.openFresh(p)
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	size, err := bootSize(disk, p.size)
	if err != nil {
		return b, err
	}
	digest, err := digestOf(ctx, disk, size, progress)
	return ceremony.BootDrive{Drive: p.value(), Size: size, Digest: digest}, err
}

// bootSize is how much of the boot drive is the image. The drive says it: a terabyte
// would keep a person for hours.
func bootSize(disk io.ReaderAt, size int64) (int64, error) {
	table, err := ReadGPT(disk, size)
	if err == nil && table.Size > mostImage {
		err = fmt.Errorf("%w: its partition table says it is larger than any image (%d bytes)", ceremony.ErrNoBootDrive, table.Size)
	}
	return table.Size, err
}
