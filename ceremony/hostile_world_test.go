package ceremony_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// A past is a repository of three roots, with its drives as they lay on each of
// the three days. Hostile drives are made from them, as somebody would who had a
// drive in hand.
type past struct {
	days  [4]string // days[n] has the drives as of root n
	roots [4][]byte
	other string // drives of another repository
}

func newPast(t *testing.T) *past {
	t.Helper()
	p := &past{other: t.TempDir()}
	w := &world{dir: t.TempDir()}
	w.boot(t, usb.VirtualOptions{})
	for n, script := range []ceremony.Script{ceremony.Create(), ceremony.Renew(), ceremony.Renew()} {
		at := noon.AddDate(0, 0, n-3)
		w.playAt(t, script, at)
		p.days[n+1] = t.TempDir()
		copyTree(t, w.dir, p.days[n+1])
		p.roots[n+1] = read(t, filepath.Join(w.dir, "repository", "repository", "root.json"))
	}
	other := &world{dir: p.other}
	other.boot(t, usb.VirtualOptions{})
	other.env.Rand = &stream{seed: 99}
	other.playAt(t, ceremony.Create(), noon.AddDate(0, 0, -3))
	return p
}

// today are the drives of a day, on a computer of their own, with whatever was
// put into the tray besides.
func (p *past) today(t *testing.T, day int, hostile func(dir string)) *world {
	t.Helper()
	w := &world{dir: t.TempDir()}
	copyTree(t, p.days[day], w.dir)
	if hostile != nil {
		hostile(w.dir)
	}
	w.boot(t, usb.VirtualOptions{})
	return w
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// put writes a file onto a drive in the tray.
func put(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// relist makes a drive's manifest list what is on it now: nobody signs a manifest,
// so whoever changes a drive can do that, too.
func relist(t testing.TB, dir string, alter func(*ceremony.Manifest)) {
	t.Helper()
	m, err := ceremony.ParseManifest([]byte(onDisk(t, dir)[ceremony.ManifestName]))
	if err != nil {
		t.Fatal(err)
	}
	m.Files = nil
	all := onDisk(t, dir)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != ceremony.ManifestName && !strings.HasSuffix(name, "/") {
			m.Files = append(m.Files, ceremony.ManifestFile{Name: name, Size: int64(len(all[name])), SHA256: tuf.DigestOf([]byte(all[name]))})
		}
	}
	if alter != nil {
		alter(m)
	}
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, ceremony.ManifestName, b)
}

// onDisk is all that is below a folder, byte for byte: links and pipes by what
// they are.
func onDisk(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			all[name+"/"] = ""
		case d.Type().IsRegular():
			info, err := d.Info()
			if err != nil || info.Size() > 1<<20 { // a sparse file: its size tells
				all[name] = info.Mode().String() + " large"
				return err
			}
			b, err := os.ReadFile(path)
			all[name] = string(b)
			return err
		default:
			all[name] = d.Type().String()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// careful is a robot that takes another drive when one is turned away.
type careful struct {
	*robot
	instead map[string]string // the drive that is taken next, by the one turned away
	swapped map[string]bool
}

func (c *careful) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if strings.HasSuffix(q.ID, ".wrong") {
		c.swapped[q.Motion.Label] = true
	}
	if to, ok := c.instead[q.Motion.Label]; ok && c.swapped[q.Motion.Label] && q.Motion.Move == ceremony.Insert {
		q.Motion.Label = to
	}
	return c.robot.Ask(ctx, q)
}

// reasons are why drives were turned away at a question.
func (w *watcher) reasons(id string) (all []string) {
	for _, q := range w.askedFor(id + ".wrong") {
		all = append(all, q.Prompt)
	}
	return all
}

// everything is all that a person read on the way, as it was composed.
func (w *watcher) everything() (all []string) {
	for _, e := range w.events {
		all = append(all, e.Text)
	}
	for _, q := range w.questions {
		all = append(all, q.Title, q.Prompt, q.Problem, q.Help, q.Default, q.Shown)
		for _, b := range q.Text {
			all = append(all, b.Text)
			for _, row := range b.Rows {
				all = append(all, row.Label, row.Value)
			}
		}
		for _, o := range q.Options {
			all = append(all, o.Label, o.Value, o.Disabled)
		}
	}
	return all
}

