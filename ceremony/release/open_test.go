package release

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
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

// TestAnotherProgramMeanwhile: fleetctl knows of no lock, and somebody may take long
// to type. What it did meanwhile is not undone.
func TestAnotherProgramMeanwhile(t *testing.T) {
	for name, work := range map[string]func(*Repository, Passphrases) error{
		"timestamp": func(r *Repository, p Passphrases) error {
			_, err := r.Timestamp(t.Context(), time.Time{}, p)
			return err
		},
		"add": func(r *Repository, p Passphrases) error {
			_, err := r.Add(t.Context(), []Source{orbit(built(t, "orbit", "first"))}, AddOptions{}, p)
			return err
		},
		"rotate": func(r *Repository, p Passphrases) error {
			_, err := r.Rotate(t.Context(), tuf.RoleRoot, RotateOptions{}, p)
			return err
		},
	} {
		dir := initialized(t)
		theirs := map[string]string{"rotate": "repository/root.json"}[name]
		if theirs == "" {
			theirs = "repository/timestamp.json"
		}
		r := opened(t, dir, testOptions("updates "+name))
		err := work(r, interrupting{&phrases{}, func() { put(t, dir, theirs, "{}") }})
		if !errors.Is(err, errMeanwhile) || !strings.Contains(err.Error(), "run this again") {
			t.Errorf("%s: %v", name, err)
		}
		if b, _ := os.ReadFile(filepath.Join(dir, filepath.FromSlash(theirs))); string(b) != "{}" {
			t.Errorf("%s: there is %q", name, b)
		}
	}
}

// interrupting is somebody who takes long to type.
type interrupting struct {
	*phrases
	meanwhile func()
}

func (p interrupting) Old(ctx context.Context, role tuf.Role, wrong error) (secret.Bytes, error) {
	p.meanwhile()
	return p.phrases.Old(ctx, role, wrong)
}
