package ceremony

import (
	"context"
	"errors"
	"io/fs"

	"signer/ceremony/tuf"
)

// Drives is what a ceremony needs of the machine's drives. Package usb has two:
// real ones, and virtual ones for rehearsals and tests.
type Drives interface {
	// List says what is plugged in now.
	List() []Drive
	// Changed returns a channel that is closed at the next plugging or
	// unplugging after this call.
	Changed() <-chan struct{}
	// Format makes an empty file system with this label. What was on the drive
	// is gone.
	Format(ctx context.Context, d Drive, label string) error
	// Open mounts a drive, for reading only unless write is set. Nothing read
	// comes from a cache that an earlier Open filled.
	Open(ctx context.Context, d Drive, write bool) (Volume, error)
}

// Stocked is what virtual drives are besides: a drive that a plan wants and that
// the tray lacks is put into it. Real drives are bought.
type Stocked interface {
	Add(label string) error
}

// Drive is a drive as it is plugged in now. It is a value.
type Drive struct {
	Plugging   string // names this plugging: unplugged and plugged in again, it differs
	Vendor     string
	Model      string
	Serial     string
	Size       int64  // bytes
	FileSystem string // "FAT32", "exFAT"; "" when the drive is blank; else what it seems to be
	Label      string // of the file system; in a rehearsal also of a blank drive
	Virtual    bool   // a rehearsal's
}

// Same reports whether two pluggings are of one drive.
func (d Drive) Same(other Drive) bool {
	return d.Serial == other.Serial && d.Vendor == other.Vendor && d.Model == other.Model && d.Size == other.Size
}

// Volume is a mounted drive. Names are slash-separated paths below its root;
// a name that leaves the root, or passes through a link, is an error.
type Volume interface {
	// List names every entry below the root, sorted, folders before what is in
	// them. Links and special files are listed and not followed.
	List() ([]Entry, error)
	// ReadFile reads a regular file of at most limit bytes.
	ReadFile(name string, limit int64) ([]byte, error)
	// WriteFile makes the file durable before it returns: folders made, new
	// file, fsync, rename, fsync again. Whatever happens, the file is absent, as
	// it was, or whole.
	WriteFile(name string, data []byte, perm fs.FileMode) error
	Mkdir(name string) error
	Remove(name string) error
	// Overwrite puts zeros in place of a file's bytes, as far as the drive lets
	// anybody say where those are. It is Removed afterwards.
	Overwrite(name string) error
	// Sync returns when all that was written is on the drive.
	Sync() error
	// Close unmounts the drive; it can be taken out then.
	Close() error
}

// Entry is a file, folder, link or special file on a volume, which package tuf
// reads as its Tree.
type Entry = tuf.Entry

// TemporaryPrefix begins the name of a file that is being written, and a number
// ends it. One that is there later is what an interrupted write left: it was
// never in place, and may go.
const TemporaryPrefix = tuf.TemporaryPrefix

// Errors of drives, for errors.Is.
var (
	ErrGone = errors.New("the drive was taken out")
	ErrFull = errors.New("the drive is full")
	// ErrForeign is a drive that is neither blank nor readable here. It may be
	// formatted, by who knows what is on it.
	ErrForeign  = errors.New("it has neither FAT32 nor exFAT")
	ErrTooLarge = tuf.ErrTooLarge
	ErrNotFile  = tuf.ErrNotFile
)

// Tray holds the virtual drives of a rehearsal, which a person plugs in and
// takes out with a key. The screen shows it.
type Tray interface {
	// Sticks are the drives in the tray, plugged in or not, in a steady order.
	Sticks() []Stick
	// Plug puts the stick in; taking it out is Unplug. Unplugging while it is
	// being written is what it would be: a pulled drive.
	Plug(label string) error
	Unplug(label string) error
}

// Stick is a virtual drive in the tray.
type Stick struct {
	Label   string // on the sticker: "root-backup-1"
	Plugged bool
	Busy    bool   // mounted now
	Content string // "blank", "root backup", …
}
