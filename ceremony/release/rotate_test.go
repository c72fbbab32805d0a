package release

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// rotated rotates in a folder, and wants it to go well.
func rotated(t testing.TB, dir string, role tuf.Role, o RotateOptions) Rotated {
	t.Helper()
	done, err := rotate(t.Context(), dir, role, o, testOptions("updates rotate"))
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func rotate(ctx context.Context, dir string, role tuf.Role, o RotateOptions, world Options) (Rotated, error) {
	r, err := Open(ctx, dir, world)
	if err != nil {
		return Rotated{}, err
	}
	done, err := r.Rotate(ctx, role, o, &phrases{refuse: errors.New("nobody knows it")})
	return done, errors.Join(err, r.Close())
}

// held are the keys in a key file.
func held(t testing.TB, dir string, name tuf.Role) (ids []tuf.KeyID) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(keyFile(name))))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tuf.KeyOpener{Also: cheap}.Open(b, secret.Bytes(phraseOf(name)))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		ids = append(ids, k.ID())
		k.Wipe()
	}
	return ids
}

// stands is the repository in a folder, verified.
func stands(t testing.TB, dir string) *tuf.Release {
	t.Helper()
	r, err := Open(t.Context(), dir, testOptions("updates rotate"))
	if err != nil {
		t.Fatal(err)
	}
	rel, err := r.release()
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return rel
}

func listedFor(rel *tuf.Release, role tuf.Role) []tuf.KeyID { return rel.Root().Roles[role].KeyIDs }

// TestRotateReplacesOneRole: its key and no other, its file and those that list
// it, and nothing is left of the old private key.
func TestRotateReplacesOneRole(t *testing.T) {
	again := map[tuf.Role][]string{
		tuf.RoleRoot:      {},
		tuf.RoleTargets:   {"targets", "snapshot", "timestamp"},
		tuf.RoleSnapshot:  {"snapshot", "timestamp"},
		tuf.RoleTimestamp: {"timestamp"},
	}
	for role, files := range again {
		t.Run(string(role), func(t *testing.T) {
			dir := initialized(t)
			if role != tuf.RoleTargets { // keys of files that are not signed again are not needed
				for _, other := range []tuf.Role{tuf.RoleTargets, tuf.RoleSnapshot, tuf.RoleTimestamp} {
					if other != role && !slices.Contains(files, string(other)) {
						remove(t, dir, keyFile(other))
					}
				}
			}
			before, was, old := contents(t, dir), listedFor(stands(t, dir), role), held(t, dir, role)
			done := rotated(t, dir, role, RotateOptions{})
			rel, is := stands(t, dir), held(t, dir, role)
			if len(is) != 1 || slices.Equal(is, old) || !slices.Equal(listedFor(rel, role), is) || slices.Equal(was, is) {
				t.Errorf("root lists %v, the file holds %v; it was %v", listedFor(rel, role), is, old)
			}
			want := []string{keyFile(role), "repository/2.root.json", "repository/root.json"}
			for _, f := range files {
				want = append(want, "repository/"+f+".json")
			}
			if got := changed(before, contents(t, dir)); !slices.Equal(got, sorted(want)) || !slices.Equal(sorted(done.Written), sorted(want)) {
				t.Errorf("changed %q, and says %q; want %q", got, done.Written, want)
			}
			if len(rel.Stale()) != 0 || len(done.Left) != 1 || done.Left[0].ID != old[0] || len(done.Revoked) != 1 || len(done.Keys) != 1 || done.Keys[0].ID != is[0] ||
				done.Phase != PhaseRotated || len(done.Review) == 0 || done.Versions[tuf.RoleRoot] != 2 {
				t.Errorf("stale %v, result %+v", rel.Stale(), done)
			}
			if want := testNow.Add(rootLife); !rel.Expires(tuf.RoleRoot).Equal(want) || !done.Expires[tuf.RoleRoot].Equal(want) {
				t.Errorf("root expires on %v, and %v is told", rel.Expires(tuf.RoleRoot), done.Expires[tuf.RoleRoot])
			}
		})
	}
}

func remove(t testing.TB, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
		t.Fatal(err)
	}
}

// changed are the files that are not as they were, sorted.
func changed(before, after map[string]string) (names []string) {
	for name, was := range before {
		if after[name] != was {
			names = append(names, name)
		}
	}
	for name := range after {
		if _, was := before[name]; !was {
			names = append(names, name)
		}
	}
	return sorted(names)
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}

// TestRotateSaysWhichKeyIsMissing: and why it is needed, before anybody types.
func TestRotateSaysWhichKeyIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		role    tuf.Role
		missing tuf.Role
		want    []string
	}{
		"its own":       {tuf.RoleTargets, tuf.RoleTargets, []string{"keys/targets.json"}},
		"of what lists": {tuf.RoleTargets, tuf.RoleSnapshot, []string{"keys/snapshot.json is not there", "snapshot.json lists targets.json"}},
		"of the top":    {tuf.RoleSnapshot, tuf.RoleTimestamp, []string{"keys/timestamp.json is not there", "timestamp.json lists snapshot.json"}},
		"root's":        {tuf.RoleTimestamp, tuf.RoleRoot, []string{"root is offline", "root 1 is signed by 1 of its keys", "--transfer"}},
		"root's alone":  {tuf.RoleRoot, tuf.RoleRoot, []string{"root keys are made in a ceremony"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := initialized(t)
			remove(t, dir, keyFile(c.missing))
			before := contents(t, dir)
			_, err := rotate(t.Context(), dir, c.role, RotateOptions{}, testOptions("updates rotate"))
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("want %q: %v", want, err)
				}
			}
			if got := changed(before, contents(t, dir)); len(got) > 0 {
				t.Errorf("it failed, and changed %q", got)
			}
		})
	}
}
