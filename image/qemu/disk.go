package qemu

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

const sector = 512

// Contents say what a Disk keeps and how it cheats. Only File must be given.
type Contents struct {
	File string // raw, made by NewDrive; what has been kept can be read there

	Size  int64 // what the drive says that it holds; the file's size when 0
	Holds int64 // what it truly holds; all when 0
	Wraps bool  // writes beyond Holds begin again at the start, and so do reads; without it they are forgotten, and read as zeros

	Forgets bool // what was written is lost with the power until the drive is told to flush

	// Before, unless nil, is asked before each write, the first being number 1. It
	// says how many bytes of it are kept; below 0 the drive reports an error. It may
	// cut the machine's power. It must not wait for the drive to be unplugged, for
	// that waits for the write: begin it with go.
	Before func(number int, offset int64, data []byte) (kept int)
}

// Disk is a drive whose contents this program serves, so that it can do what real
// drives do: lie about their size, tear writes, fail, forget. It outlives the
// machines that it is plugged into.
type Disk struct {
	contents Contents
	listener net.Listener
	socket   string
	served   sync.WaitGroup
	machines sync.WaitGroup // that it is plugged into

	mu       sync.Mutex
	file     *os.File
	writes   int
	flushes  int
	volatile map[int64][]byte // sectors not yet flushed
}

// Serve begins to serve a drive.
func Serve(c Contents) (*Disk, error) {
	file, err := os.OpenFile(c.File, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("serve a drive: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("serve a drive: %w", err)
	}
	if c.Size == 0 {
		c.Size = info.Size()
	}
	if c.Holds == 0 {
		c.Holds = c.Size
	}
	d := &Disk{contents: c, file: file, volatile: map[int64][]byte{}}
	if c.Holds < sector || c.Holds%sector != 0 || c.Size%sector != 0 {
		file.Close()
		return nil, fmt.Errorf("serve a drive: %d of %d bytes are no whole sectors", c.Holds, c.Size)
	}
	if d.listener, d.socket, err = listen("nbd"); err != nil {
		file.Close()
		return nil, fmt.Errorf("serve a drive: %w", err)
	}
	d.served.Go(d.accept)
	return d, nil
}

func (d *Disk) accept() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.machines.Go(func() {
			defer conn.Close()
			_ = serveNBD(conn, d) // the machine reports what it could not read or write
		})
	}
}

// Close ends the service. What was not flushed is kept: the power was not cut.
func (d *Disk) Close() error {
	err := errors.Join(d.listener.Close(), d.flush())
	d.served.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	return errors.Join(err, d.file.Close())
}

// Writes is how many writes the drive was given so far, and how often it was told
// to flush.
func (d *Disk) Writes() (writes, flushes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes, d.flushes
}

// Left waits until no machine has the drive any more. A writing in which the power
// was cut is over then, and what is kept of it is there.
func (d *Disk) Left() { d.machines.Wait() }

// LosePower forgets what was not flushed, except the sectors that survive says;
// nil is none. It answers how many were forgotten. Call it after PowerCut and Left,
// or before a pull: QEMU flushes a drive that it lets go.
func (d *Disk) LosePower(survives func(sector int64) bool) (forgotten int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for at := range d.volatile {
		if survives == nil || !survives(at) {
			delete(d.volatile, at)
			forgotten++
		}
	}
	return forgotten, d.keep()
}

func (d *Disk) size() int64 { return d.contents.Size }

func (d *Disk) read(p []byte, offset int64) error {
	if offset%sector != 0 || len(p)%sector != 0 {
		return errInvalid
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := 0; i < len(p); i += sector {
		at, held := d.place(offset/sector + int64(i/sector))
		part := p[i : i+sector]
		switch cached, ok := d.volatile[at]; {
		case !held:
			clear(part)
		case ok:
			copy(part, cached)
		default:
			n, err := d.file.ReadAt(part, at*sector)
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			clear(part[n:]) // the file is shorter than what the drive says
		}
	}
	return nil
}

func (d *Disk) write(p []byte, offset int64, through bool) error {
	if offset%sector != 0 || len(p)%sector != 0 {
		return errInvalid
	}
	d.mu.Lock()
	d.writes++
	number := d.writes
	d.mu.Unlock()
	kept := len(p)
	if d.contents.Before != nil {
		if kept = d.contents.Before(number, offset, p); kept < 0 {
			return errors.New("the drive fails")
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := 0; i+sector <= min(kept, len(p)); i += sector {
		at, held := d.place(offset/sector + int64(i/sector))
		if held {
			d.volatile[at] = append([]byte(nil), p[i:i+sector]...)
		}
	}
	if through || !d.contents.Forgets {
		return d.keep()
	}
	return nil
}

func (d *Disk) flush() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flushes++
	return d.keep()
}

// keep writes what is volatile to the file.
func (d *Disk) keep() error {
	for at, data := range d.volatile {
		if _, err := d.file.WriteAt(data, at*sector); err != nil {
			return err
		}
	}
	clear(d.volatile)
	return nil
}

// place is where a sector truly is, if the drive holds it.
func (d *Disk) place(at int64) (int64, bool) {
	holds := d.contents.Holds / sector
	if at < holds {
		return at, true
	}
	return at % holds, d.contents.Wraps
}
