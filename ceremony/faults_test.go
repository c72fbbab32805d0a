package ceremony_test

import (
	"errors"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// writePoints counts the write points of a whole creation.
func writePoints(t *testing.T) (n int) {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{Fault: func(at usb.Point) error { n = at.N; return nil }})
	if err := w.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestEachWritePointFails: an error, a full drive or a pulled one costs another
// attempt and nothing else.
func TestEachWritePointFails(t *testing.T) {
	points := writePoints(t)
	for _, fault := range []error{errors.New("input/output error"), usb.Pull, ceremony.ErrFull} {
		for i := 1; i <= points; i++ {
			var at usb.Point
			w := newWorld(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
				if p.N == i {
					at = p
					return fault
				}
				return nil
			}})
			if err := w.run(t, nil); err != nil {
				t.Fatalf("%v at %+v: %v", fault, at, err)
			}
			checkPublished(t, w)
			if !w.seen.told(ceremony.Trouble, at.Label) {
				t.Errorf("%v at %+v: nobody was told", fault, at)
			}
		}
	}
}

// TestEachWritePointStops: the program stops, or power fails, at each write
// point. No unfinished drive is taken for a finished one, and both finishing and
// starting over work.
func TestEachWritePointStops(t *testing.T) {
	points := writePoints(t)
	for i := 1; i <= points; i++ {
		for _, way := range []string{"finish", "over"} {
			w := newWorld(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
				if p.N == i {
					return usb.Crash
				}
				return nil
			}})
			if err := w.play(t, answersFor(3)); err == nil {
				t.Fatalf("point %d: a program that was stopped finished", i)
			}
			w.boot(t, usb.VirtualOptions{})
			signed := w.published(t)
			w.env.Rand = &stream{seed: 2}
			w.plugAll(t)
			if err := w.again(t, way); err != nil {
				t.Fatalf("point %d, %s: %v", i, way, err)
			}
			checkPublished(t, w)
			if root := w.files(t, "repository")["repository/1.root.json"]; way == "finish" && signed != nil && string(root) != string(signed) {
				t.Errorf("point %d: root 1 was signed a second time, differently", i)
			}
		}
	}
}