// showsNothingHidden: what was composed for people has no character in it that
// commands a terminal, turns the writing or hides, before any screen escapes it.
func (w *watcher) showsNothingHidden(t testing.TB) {
	t.Helper()
	for _, text := range w.everything() {
		for line := range strings.SplitSeq(text, "\n") {
			if ceremony.Foreign(line) != line {
				t.Errorf("shown as it came: %q", line)
			}
		}
	}
}

// rhea is the releaser of these tests: her keys are the same in each run.
type rhea struct {
	t    testing.TB
	keys map[tuf.Role]*tuf.PrivateKey
	rand *rand.ChaCha8
}

func newRhea(t testing.TB) rhea {
	random := rand.NewChaCha8([32]byte{42})
	r := rhea{t: t, keys: map[tuf.Role]*tuf.PrivateKey{}, rand: random}
	for _, role := range tuf.OnlineRoles() {
		r.keys[role] = newKey(t, random)
	}
	return r
}

// request is her key request for a root.
func (r rhea) request(root []byte, alter func(*ceremony.KeyRequest)) []byte {
	r.t.Helper()
	parsed, err := tuf.ParseRoot(root, tuf.Strict)
	if err != nil {
		r.t.Fatal(err)
	}
	request, err := ceremony.NewKeyRequest(parsed, "Rhea", noon)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Rehearsal = true
	for _, role := range tuf.OnlineRoles() {
		if err := request.Add(role, r.keys[role], r.rand); err != nil {
			r.t.Fatal(err)
		}
	}
	if alter != nil {
		alter(&request)
	}
	return encoded(r.t, request)
}

// signed is the signed part of a root.json that is edited.
type signed map[string]any

func (s signed) at(names ...string) signed {
	for _, name := range names {
		s = s[name].(map[string]any)
	}
	return s
}

// grant lists a key under an id, for a role.
func (s signed) grant(role, id string, listed any) {
	s.at("keys")[id] = listed
	r := s.at("roles", role)
	r["keyids"] = append(r["keyids"].([]any), id)
}

// revoke takes the first key of a role away, from the list of keys too.
func (s signed) revoke(role string) {
	r := s.at("roles", role)
	ids := r["keyids"].([]any)
	delete(s.at("keys"), ids[0].(string))
	r["keyids"] = ids[1:]
}

// listedKey is a key as a root lists it.
func listedKey(public string) map[string]any {
	return map[string]any{"keytype": "ed25519", "scheme": "ed25519",
		"keyid_hash_algorithms": []any{"sha256", "sha512"}, "keyval": map[string]any{"public": public}}
}

// staged is what `tuf gen-key timestamp` of v0.5.2 leaves on a releaser's
// computer that has this root, and what edit does to it.
func (r rhea) staged(root []byte, edit func(signed)) []byte {
	r.t.Helper()
	var file struct {
		Signed     signed `json:"signed"`
		Signatures any    `json:"signatures"`
	}
	if err := json.Unmarshal(root, &file); err != nil {
		r.t.Fatal(err)
	}
	key := r.keys[tuf.RoleTimestamp].Key()
	file.Signed["version"] = file.Signed["version"].(float64) + 1
	file.Signed["expires"] = "2026-11-23T14:05:00Z"
	file.Signed.grant("timestamp", key.ID.String(), listedKey(key.Public))
	file.Signatures = nil
	if edit != nil {
		edit(file.Signed)
	}
	b, err := json.Marshal(file)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// strangers are keys that nobody here knows.
func stranger(t testing.TB, n byte) tuf.Key { return newKey(t, rand.NewChaCha8([32]byte{n})).Key() }

// playAt plays a ceremony at a time by a robot.
func (w *world) playAt(t testing.TB, script ceremony.Script, at time.Time) {
	t.Helper()
	w.env.Now = func() time.Time { return at }
	w.env.Built = at.AddDate(0, 0, -20)
	w.seen = watcher{op: &robot{tray: w.tray}}
	if err := ceremony.Run(t.Context(), script, w.env, &w.seen); err != nil {
		t.Fatalf("%s: %v", script.Name, err)
	}
	w.takeAllOut(t)
}

func (w *world) takeAllOut(t testing.TB) {
	t.Helper()
	for _, stick := range w.tray.Sticks() {
		if stick.Plugged {
			if err := w.tray.Unplug(stick.Label); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// pageOf is the text of a page in one line.
func pageOf(q ceremony.Question) string {
	var words []string
	for _, b := range q.Text {
		words = append(words, strings.Fields(b.Text)...)
	}
	return strings.Join(words, " ")
}
