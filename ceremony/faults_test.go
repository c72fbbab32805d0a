package ceremony_test

import (
	"errors"
	"slices"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// smallPlan answers a creation with one root key: these tests play hundreds.
var smallPlan = "plan.root-keys: 1\n" + answersFor(1)

// writePoints are the write points of a whole creation, in order.
func writePoints(t *testing.T) (points []usb.Point) {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{Fault: func(at usb.Point) error { points = append(points, at); return nil }})
	if err := w.play(t, smallPlan); err != nil {
		t.Fatal(err)
	}
	return points
}

// atEach plays something for each write point, on all cores.
func atEach(t *testing.T, play func(t *testing.T, at usb.Point)) {
	inShares(t, writePoints(t), play)
}

// inShares plays something for each of these write points, on all cores.
func inShares(t *testing.T, points []usb.Point, play func(t *testing.T, at usb.Point)) {
	const shares = 4
	for share := range shares {
		t.Run("share", func(t *testing.T) {
			t.Parallel()
			for i := share; i < len(points); i += shares {
				play(t, points[i])
			}
		})
	}
}

// failing is drives that fail once.
func failing(at usb.Point, err error) usb.VirtualOptions {
	return usb.VirtualOptions{Fault: func(p usb.Point) error {
		if p.N == at.N {
			return err
		}
		return nil
	}}
}

// TestEachWritePointFails: an error, a full drive or a pulled one costs another
// attempt and nothing else.
func TestEachWritePointFails(t *testing.T) {
	long(t)
	fills := []usb.Op{usb.OpMkdir, usb.OpCreate, usb.OpWrite}
	atEach(t, func(t *testing.T, at usb.Point) {
		for _, fault := range []error{errors.New("input/output error"), usb.Pull, ceremony.ErrFull} {
			if fault == ceremony.ErrFull && !slices.Contains(fills, at.Op) {
				continue
			}
			w := newWorld(t, failing(at, fault))
			w.seen = watcher{op: &robot{tray: w.tray, first: oneKey()}}
			if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
				t.Fatalf("%v at %+v: %v", fault, at, err)
			}
			checkPublished(t, w)
			if !w.seen.told(ceremony.Trouble, at.Label) {
				t.Errorf("%v at %+v: nobody was told", fault, at)
			}
		}
	})
}

// TestEachWritePointStops: the program stops, or power fails, at each write
// point. No unfinished drive is taken for a finished one, and both finishing and
// starting over work.
func TestEachWritePointStops(t *testing.T) {
	long(t)
	atEach(t, func(t *testing.T, at usb.Point) {
		for _, way := range []string{"finish", "over"} {
			w := newWorld(t, failing(at, usb.Crash))
			if err := w.play(t, smallPlan); err == nil {
				t.Fatalf("%+v: a program that was stopped finished", at)
			}
			w.boot(t, usb.VirtualOptions{})
			signed := w.published(t)
			w.env.Rand = &stream{seed: 2}
			w.plugAll(t)
			if err := w.again(t, way); err != nil {
				t.Fatalf("%+v, %s: %v", at, way, err)
			}
			checkPublished(t, w)
			if root := w.files(t, "repository")["repository/1.root.json"]; way == "finish" && signed != nil && string(root) != string(signed) {
				t.Errorf("%+v: root 1 was signed a second time, differently", at)
			}
		}
	})
}
