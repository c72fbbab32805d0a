package release

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

var errBroken = errors.New("broken on purpose")

// breaking is a random generator that breaks at one of its reads.
type breaking struct {
	io.Reader
	reads, at int
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.reads++; b.reads == b.at {
		return 0, errBroken
	}
	return b.Reader.Read(p)
}

// phases are folders in which a rotation of the timestamp key goes one of its ways.
func phases(t *testing.T) map[string]func() string {
	return map[string]func() string{
		"at once": func() string { return initialized(t) },
		"first phase": func() string {
			dir := initialized(t)
			rootAway(t, dir, cheap)
			return dir
		},
		"second phase": func() string {
			dir := initialized(t)
			root := rootAway(t, dir, cheap)
			made, _ := asked(t, dir, tuf.RoleSnapshot)
			root.holds(t, tuf.Change{Grants: grant(tuf.RoleSnapshot, made)})
			return dir
		},
	}
}

// TestRotateFailsAndChangesNothing: wherever it breaks before it is decided. What
// fleetctl leaves of one that failed is published by its next command.
func TestRotateFailsAndChangesNothing(t *testing.T) {
	for name, folder := range phases(t) {
		t.Run(name, func(t *testing.T) {
			dir := folder()
			failures := breaksEach(t, dir, func(x *turn, at int) func() bool {
				b := &breaking{Reader: x.Rand, at: at}
				x.Rand = b
				return func() bool { return b.reads >= at }
			})
			dir = folder()
			steps := breaksEach(t, dir, func(x *turn, at int) func() bool {
				n, decided := 0, false
				x.before = func(r *Repository) {
					r.step = func(step string) error {
						if decided {
							return nil
						}
						if n++; n == at {
							return errBroken
						}
						decided = step == "write the journal"
						return nil
					}
				}
				return func() bool { return n >= at }
			})
			if failures < 2 || steps < 3 {
				t.Errorf("only %d failures of the generator and %d of the disk were played", failures, steps)
			}
		})
	}
}

// breaksEach breaks the rotation at 1, 2 and so on, until it goes well.
func breaksEach(t *testing.T, dir string, at func(*turn, int) (broke func() bool)) (failures int) {
	t.Helper()
	before := contents(t, dir)
	for n := 1; ; n++ {
		x, p := newTurn(dir, tuf.RoleSnapshot), &paper{}
		x.how.Request = p
		broke := at(x, n)
		_, err := x.run(t.Context())
		if !broke() {
			if err != nil {
				t.Error(err)
			}
			return failures
		}
		failures++
		if got := differing(before, contents(t, dir)); !errors.Is(err, errBroken) || len(got) > 0 || p.placed > 0 {
			t.Fatalf("broken at %d: %v; changed %q, %d requests", n, err, got, p.placed)
		}
	}
}

// TestRotateRefuses what would not hold, and changes nothing.
func TestRotateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*turn)
		want   string
	}{
		"an expiry that has passed":    {func(x *turn) { x.how.Expires = testNow.AddDate(0, 0, -1) }, "not in the future"},
		"a root for less than a month": {func(x *turn) { x.how.Expires = testNow.AddDate(0, 0, 20) }, "refused by clients"},
		"a wrong passphrase of root":   {func(x *turn) { x.phrases.(*phrases).wrong = map[tuf.Role][]string{"root": {"no"}} }, "wrong passphrase"},
		"a wrong passphrase":           {func(x *turn) { x.phrases.(*phrases).wrong = map[tuf.Role][]string{"targets": {"no"}} }, "wrong passphrase"},
		"a wrong passphrase above":     {func(x *turn) { x.phrases.(*phrases).wrong = map[tuf.Role][]string{"timestamp": {"no"}} }, "wrong passphrase"},
		"an empty passphrase":          {func(x *turn) { x.phrases.(*phrases).wrong = map[tuf.Role][]string{"targets": {""}} }, "empty"},
		"a generator that repeats": {func(x *turn) {
			x.Rand = zeros{}
			locks(t, x.dir, "targets", append(opensAs(t, x.dir, "targets", cheap), zeroKey(t))...)
		}, "known already"},
		"a key file of another":         {func(x *turn) { locks(t, x.dir, "targets", fresh(t)) }, "holds no key that root 1 lists for targets"},
		"a key file that is none":       {func(x *turn) { put(t, x.dir, "keys/targets.json", "{}") }, "keys/targets.json"},
		"a root that is not the latest": {func(x *turn) { put(t, x.dir, "repository/root.json", "{}") }, "root"},
	} {
		x := newTurn(initialized(t), tuf.RoleTargets)
		c.change(x)
		fails(t, name, x, c.want)
	}
}

