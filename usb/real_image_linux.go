package usb

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"signer/ceremony"
)

// Images are the same drives with those beside them that no ceremony may write,
// and on which an image may be: a disc, and a stick with the image that runs, of
// which people have two.
func (r *Real) Images() ceremony.Drives { return everyMedium{r} }

type everyMedium struct{ *Real }

// List says what is plugged in now.
func (e everyMedium) List() []ceremony.Drive { return e.list((*plugged).isMedium) }

// ReadImage reads the image that was written onto a drive, to its last byte, from
// the medium.
func (r *Real) ReadImage(ctx context.Context, d ceremony.Drive, progress func(done, total int64)) (ceremony.SeenImage, error) {
	p, err := r.takeOne(ctx, d, (*plugged).isMedium)
	if err != nil {
		return ceremony.SeenImage{}, fmt.Errorf("read the image on %q: %w", called(d), err)
	}
	defer r.release(p)
	seen, err := r.readImage(ctx, p, progress)
	if err != nil {
		return ceremony.SeenImage{}, fmt.Errorf("read the image on %q: %w", called(d), r.explain(p, err))
	}
	return seen, nil
}

func (r *Real) readImage(ctx context.Context, p *plugged, progress func(done, total int64)) (seen ceremony.SeenImage, err error) {
	disk, err := r.openFresh(p)
	if err != nil {
		return seen, err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	i, err := findImage(disk, p.size)
	if err != nil {
		return seen, err
	}
	seen.Drive, seen.Size = p.value(), i.size
	if seen.Digest, err = digestOf(ctx, disk, i.size, progress); err != nil {
		return seen, err
	}
	seen.Info, err = i.info()
	return seen, err
}

// openFresh opens a disk of which nothing is cached.
func (r *Real) openFresh(p *plugged) (*os.File, error) {
	disk, err := r.openDisk(p, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	if err := dropCache(disk); err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	return disk, nil
}
