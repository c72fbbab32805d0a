package usb

import (
	"context"
	"errors"
	"fmt"

	"signer/ceremony"
)

// ErrNoFileSystem is what opening a blank drive gives: it is formatted first.
var ErrNoFileSystem = errors.New("there is no file system on it")

// Format empties a drive and gives it a file system. A virtual drive goes on
// being called by its sticker, whatever the label: that is how the tray and the
// person know it.
func (v *Virtual) Format(ctx context.Context, plugged ceremony.Drive, label string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.format(ctx, plugged); err != nil {
		return fmt.Errorf("format %q as %q: %w", plugged.Label, label, err)
	}
	return nil
}

func (v *Virtual) format(ctx context.Context, plugged ceremony.Drive) error {
	d, err := v.idle(ctx, plugged)
	if err != nil {
		return err
	}
	if err := v.at(OpFormat, d, ""); err != nil {
		return err
	}
	d.formatted = false
	store, err := v.shelf.make(d.sticker)
	if err != nil {
		return err
	}
	defer store.close()
	if err := store.clear(); err != nil {
		return err
	}
	d.content, d.written = blank, nil
	if err := v.at(OpFormatted, d, ""); err != nil {
		return err
	}
	d.formatted = true
	return nil
}

// Open mounts a drive that has a file system.
func (v *Virtual) Open(ctx context.Context, plugged ceremony.Drive, write bool) (ceremony.Volume, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w, err := v.mount(ctx, plugged, write)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", plugged.Label, err)
	}
	return w, nil
}

func (v *Virtual) mount(ctx context.Context, plugged ceremony.Drive, write bool) (*volume, error) {
	d, err := v.idle(ctx, plugged)
	if err != nil {
		return nil, err
	}
	if d.value().FileSystem == "" {
		return nil, ErrNoFileSystem
	}
	if write {
		if err := v.at(OpOpen, d, ""); err != nil {
			return nil, err
		}
	}
	open := v.shelf.open
	if write {
		open = v.shelf.make
	}
	store, err := open(d.sticker)
	if err != nil {
		return nil, err
	}
	d.open = &virtualMedium{v: v, d: d, store: store, write: write}
	return &volume{m: d.open, store: store, write: write}, nil
}

// idle finds the drive of a plugging that is still in, and not mounted.
func (v *Virtual) idle(ctx context.Context, plugged ceremony.Drive) (*drive, error) {
	if v.crashed != nil {
		return nil, v.crashed
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for _, d := range v.drives {
		if d.plugging == "" || d.plugging != plugged.Plugging {
			continue
		}
		if d.open != nil {
			return nil, errors.New("it is mounted already")
		}
		return d, nil
	}
	return nil, ceremony.ErrGone
}
