package ceremony_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// holds sees what must be true at every moment: the old keys are as they were, no
// torn drive passes for a whole one, clients find what they can follow, some drive
// gives all roots, and there are never two roots of one version.
func (b *bench) holds(t *testing.T, w *world, at usb.Point) {
	t.Helper()
	now := w.all(t)
	b.keepsOldKeys(t, at, now)
	b.showsWhatIsTorn(t, at, now)
	b.leavesNobodyBehind(t, at, now)
	b.givesAllRoots(t, at, now)
	w.hasNoTwins(t, at, completeRoots(now))
}

// completeRoots leaves out roots that are signed in part, or were given up: they are no
// roots for clients, and lie apart.
func completeRoots(drives map[string]map[string][]byte) map[string]map[string][]byte {
	out := map[string]map[string][]byte{}
	for label, files := range drives {
		out[label] = maps.Clone(files)
		maps.DeleteFunc(out[label], func(name string, _ []byte) bool {
			return strings.HasPrefix(name, "ledger/partial/") || strings.HasPrefix(name, "ledger/abandoned/")
		})
	}
	return out
}

func (b *bench) keepsOldKeys(t *testing.T, at usb.Point, now map[string]map[string][]byte) {
	t.Helper()
	for label, files := range b.before {
		for name, was := range files {
			_, err := tuf.InspectKeyFile(was)
			is, there := now[label][name]
			erased := slices.Contains(b.erases, label) && (!there || len(bytes.Trim(is, "\x00")) == 0)
			if err == nil && !bytes.Equal(is, was) && !erased {
				t.Errorf("%+v: the key file %s on %s is not as it was", at, name, label)
			}
		}
	}
}

func (b *bench) showsWhatIsTorn(t *testing.T, at usb.Point, now map[string]map[string][]byte) {
	t.Helper()
	for label, files := range now {
		if len(files) == 0 || isAsListed(files) {
			continue
		}
		if r := ceremony.Check(treeOf(files), noon); r.Verdict == ceremony.Good && (b.before[label] == nil || files[ceremony.ManifestName] != nil) {
			t.Errorf("%+v: %s is torn, and passes for whole", at, label)
		}
	}
}

// isAsListed says whether a drive holds what its manifest lists. A file that was
// not put in place does no harm.
func isAsListed(files map[string][]byte) bool {
	m, err := listOf(files)
	return err == nil && !slices.ContainsFunc(m.Files, func(f ceremony.ManifestFile) bool { return tuf.DigestOf(files[f.Name]) != f.SHA256 })
}

// published is the repository that clients know.
func (b *bench) published() map[string][]byte {
	for _, label := range []string{"repository", "old-stick"} {
		if b.before[label]["repository/root.json"] != nil {
			return b.roots(b.before[label])
		}
	}
	return nil
}

// leavesNobodyBehind: what a whole drive takes out can be uploaded, and clients of
// what was published before go on from there.
func (b *bench) leavesNobodyBehind(t *testing.T, at usb.Point, now map[string]map[string][]byte) {
	t.Helper()
	was := b.published()
	before, err := tuf.PublishedFrom(was)
	if err != nil {
		t.Fatal(err)
	}
	for label, files := range now {
		if !isWhole(files) || files["repository/root.json"] == nil || label != "repository" && bytes.Equal(files["repository/root.json"], b.before[label]["repository/root.json"]) {
			continue
		}
		uploaded := maps.Clone(was)
		maps.Copy(uploaded, b.roots(files))
		after, err := tuf.PublishedFrom(uploaded)
		if err == nil {
			_, err = tuf.SimulateAfter(before, after, noon)
		}
		if err != nil {
			t.Errorf("%+v: with what %s holds, clients are left behind: %v", at, label, err)
		}
	}
}

// givesAllRoots: one drive has every root there is, so that nothing is lost with
// the one that is torn.
func (b *bench) givesAllRoots(t *testing.T, at usb.Point, now map[string]map[string][]byte) {
	t.Helper()
	most := int64(1)
	for _, files := range now {
		if isAsListed(files) {
			for hasRootIn(files, most+1) {
				most++
			}
		}
	}
	for label, files := range now {
		all := isAsListed(files) || label == "old-stick"
		for v := int64(1); v <= most; v++ {
			all = all && hasRootIn(files, v)
		}
		if all {
			return
		}
	}
	t.Errorf("%+v: no whole drive has roots 1 to %d", at, most)
}

func hasRootIn(files map[string][]byte, version int64) bool {
	for _, dir := range []string{"repository", "ledger/roots"} {
		if len(files[fmt.Sprintf("%s/%d.root.json", dir, version)]) > 0 {
			return true
		}
	}
	return false
}

// standing is the root that each whole drive is at.
func (b *bench) standing(t *testing.T, w *world) map[string]int64 {
	t.Helper()
	standing := map[string]int64{}
	for label, files := range w.all(t) {
		if m, err := listOf(files); err == nil && isAsListed(files) {
			standing[label] = m.Root.Version
		}
	}
	return standing
}

// endedWell: every drive that is whole after a good day is whole, at that root or
// a later one. Of those that are named only these are asked for: recover writes the
// drives that go out, and backups catch up when they are seen again.
func (b *bench) endedWell(t *testing.T, w *world, at usb.Point, only ...string) {
	t.Helper()
	is := b.standing(t, w)
	for label, version := range b.end {
		if len(only) > 0 && !slices.Contains(only, label) {
			continue
		}
		if got, ok := is[label]; !ok || got < version {
			t.Errorf("%+v: %s is not finished: it is at root %d, and not %d", at, label, got, version)
		}
	}
}
