package release

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestNothingIsLeftByWhoReads: what writes nothing leaves no lock either. A drive
// of a ceremony would not equal its list any more.
func TestNothingIsLeftByWhoReads(t *testing.T) {
	dir, file := initialized(t), built(t, "orbit", "first")
	if err := os.RemoveAll(filepath.Join(dir, ourFolder)); err != nil {
		t.Fatal(err)
	}
	dry, reading := testOptions("updates"), testOptions("updates roots")
	dry.DryRun, reading.ReadOnly = true, true
	timestampOf(t, dir, dry)
	if _, err := tryAdd(t, dir, dry, AddOptions{}, &phrases{}, orbit(file)); err != nil {
		t.Error(err)
	}
	r := opened(t, dir, reading)
	if _, err := r.Roots(); err != nil {
		t.Error(err)
	}
	empty := t.TempDir()
	r, err := Create(t.Context(), empty, dry)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Init(t.Context(), &phrases{}); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if there, _ := os.ReadDir(empty); len(there) > 0 {
		t.Errorf("a dry init left %q", there[0].Name())
	}
	if _, err := os.Stat(filepath.Join(dir, ourFolder)); err == nil {
		t.Error("there is a lock")
	}
}

// TestWhoReadsFinishesWhatWasCutOff: what was decided comes first, and so does who
// is at work.
func TestWhoReadsFinishesWhatWasCutOff(t *testing.T) {
	dir, before := decided(t)
	o := testOptions("updates roots")
	o.ReadOnly = true
	opened(t, dir, o)
	sameFiles(t, "", contents(t, dir), afterEverything(before))
	if _, err := Open(t.Context(), dir, o); !errors.Is(err, ErrLocked) {
		t.Errorf("%v", err)
	}
}
