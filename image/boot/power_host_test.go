package boot_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
	"signer/usb"
)

// Ceremonies of this computer, on drives that are folders: they make what lies on
// sticks before a machine is started, and go on with what it left. The drives do
// not say that they are virtual, so these are real ceremonies, with the key
// derivation of the product.

// folders are drives as folders below dir, each named by its label.
type folders struct {
	*usb.Virtual
	dir string
}

func openFolders(dir string, labels ...string) (folders, error) {
	v, err := usb.OpenVirtual(dir, labels, usb.VirtualOptions{})
	return folders{v, dir}, err
}

func (f folders) List() []ceremony.Drive {
	list := f.Virtual.List()
	for i := range list {
		list[i].Virtual = false
	}
	return list
}

// play plays a ceremony.
func (f folders) play(ctx context.Context, now time.Time, script ceremony.Script, choices map[string][]string) error {
	env := ceremony.Env{Now: func() time.Time { return now }, Rand: rand.Reader, Drives: f, Cost: tuf.ProductCost,
		Built: now.AddDate(0, 0, -1), Network: func() ([]string, error) { return nil, nil }}
	return ceremony.Run(ctx, script, env, &person{drives: f, choices: choices})
}

// person takes what is offered first, types what is asked for, and moves drives.
type person struct {
	drives  folders
	choices map[string][]string // what is answered to a question, until they are used up
	asked   []string
}

func (*person) Tell(ceremony.Event) {}

func (p *person) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if p.asked = append(p.asked, q.ID); len(p.asked) > 300 {
		return ceremony.Answer{}, fmt.Errorf("it goes round in circles: %q", p.asked[len(p.asked)-20:])
	}
	next := p.choices[q.ID]
	switch {
	case len(next) > 0:
		p.choices[q.ID] = next[1:]
		return ceremony.Answer{Text: next[0]}, nil
	case q.Kind == ceremony.Wait:
		p.move(q.Motion)
		<-ctx.Done()
		return ceremony.Answer{}, context.Cause(ctx)
	case q.Kind == ceremony.Passphrase:
		return ceremony.Answer{Secret: secret.Bytes(passphraseFor(keyAsked(q.ID)))}, nil
	case q.Shown != "":
		return ceremony.Answer{Text: q.Shown}, nil
	case q.Kind == ceremony.Type && q.Default == "":
		return ceremony.Answer{Text: "Holder of " + q.ID}, nil
	}
	return ceremony.Answer{Text: q.Default}, nil
}

// keyAsked is the key that a question is about: "root 1" for
// "root-backup-1.root-1.passphrase".
func keyAsked(id string) string {
	before, _, _ := strings.Cut(id, ".passphrase")
	return strings.ReplaceAll(before[strings.LastIndex(before, ".")+1:], "-", " ")
}

func (p *person) move(m ceremony.Motion) {
	for _, s := range p.drives.Sticks() {
		wanted := m.Move == ceremony.Insert && s.Label == m.Label
		if s.Plugged && m.Move != "" && !wanted {
			_ = p.drives.Unplug(s.Label)
		}
		if !s.Plugged && wanted {
			_ = p.drives.Plug(s.Label)
		}
	}
}

// serialOf is what a drive of folders says, so that a stick can say the same.
func (f folders) serialOf(t *testing.T, label string) (serial string) {
	t.Helper()
	f.with(t, label, func(d ceremony.Drive) { serial = d.Serial })
	return serial
}

// with does something with one drive plugged in alone.
func (f folders) with(t *testing.T, label string, do func(ceremony.Drive)) {
	t.Helper()
	for _, s := range f.Sticks() {
		if s.Plugged {
			_ = f.Unplug(s.Label)
		}
	}
	if err := f.Plug(label); err != nil {
		t.Fatal(err)
	}
	do(f.List()[0])
	_ = f.Unplug(label)
}

// held is what lies on a drive.
type held struct {
	files    map[string][]byte
	manifest *ceremony.Manifest // nil: it is unfinished
	report   ceremony.Report    // what the appliance says of it
}

