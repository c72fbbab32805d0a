package usb

import (
	"errors"
	"maps"
	"math"
	"slices"

	"signer/ceremony"
)

// Op is what a drive is about to do at a Point.
type Op string

// The write points, in the order in which a drive meets them.
const (
	OpFormat       Op = "format"    // before what was on the drive is gone
	OpFormatted    Op = "formatted" // and before there is a new file system
	OpOpen         Op = "open"      // for writing
	OpMkdir        Op = "mkdir"
	OpCreate       Op = "create" // the temporary file
	OpWrite        Op = "write"
	OpFsync        Op = "fsync"
	OpRename       Op = "rename"
	OpFsyncRenamed Op = "fsync-after-rename"
	OpFsyncFolder  Op = "fsync-folder"
	OpOverwrite    Op = "overwrite" // with zeros, in place
	OpRemove       Op = "remove"
	OpSync         Op = "sync"
	OpClose        Op = "close" // of a volume opened for writing
)

// The reading points, and taking a drive out, which is the point of a loss that
// no write point caused.
const (
	OpList   Op = "list"
	OpRead   Op = "read"
	OpUnplug Op = "unplug"
)

// Point is one moment at which a drive can fail.
type Point struct {
	Op    Op
	Label string // on the sticker
	Name  string // of the file or folder; "" when it is the whole drive
	N     int    // 1, 2, 3, … over all drives of the tray
}

// fault is an error that does more than fail.
type fault string

func (f fault) Error() string { return string(f) }

const (
	// Pull is a fault: the drive is taken out at this point. The operation and
	// every later one on that volume give ceremony.ErrGone.
	Pull fault = "the drive is pulled out here"
	// Crash is a fault: power fails, or the program stops. Everything on any
	// drive of the tray fails with it from here on; open the tray again.
	Crash fault = "the program stops here"
)

// AsItWas is an answer of VirtualOptions.Survives: the file is as it was before.
const AsItWas = -1

func (v *Virtual) at(op Op, d *drive, name string) error {
	v.writes++
	return v.fault(v.o.Fault, d, Point{Op: op, Label: d.sticker, Name: name, N: v.writes})
}

func (v *Virtual) atReading(op Op, d *drive, name string) error {
	v.readings++
	return v.fault(v.o.ReadFault, d, Point{Op: op, Label: d.sticker, Name: name, N: v.readings})
}

func (v *Virtual) fault(fault func(Point) error, d *drive, at Point) error {
	if fault == nil {
		return nil
	}
	err := fault(at)
	switch {
	case errors.Is(err, Pull):
		return errors.Join(ceremony.ErrGone, v.unplug(d, at))
	case errors.Is(err, Crash):
		v.crashed = err
		for _, d := range v.drives {
			err = errors.Join(err, v.drop(d, at, v.crashed))
		}
	}
	return err
}

// drop ends a mounted drive's volume without unmounting it.
func (v *Virtual) drop(d *drive, at Point, why error) error {
	m := d.open
	if m == nil {
		return nil
	}
	d.open, m.ended = nil, why
	return errors.Join(m.lose(at), m.store.close())
}

// lie makes a drive give back other bytes than it was given.
func (v *Virtual) lie(d *drive) error {
	written := slices.Sorted(maps.Keys(d.written))
	d.written = nil
	if v.o.Lie == nil || len(written) == 0 {
		return nil
	}
	store, err := v.shelf.open(d.sticker)
	if err != nil {
		return err
	}
	defer store.close()
	for _, name := range written {
		data, err := store.read(name, math.MaxInt64)
		if err != nil {
			continue // removed since
		}
		if err := store.write(name, v.o.Lie(d.sticker, name, data)); err != nil {
			return err
		}
	}
	return nil
}
