package release

import (
	"errors"
	"testing"
	"time"

	"signer/ceremony/tuf"
)

func TestTimestamp(t *testing.T) {
	dir := initialized(t)
	before := contents(t, dir)
	r := opened(t, dir, testOptions("updates timestamp"))
	p := &phrases{}
	got, err := r.Timestamp(t.Context(), time.Time{}, p)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.asked) != 1 || p.asked[0] != "old timestamp" {
		t.Errorf("asked for %q", p.asked)
	}
	if got.Versions[tuf.RoleTimestamp] != 2 || got.Versions[tuf.RoleTargets] != 1 || !got.Expires[tuf.RoleTimestamp].Equal(testNow.AddDate(0, 0, 14)) {
		t.Errorf("%+v", got)
	}
	if len(got.Written) != 1 || got.Written[0] != "repository/timestamp.json" {
		t.Errorf("written are %q", got.Written)
	}
	after := contents(t, dir)
	for name, text := range before {
		if changed := after[name] != text; changed != (name == "repository/timestamp.json") {
			t.Errorf("%s changed: %v", name, changed)
		}
	}
	if len(after) != len(before) {
		t.Errorf("there are %d files, and were %d", len(after), len(before))
	}
}

func TestTimestampInThePast(t *testing.T) {
	r := opened(t, initialized(t), testOptions("updates timestamp"))
	p := &phrases{}
	if _, err := r.Timestamp(t.Context(), testNow.Add(-time.Hour), p); !errors.Is(err, ErrPast) || len(p.asked) > 0 {
		t.Errorf("%v, asked for %q", err, p.asked)
	}
}
