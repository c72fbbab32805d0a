package boot_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"signer/image/qemu"
)

// table is where the drives of a ceremony lie. They outlive machines.
type table struct {
	sticks  map[string]qemu.Stick // by what will stand on their labels
	plugged []string
}

// drive is a new drive: its label, its serial number and its size in MiB.
type drive struct {
	label, serial string
	size          int64
}

// lay puts new drives on the table.
func lay(t *testing.T, drives ...drive) *table {
	t.Helper()
	all := &table{sticks: map[string]qemu.Stick{}}
	dir := t.TempDir()
	for i, d := range drives {
		file := filepath.Join(dir, d.label+".img")
		if err := qemu.NewDrive(file, d.size<<20); err != nil {
			t.Fatal(err)
		}
		all.sticks[d.label] = qemu.Stick{Name: fmt.Sprintf("stick%d", i), File: file, Serial: d.serial, Vendor: "Acme", Product: "Stick"}
	}
	return all
}

// plug puts a drive in.
func (t *table) plug(p *player, label string) {
	p.t.Helper()
	stick, ok := t.sticks[label]
	if !ok || slices.Contains(t.plugged, label) {
		p.fails("%q is to be put in; in is %q", label, t.plugged)
	}
	p.must(p.PlugStick(p.ctx, stick))
	t.plugged = append(t.plugged, label)
}

// unplug takes all drives out.
func (t *table) unplug(p *player) {
	p.t.Helper()
	for _, label := range t.plugged {
		p.must(p.UnplugStick(p.ctx, t.sticks[label].Name))
	}
	t.plugged = nil
}

// serialOf is what stands on the only drive that is in.
func (t *table) serialOf(p *player) string {
	p.t.Helper()
	if len(t.plugged) != 1 {
		p.fails("%q are in", t.plugged)
	}
	return t.sticks[t.plugged[0]].Serial
}
