package usb

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"signer/ceremony"
)

// Size is what a virtual drive says of itself: a usual stick.
const Size = 16_000_000_000

// Virtual is a tray of virtual drives. It is a ceremony's Drives and Tray, and
// safe for use by several goroutines; it starts none of its own.
type Virtual struct {
	mu       sync.Mutex
	o        VirtualOptions
	shelf    shelf
	drives   []*drive // in the order of the tray
	changed  chan struct{}
	plugs    int // pluggings so far
	writes   int // write points so far
	readings int // reading points so far
	crashed  error
}

// VirtualOptions are what can be wrong with virtual drives. The zero value is
// drives that work. The functions are called while the tray is locked: they must
// not wait, and not call its methods.
type VirtualOptions struct {
	// Memory keeps the drives, in place of folders.
	Memory *Memory
	// Capacity is how many bytes of files the drive with this label takes.
	Capacity map[string]int64
	// Lie makes a drive that says it wrote: of each file written in a plugging it
	// returns what the drive gives back in the next one.
	Lie func(label, name string, data []byte) []byte
	// Fault is called before each write point; its error is the point's outcome.
	// Pull and Crash are errors with a meaning of their own.
	Fault func(Point) error
	// ReadFault is called before each reading, with numbers of its own.
	ReadFault func(Point) error
	// Survives says what a pull or a power cut at the point leaves of a file that
	// was written since the last Sync: how many of its size bytes, or AsItWas.
	// Without it nothing survives: the file is there with size 0.
	Survives func(at Point, size int) int
}

// drive is one stick of the tray.
type drive struct {
	sticker   string
	plugging  string // "" when it is in the tray
	formatted bool   // by us, so that it has a file system, though it is empty
	content   content
	open      *virtualMedium  // mounted now
	written   map[string]bool // in this plugging, for Lie
}

// OpenVirtual opens a tray: one drive for each label, and one for each folder
// that is below dir already. No folder is made before a drive is formatted.
func OpenVirtual(dir string, labels []string, o VirtualOptions) (*Virtual, error) {
	v := &Virtual{o: o, shelf: folders(dir)}
	if o.Memory != nil {
		v.shelf = o.Memory
	}
	there, err := v.shelf.labels()
	if err != nil {
		return nil, fmt.Errorf("open virtual drives: %w", err)
	}
	for _, label := range append(append([]string{}, labels...), there...) {
		if err := v.Add(label); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Add puts another stick into the tray, as when a plan wants more of them. One
// that is there already stays as it is.
func (v *Virtual) Add(label string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.find(label) != nil {
		return nil
	}
	if !safeLabel(label) {
		return fmt.Errorf("virtual drive %q: a label is up to %d lower-case letters, digits and hyphens", label, maxLabel)
	}
	d := &drive{sticker: label}
	if err := v.look(d); err != nil {
		return fmt.Errorf("virtual drive %q: %w", label, err)
	}
	v.drives = append(v.drives, d)
	return nil
}

// List says what is plugged in now.
func (v *Virtual) List() []ceremony.Drive {
	v.mu.Lock()
	defer v.mu.Unlock()
	var list []ceremony.Drive
	for _, d := range v.drives {
		if d.plugging != "" {
			list = append(list, d.value())
		}
	}
	return list
}

// Changed returns a channel that is closed at the next plugging or unplugging.
func (v *Virtual) Changed() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	// Made by who waits for it, so that in a synctest bubble it belongs there.
	if v.changed == nil {
		v.changed = make(chan struct{})
	}
	return v.changed
}

func (v *Virtual) find(label string) *drive {
	for _, d := range v.drives {
		if d.sticker == label {
			return d
		}
	}
	return nil
}

func (d *drive) value() ceremony.Drive {
	fileSystem := ""
	if d.formatted || d.content != blank {
		fileSystem = "FAT32"
	}
	serial := sha256.Sum256([]byte("virtual drive " + d.sticker))
	return ceremony.Drive{
		Plugging: d.plugging, Vendor: "Virtual", Model: "rehearsal drive",
		Serial: fmt.Sprintf("%X", serial[:4]), Size: Size,
		FileSystem: fileSystem, Label: d.sticker, Virtual: true,
	}
}
