package ceremony_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// forged changes a drive, and has its manifest tell of it as it is then.
func (w *world) forged(t *testing.T, label string, change func(files map[string][]byte, m *ceremony.Manifest)) {
	t.Helper()
	files, m := w.files(t, label), w.manifestOf(t, label)
	change(files, m)
	m.Files = nil
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name != ceremony.ManifestName && !strings.HasSuffix(name, "/") {
			m.Files = append(m.Files, ceremony.ManifestFile{Name: name, Size: int64(len(files[name])), SHA256: tuf.DigestOf(files[name])})
		}
	}
	var err error
	if files[ceremony.ManifestName], err = m.Encode(); err != nil {
		t.Fatal(err)
	}
	if err := w.tray.Plug(label); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.tray.Unplug(label) }()
	vol, err := w.tray.Open(t.Context(), w.tray.List()[0], true)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if !strings.HasSuffix(name, "/") {
			if err := vol.WriteFile(name, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := vol.Close(); err != nil {
		t.Fatal(err)
	}
}

func offeredToFinish(t *testing.T, w *world) ceremony.Option {
	t.Helper()
	q := whatIsOffered(t, w)
	if q == nil {
		t.Fatal("nothing was offered")
	}
	return q.Options[0]
}

// withAKeyMore is a repository of the same keys and one more, which alone signs
// for it: root 1 vouches for itself, and clients would take it.
func withAKeyMore(t *testing.T, files map[string][]byte) tuf.Published {
	t.Helper()
	root, err := tuf.ParseRoot(files["repository/1.root.json"], tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	c := tuf.Change{Name: "create", Expires: root.Expires, Thresholds: map[tuf.Role]int{}, Online: map[tuf.Role]time.Time{}}
	var thief []*tuf.PrivateKey
	for i, role := range tuf.Roles() {
		for _, id := range root.Roles[role].KeyIDs {
			c.Grants = append(c.Grants, tuf.Grant{Role: role, Key: root.Keys[id]})
		}
		key, err := tuf.NewKey(&stream{seed: uint64(100 + i)})
		if err != nil {
			t.Fatal(err)
		}
		thief = append(thief, key)
		c.Grants = append(c.Grants, tuf.Grant{Role: role, Key: key.Key()})
		c.Thresholds[role], c.Online[role] = 1, noon.AddDate(1, 0, 0)
	}
	draft, err := tuf.Derive(nil, c, noon)
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := draft.Review().Challenge(&stream{seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	reviewed, err := challenge.Confirm(strings.Join(challenge.Words[:], ""))
	if err != nil {
		t.Fatal(err)
	}
	forged, err := tuf.Sign(reviewed, thief[0])
	if err != nil {
		t.Fatal(err)
	}
	published, err := tuf.SignOnline(reviewed, forged, thief[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return published
}

// TestASigningDriveWithAKeyMoreDoesNotGoOut: whoever has the signing drive of an
// unfinished creation for an hour adds a key of their own to root 1.
func TestASigningDriveWithAKeyMoreDoesNotGoOut(t *testing.T) {
	w := cutShort(t, "repository")
	w.forged(t, "signing", func(files map[string][]byte, m *ceremony.Manifest) {
		published := withAKeyMore(t, files)
		written, err := published.Files()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range written {
			files[f.Name] = f.Data
		}
		root, first := tuf.DigestOf(published.Roots[0]), published.Roots[0]
		parsed, err := tuf.ParseRoot(first, tuf.Strict)
		if err != nil {
			t.Fatal(err)
		}
		m.Repository, m.Root.Signed = &root, parsed.Digest()
	})
	if o := offeredToFinish(t, w); !strings.Contains(o.Disabled, "not the one that was reviewed") {
		t.Errorf("it can be finished: %+v", o)
	}
}

// TestASignedRootIsReviewedAgainBeforeItGoesOut: the drives lay about since.
func TestASignedRootIsReviewedAgainBeforeItGoesOut(t *testing.T) {
	w := cutShort(t, "repository")
	w.plugAll(t)
	if err := w.again(t, "finish"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"review.powers", "review.keys", "review.digest", "review.words"} {
		if len(w.seen.askedFor(id)) != 1 {
			t.Errorf("%s was not asked once", id)
		}
	}
	if len(w.seen.askedFor("sign")) > 0 {
		t.Error("a root that was signed is signed again")
	}
	checkRederived(t, w)
}

// TestTheLastRecordIsOnTheRepositoryDrive: also when that drive was complete
// before the creation was cut short.
func TestTheLastRecordIsOnTheRepositoryDrive(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.seen = watcher{op: &robot{tray: w.tray, first: oneKey()}, refused: func(q ceremony.Question) error {
		if q.ID == "repository.remove" {
			return context.Canceled
		}
		return nil
	}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err == nil {
		t.Fatal("it went on")
	}
	before := w.files(t, "repository")
	w.boot(t, usb.VirtualOptions{})
	w.env.Now = func() time.Time { return noon.Add(time.Hour) }
	w.plugAll(t)
	if err := w.again(t, "finish"); err != nil {
		t.Fatal(err)
	}
	after := w.files(t, "repository")
	first, second := "ledger/records/2026-11-22T140500Z-create.jsonl", "ledger/records/2026-11-22T150500Z-create.jsonl"
	if string(after[first]) != string(before[first]) {
		t.Error("the record of the first part is not carried on")
	}
	_, digest, err := ceremony.ReadRecord(after[second])
	if err != nil {
		t.Fatal(err)
	}
	shown := w.seen.askedFor("finish.record")[0].Text[1].Text
	if strings.Join(strings.Fields(shown), " ") != digest.Groups() {
		t.Errorf("the screen shows %s, and the record has %s", shown, digest.Groups())
	}
}

// TestNothingButRecordsIsCarriedOn: a ledger is a folder on a drive that others
// had in their hands.
func TestNothingButRecordsIsCarriedOn(t *testing.T) {
	w := cutShort(t, "signing")
	stray := []string{"ledger/records/setup.exe", "ledger/records/a/notes.txt", "ledger/records/2026-11-22T140500Z-create.html", "ledger/x"}
	for _, label := range []string{"root-backup-1", "root-backup-2"} {
		w.forged(t, label, func(files map[string][]byte, _ *ceremony.Manifest) {
			for _, name := range stray {
				files[name] = []byte("x")
			}
			files["ledger/records/2026-11-22T140500Z-create.txt"] = []byte("\x1b[2Jnothing to see")
		})
	}
	w.plugAll(t)
	if err := w.again(t, "finish"); err != nil {
		t.Fatal(err)
	}
	if q := w.seen.askedFor("unfinished"); q[0].Options[0].Disabled != "" {
		t.Fatalf("it was not finished: %+v", q)
	}
	for _, label := range []string{"root-backup-1", "root-backup-2", "repository"} {
		files := w.files(t, label)
		for _, name := range stray {
			if _, ok := files[name]; ok {
				t.Errorf("%s has %s", label, name)
			}
		}
		if page := string(files["ledger/records/2026-11-22T140500Z-create.txt"]); !strings.Contains(page, "Digest of this record") {
			t.Errorf("%s has the page %q", label, page)
		}
	}
}

// TestKeysOfAnEarlierPlanAreNotMissed: three root keys were made, and then the
// plan was changed to two.
func TestKeysOfAnEarlierPlanAreNotMissed(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	backs := 0
	w.seen = watcher{op: &robot{tray: w.tray, first: map[string][]string{"plan": {"go", "root-keys"}, "plan.root-keys": {"2"}}},
		refused: func(q ceremony.Question) error {
			switch {
			case q.ID == "signing.insert":
				return context.Canceled
			case q.ID == "plan":
				backs = 100
			case backs == 0 && q.ID == "targets.make", backs > 0 && backs < 100:
				backs++
				return ceremony.ErrBack
			}
			if q.ID == "plan" && len(w.seen.askedFor("plan")) == 1 {
				backs = 0
			}
			return nil
		}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err == nil || backs != 100 {
		t.Fatalf("%v after %d steps back", err, backs)
	}
	w.boot(t, usb.VirtualOptions{})
	if o := offeredToFinish(t, w); o.Disabled != "" {
		t.Errorf("it cannot be finished: %s", o.Disabled)
	}
}

// TestFinishingWithoutASigningDriveIsTyped: Enter alone never signs what may be
// a second root 1.
func TestFinishingWithoutASigningDriveIsTyped(t *testing.T) {
	w := cutShort(t, "signing")
	w.plugAll(t)
	if err := w.again(t, "finish"); err != nil {
		t.Fatal(err)
	}
	if asked := w.seen.askedFor("unfinished.unsigned"); len(asked) != 1 || asked[0].Shown == "" || asked[0].Default != "" {
		t.Errorf("asked %+v", asked)
	}
}

// TestAnotherSignedRootIsNotOverwrittenByEnter: the signing drive turns up after
// the creation was finished without it.
func TestAnotherSignedRootIsNotOverwrittenByEnter(t *testing.T) {
	w := cutShort(t, "repository")
	for _, label := range []string{"root-backup-1", "root-backup-2"} {
		if err := w.tray.Plug(label); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.again(t, "finish"); err != nil {
		t.Fatal(err)
	}
	if asked := w.seen.askedFor("signing.erase"); len(asked) == 0 || !strings.Contains(asked[0].Text[1].Text, "another root 1, signed") {
		t.Errorf("asked %+v", asked)
	}
}

// TestDatesThatAreTooNearAreCountedAnew: the root was to expire 32 days after the
// first part, and the second is three days later.
func TestDatesThatAreTooNearAreCountedAnew(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
		if p.Label == "signing" {
			return usb.Crash
		}
		return nil
	}})
	if err := w.play(t, "plan.root-keys: 1\nplan.expires.root: +32\n"+answersFor(1)); err == nil {
		t.Fatal("a program that was stopped finished")
	}
	w.boot(t, usb.VirtualOptions{})
	later := noon.AddDate(0, 0, 3)
	w.env.Now = func() time.Time { return later }
	w.plugAll(t)
	if err := w.again(t, "finish"); err != nil {
		t.Fatal(err)
	}
	root, err := tuf.ParseRoot(w.published(t), tuf.Strict)
	if want := later.Truncate(24*time.Hour).AddDate(0, 0, 365); err != nil || !root.Expires.Equal(want) {
		t.Errorf("root expires %v, want %v; %v", root.Expires, want, err)
	}
}

// TestOneEscLeavesAForgottenPassphrase: of a key that was made before the
// creation was cut short, for starting over with new keys.
func TestOneEscLeavesAForgottenPassphrase(t *testing.T) {
	w := cutShort(t, "signing")
	w.plugAll(t)
	typed := 0
	w.seen = watcher{op: &mistyping{&robot{tray: w.tray, first: map[string][]string{"unfinished": {"finish"}}}, &typed}, refused: func(q ceremony.Question) error {
		switch {
		case q.ID == "root-1.passphrase" && typed < 3:
			typed++
		case q.ID == "root-1.passphrase":
			return ceremony.ErrBack
		case q.ID == "unfinished" && typed > 0:
			return context.Canceled
		}
		return nil
	}}
	_ = ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen)
	if asked := len(w.seen.askedFor("root-1.passphrase")); asked != 4 || len(w.seen.askedFor("unfinished")) != 2 {
		t.Errorf("the passphrase was asked %d times, and then %s", asked, w.seen.questions[len(w.seen.questions)-1].ID)
	}
}

// mistyping types another passphrase while something is typed.
type mistyping struct {
	ceremony.Operator
	typed *int
}

func (m *mistyping) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if q.Kind == ceremony.Passphrase && *m.typed > 0 {
		return ceremony.Answer{Secret: []byte("was it this one")}, nil
	}
	return m.Operator.Ask(ctx, q)
}
