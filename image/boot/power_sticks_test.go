package boot_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"signer/image/qemu"
	"signer/usb"
)

// sticks are the drives of a repository, which outlive machines.
type sticks struct {
	table  *table
	files  map[string]string // images, by label
	drives map[string]*watched
	whole  map[string]bool // which were what they list when the power was gone
}

// watched is a stick that sees each writing.
type watched struct {
	*qemu.Disk
	label string

	mu    sync.Mutex
	count int // writes since the last start
	each  func(w writing) (kept int)
}

// writing is what a stick is told to write.
type writing struct {
	label   string
	number  int // from 1 on, since the machine was started
	flushes int // that came before
	offset  int64
	data    []byte
}

// stickSize is nearly that of the smallest sticks that FAT32 can be on. On these,
// the root folder begins at firstData; before it are the tables.
const (
	stickSize = 40 << 20
	firstData = 3310 * 512
)

// stock puts what lies in folders onto sticks.
func stock(t *testing.T, from folders, labels ...string) *sticks {
	t.Helper()
	s := &sticks{table: &table{sticks: map[string]qemu.Stick{}}, files: map[string]string{}, drives: map[string]*watched{}}
	dir := t.TempDir()
	for i, label := range labels {
		file := filepath.Join(dir, label+".img")
		if err := qemu.NewDrive(file, stickSize); err != nil {
			t.Fatal(err)
		}
		fill(t, file, label, filepath.Join(from.dir, label))
		s.serve(t, label, file, qemu.Stick{Name: fmt.Sprintf("stick%d", i), Serial: from.serialOf(t, label), Vendor: "Acme", Product: "Stick"})
	}
	return s
}

func (s *sticks) serve(t *testing.T, label, file string, stick qemu.Stick) {
	t.Helper()
	w := &watched{label: label}
	disk, err := qemu.Serve(qemu.Contents{File: file, Forgets: true, Before: w.before})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	w.Disk, stick.Disk = disk, disk
	s.table.sticks[label], s.files[label], s.drives[label] = stick, file, w
}

func (w *watched) before(_ int, offset int64, data []byte) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	if w.each == nil {
		return len(data)
	}
	_, flushes := w.Writes()
	return w.each(writing{w.label, w.count, flushes, offset, data})
}

// watch has a function called for each writing on any of the sticks.
func (s *sticks) watch(each func(writing) (kept int)) {
	for _, w := range s.drives {
		w.mu.Lock()
		w.count, w.each = 0, each
		w.mu.Unlock()
	}
}

// mtool runs one of the mtools on the file system of a stick.
func mtool(t *testing.T, name, image string, args ...string) ([]byte, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err != nil && os.Getenv(qemu.RequireAll) == "":
		t.Skipf("%s is not installed: it is in Debian's package mtools", name)
	case err != nil:
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{"-i", fmt.Sprintf("%s@@%d", image, partition)}, args...)...)
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", name, err, said.Bytes())
	}
	return out, cmp.Or(ctx.Err(), err)
}

// partition is where the file system of a stick begins that the appliance, or
// fill, has formatted.
const partition = 1 << 20

// fill formats a stick and copies a folder onto it.
func fill(t *testing.T, image, label, from string) {
	t.Helper()
	file, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		err = usb.FormatFAT32(file, info.Size(), label, 0x12345678)
	}
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := mtool(t, "mcopy", image, "-s", "-Q", filepath.Join(from, e.Name()), "::"); err != nil {
			t.Fatal(err)
		}
	}
}

// spill copies what can be read of a stick into a folder, and tells what cannot: a
// file is there then without anything in it.
func spill(t *testing.T, image, to string) (torn []string) {
	t.Helper()
	file, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fs, err := readFAT(file)
	if err != nil || os.MkdirAll(to, 0o700) != nil {
		return []string{filepath.Base(image)} // whatever it was to be, it is nothing now
	}
	for _, dir := range fs.folders {
		err = errors.Join(err, os.MkdirAll(filepath.Join(to, dir), 0o700))
	}
	for _, name := range fs.torn {
		fs.files[name] = nil
	}
	for name, data := range fs.files {
		if slices.Contains(fs.folders, name) {
			continue
		}
		err = errors.Join(err, os.WriteFile(filepath.Join(to, name), data, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	return fs.torn
}

// extract copies a whole stick with the tools that others use.
func extract(t *testing.T, image, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := mtool(t, "mcopy", image, "-s", "-n", "-Q", "::*", to); err != nil {
		t.Errorf("%s: %v", filepath.Base(image), err)
	}
}

// extractAll copies all sticks into folders.
func extractAll(t *testing.T, images map[string]string) folders {
	t.Helper()
	dir := t.TempDir()
	for label, image := range images {
		extract(t, image, filepath.Join(dir, label))
	}
	return opened(t, dir, labelsOf(images)...)
}

func labelsOf[T any](m map[string]T) []string {
	var labels []string
	for label := range m {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	return labels
}
