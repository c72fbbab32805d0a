package ceremony_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	"signer/ceremony"
	"signer/ceremony/secret/leak"
	"signer/ceremony/tuf"
	"signer/usb"
)

// check sees, after each run, what must hold however it ended.
func (g *game) check(err error) {
	g.t.Helper()
	g.endsAsItShould(err)
	g.forgetsSecrets()
	drives := g.drives()
	g.showsNoSecret(drives, err)
	for sticker, files := range drives {
		g.holdsItsRole(sticker, files)
		g.isWhatItSays(sticker, files)
	}
	if err == nil && !g.t.Failed() {
		g.isComplete(drives)
	}
}

// endsAsItShould: a ceremony ends at its end, by a person's will, or with the
// computer. Whatever else goes wrong has a way on.
func (g *game) endsAsItShould(err error) {
	for _, good := range []error{nil, ceremony.ErrStop, ceremony.ErrAbandoned, usb.Crash, errPower} {
		if errors.Is(err, good) {
			return
		}
	}
	g.t.Errorf("the ceremony ended by itself: %v", err)
}

func (g *game) forgetsSecrets() {
	if g.session != nil && g.session.Keys.Len() > 0 {
		g.t.Errorf("%d keys are left in the ring", g.session.Keys.Len())
	}
	for key := range g.private {
		if _, err := key.Prove(tuf.Digest{}, &stream{}); !errors.Is(err, tuf.ErrWiped) {
			g.t.Errorf("%v can still sign: %v", key, err)
		}
	}
	clear(g.private)
	for _, given := range g.op.given {
		if bytes.ContainsFunc(given.bytes, func(c rune) bool { return c != 0 }) {
			g.t.Errorf("a passphrase is not wiped: %s", given.text)
		}
	}
}

// drives are the files of every drive, as the next computer sees them.
func (g *game) drives() map[string]map[string][]byte {
	w := &world{memory: g.memory}
	w.boot(g.t, usb.VirtualOptions{})
	drives := map[string]map[string][]byte{}
	for _, stick := range w.tray.Sticks() {
		drives[stick.Label] = w.files(g.t, stick.Label)
	}
	return drives
}

// showsNoSecret searches all that people, records and drives were given.
func (g *game) showsNoSecret(drives map[string]map[string][]byte, err error) {
	out := bytes.Clone(g.op.seen.Bytes())
	if err != nil {
		out = append(out, err.Error()...)
	}
	for _, files := range drives {
		for name, data := range files {
			out = append(append(out, name...), data...)
		}
	}
	var known []leak.Secret
	looked := map[string]bool{}
	for _, given := range g.op.given {
		if len(given.text) >= 16 && !looked[given.text] { // shorter ones are slips, and words
			looked[given.text] = true
			known = append(known, leak.Secret{Name: "passphrase " + given.text, Bytes: []byte(given.text)})
		}
	}
	for _, seed := range g.seeds() {
		known = append(known, leak.Secret{Name: "private key", Bytes: seed})
	}
	if found := leak.Find(out, known); len(found) > 0 {
		g.t.Errorf("a run leaves %q", found)
	}
}

// holdsItsRole: whatever was torn off in the middle, no key lies where its role
// never puts one. The spare drive may be any, one at a time.
func (g *game) holdsItsRole(sticker string, files map[string][]byte) {
	var root, other, published bool
	for name, data := range files {
		if _, isRoot := g.rootFiles[tuf.DigestOf(data)]; isRoot {
			root = true
		} else if _, err := tuf.InspectKeyFile(data); err == nil && !g.lied[sticker] {
			other = true
		}
		published = published || strings.HasPrefix(name, "repository/")
	}
	switch {
	case sticker == "repository" && (root || other), sticker == "signing" && root, strings.HasPrefix(sticker, "root-backup") && (other || published),
		root && (other || published), other && files["ledger/holders.json"] != nil:
		g.t.Errorf("%s holds what its role forbids: %v", sticker, slices.Sorted(maps.Keys(files)))
	}
}

// isWhatItSays: a drive with a complete manifest is complete, but for one that
// lies and was not proven.
func (g *game) isWhatItSays(sticker string, files map[string][]byte) {
	m, err := listOf(files)
	if err != nil || g.lied[sticker] {
		return
	}
	files = maps.Clone(files)
	delete(files, nextList)
	if err := m.Verify(treeOf(files)); err != nil {
		g.t.Errorf("%s passes for finished: %v", sticker, err)
	}
}

// nextList stands beside the list of a drive while the drive is written.
const nextList = "signer-drive.next.json"

// listOf is what a drive says that it holds.
func listOf(files map[string][]byte) (*ceremony.Manifest, error) {
	m, err := ceremony.ParseManifest(files[ceremony.ManifestName])
	if err != nil {
		return ceremony.ParseManifest(files[nextList])
	}
	return m, nil
}

// treeOf leaves out folders, which files names with a stroke at the end.
func treeOf(files map[string][]byte) memoryTree {
	tree := memoryTree{}
	for name, data := range files {
		if !strings.HasSuffix(name, "/") {
			tree[name] = data
		}
	}
	return tree
}

// isComplete: a ceremony that ended well leaves every drive of its plan, proven,
// and a repository that clients take.
func (g *game) isComplete(drives map[string]map[string][]byte) {
	state := g.session.State
	var repository, signing map[string][]byte
	for _, label := range state.DriveLabels() {
		files := drives[g.proven[label]]
		m, err := ceremony.ParseManifest(files[ceremony.ManifestName])
		if err != nil {
			g.t.Fatalf("%s was proven, and is not finished: %v", label, err)
		}
		if err := m.Verify(treeOf(files)); err != nil || m.Label != label || m.Root.Signed != state.Signed {
			g.t.Errorf("%s was proven as %s of root %s: %v", label, m.Label, m.Root.Signed.Groups()[:9], err)
		}
		switch m.Role {
		case ceremony.RootBackup:
			g.opens(label, state.Keys[:state.Plan.RootKeys], files)
		case ceremony.Signing:
			signing = files
			g.opens(label, state.Keys[state.Plan.RootKeys:], files)
		case ceremony.Repository:
			repository = files
		}
	}
	g.isAccepted(repository, signing)
}

// opens sees that each key of a drive opens with a passphrase that was typed.
func (g *game) opens(label string, keys []ceremony.HeldKey, files map[string][]byte) {
	for _, k := range keys {
		opened := false
		for _, pass := range g.known[k.Name] {
			locked, err := tuf.KeyOpener{Also: cheap}.Open(files[k.FileName()], []byte(pass))
			opened = opened || err == nil && locked[0].ID() == k.Key.ID
		}
		if !opened {
			g.t.Errorf("%s on %s does not open", k.Title(), label)
		}
	}
}

func (g *game) isAccepted(repository, signing map[string][]byte) {
	published, err := tuf.PublishedFrom(repository)
	if err != nil {
		g.t.Fatal(err)
	}
	if _, err := tuf.Simulate(published, g.session.State.Now); err != nil {
		g.t.Error(err)
	}
	for name, data := range repository {
		if strings.HasPrefix(name, "repository/") && !bytes.Equal(data, signing[name]) {
			g.t.Errorf("%s differs between the drives", name)
		}
	}
}