// zeroKey is the one that a generator of zeros gives.
func zeroKey(t *testing.T) *tuf.PrivateKey {
	k, err := tuf.NewKey(zeros{})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestRotateStopped by Ctrl+C while somebody types.
func TestRotateStopped(t *testing.T) {
	dir := initialized(t)
	before := contents(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	x := newTurn(dir, tuf.RoleTargets)
	x.phrases = stopping{stop}
	if _, err := x.run(ctx); !errors.Is(err, context.Canceled) || len(differing(before, contents(t, dir))) > 0 {
		t.Errorf("%v; changed %q", err, differing(before, contents(t, dir)))
	}
}

type stopping struct{ stop func() }

func (s stopping) Old(_ context.Context, role tuf.Role, _ error) (secret.Bytes, error) {
	s.stop()
	return secret.Bytes(phraseOf(role)), nil
}

func (s stopping) New(context.Context, tuf.Role) (secret.Bytes, error) { return nil, errBroken }

// TestRequestThatIsNotReadyMakesNoKey, and one that is lost is asked for again.
func TestRequestThatIsNotReadyMakesNoKey(t *testing.T) {
	dir := initialized(t)
	rootAway(t, dir, cheap)
	x, p := newTurn(dir, tuf.RoleSnapshot), &paper{unready: errBroken}
	x.how.Request = p
	if err := fails(t, "not ready", x); !errors.Is(err, errBroken) || p.placed > 0 || p.dropped != 1 {
		t.Errorf("%v: %+v", err, p)
	}
	p.unready, p.lost = nil, errBroken
	_, err := x.run(t.Context())
	made := inFile(t, dir, tuf.RoleSnapshot)
	if !errors.Is(err, errBroken) || len(made) != 2 {
		t.Fatalf("%v; the file holds %v", err, made)
	}
	p.lost = nil
	if done := x.goes(t); len(p.asked) != 1 || p.asked[0] != made[1] || p.placed != 1 || done.Asked[0].ID != made[1] {
		t.Errorf("%+v: %+v", p, done)
	}
}

// TestRotateThatIsDecidedIsFinished by whoever opens the folder next, and asked for
// again.
func TestRotateThatIsDecidedIsFinished(t *testing.T) {
	dir := initialized(t)
	rootAway(t, dir, cheap)
	x, p := newTurn(dir, tuf.RoleSnapshot), &paper{}
	x.how.Request = p
	decided := false
	x.before = func(r *Repository) {
		r.step = func(step string) error {
			if decided {
				return errBroken
			}
			decided = step == "write the journal"
			return nil
		}
	}
	if _, err := x.run(t.Context()); !errors.Is(err, ErrUnfinished) || p.placed > 0 {
		t.Fatalf("%v: %+v", err, p)
	}
	made := p.asked
	x.before = nil
	if x.goes(t); p.placed != 1 || !slices.Equal(p.asked, made) || !slices.Equal(inFile(t, dir, tuf.RoleSnapshot)[1:], made) {
		t.Errorf("%+v; the file holds %v", p, inFile(t, dir, tuf.RoleSnapshot))
	}
}

// TestRotateDryRun says what would be, and does nothing.
func TestRotateDryRun(t *testing.T) {
	want := map[string]Phase{"at once": PhaseRotated, "first phase": PhaseRequested, "second phase": PhaseFinished}
	for name, folder := range phases(t) {
		x, p := newTurn(folder(), tuf.RoleSnapshot), &paper{}
		x.how.Request, x.DryRun = p, true
		before := contents(t, x.dir)
		done := x.goes(t)
		if got := differing(before, contents(t, x.dir)); len(got) > 0 || p.placed > 0 || done.Phase != want[name] || !done.DryRun || len(done.Keys) > 0 || !slices.Contains(done.Written, keyFile(tuf.RoleSnapshot)) {
			t.Errorf("%s: changed %q: %+v", name, got, done)
		}
	}
}