func (f folders) look(t *testing.T, label string, now time.Time) (h held) {
	t.Helper()
	h.files = map[string][]byte{}
	f.with(t, label, func(d ceremony.Drive) {
		if d.FileSystem == "" {
			return
		}
		vol, err := f.Open(t.Context(), d, false)
		if err != nil {
			t.Fatal(err)
		}
		defer vol.Close()
		h.report = ceremony.Check(vol, now)
		entries, err := vol.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Mode.IsRegular() {
				if h.files[e.Name], err = vol.ReadFile(e.Name, 1<<20); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	for _, name := range []string{nextManifest, ceremony.ManifestName} { // the latter counts where it is whole
		if m, err := ceremony.ParseManifest(h.files[name]); err == nil {
			h.manifest = m
		}
	}
	return h
}

// nextManifest is the list of a drive that is being brought up to date.
const nextManifest = "signer-drive.next.json"

// whole says why what a drive lists is not what it holds.
func (h held) whole() error {
	if h.manifest == nil {
		return errors.New("it has no list of what it holds")
	}
	listed := map[string]bool{ceremony.ManifestName: true, nextManifest: true}
	var wrong []error
	for _, f := range h.manifest.Files {
		listed[f.Name] = true
		if tuf.DigestOf(h.files[f.Name]) != f.SHA256 {
			wrong = append(wrong, fmt.Errorf("%s is not what is listed", f.Name))
		}
	}
	for name := range h.files {
		if !listed[name] {
			wrong = append(wrong, fmt.Errorf("%s is not listed", name))
		}
	}
	return errors.Join(wrong...)
}

// truthful says where a drive lies about itself: what does not hold all that it
// lists must not count as good, and what does must be a repository that clients
// take.
func (h held) truthful() error {
	good := h.report.Verdict != ceremony.Broken && h.report.Verdict != ceremony.Refused && h.manifest != nil
	if wrong := h.whole(); wrong != nil {
		if good {
			return fmt.Errorf("it counts as %s, and is not: %w", h.report.Verdict, wrong)
		}
		return nil
	}
	if !good {
		return fmt.Errorf("it is as it lists itself, and counts as %s: %v", h.report.Verdict, h.report.Findings)
	}
	if h.manifest.Role != ceremony.Repository {
		return nil
	}
	latest, err := h.accepted(today)
	if err == nil && int64(latest) != h.manifest.Root.Version {
		err = fmt.Errorf("it has root %d, and says root %d", latest, h.manifest.Root.Version)
	}
	return err
}

// finished checks drives after a ceremony that came to its end with a root.
func (f folders) finished(t *testing.T, root int64, labels ...string) {
	t.Helper()
	for _, label := range labels {
		h := f.look(t, label, today)
		err := errors.Join(h.whole(), h.truthful())
		if err == nil && h.manifest.Root.Version != root {
			err = fmt.Errorf("it is about root %d, not %d", h.manifest.Root.Version, root)
		}
		if err == nil && h.manifest.Role == ceremony.RootBackup {
			err = h.opens()
		}
		if err != nil {
			t.Errorf("%s: %v", label, err)
		}
	}
}

// created is what a creation of one root key on two backups has left, played once.
var created = sync.OnceValues(func() (string, error) {
	f, err := openFolders(filepath.Join(workFolder, "created"), "root-backup-1", "root-backup-2", "signing", "repository", "transfer")
	if err != nil {
		return "", err
	}
	return f.dir, f.play(context.Background(), today.AddDate(0, 0, -1), ceremony.Create(),
		map[string][]string{"plan": {"root-keys"}, "plan.root-keys": {"1"}})
})

// today is when the ceremonies of these tests are held; that creation was the day
// before.
var today = time.Now().UTC().Truncate(time.Second)

// repository is a copy of it.
func repository(t *testing.T) folders {
	t.Helper()
	from, err := created()
	if err != nil {
		t.Fatal(err)
	}
	return copyOf(t, from)
}

// copyOf is a copy of drives.
func copyOf(t *testing.T, from string) folders {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return opened(t, dir, "transfer")
}

func opened(t *testing.T, dir string, labels ...string) folders {
	t.Helper()
	f, err := openFolders(dir, labels...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// accepted says why clients would not take what a repository drive holds, or not
// go on from there to any later root.
func (h held) accepted(now time.Time) (latest int, err error) {
	p, err := tuf.PublishedFrom(h.files)
	if err != nil {
		return 0, err
	}
	_, err = tuf.Simulate(p, now)
	return len(p.Roots), err
}

// opens says why a root key on a backup does not open.
func (h held) opens() error {
	keys, err := tuf.OpenKeyFile(h.files["keys/root1.json"], secret.Bytes(passphraseFor("root 1")))
	for _, k := range keys {
		k.Wipe()
	}
	return err
}
