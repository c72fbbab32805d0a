package ceremony_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// Between the ceremonies releasers work with tuf v0.5.2 or v0.7.0, whichever they
// have at hand, and a bot has nothing but a timestamp key.

// hires gives a releaser a desk, with the keys of a signing drive. The tuf command
// opens no key file that costs as little as those of these ceremonies
// (TestOthersTakeWhatCreateWrote has it open those of real ones): each is locked
// anew.
func (d *decade) hires(t *testing.T, holder, drive string) {
	t.Helper()
	o := &desk{holder: holder, drive: drive, keys: t.TempDir()}
	for _, role := range tuf.OnlineRoles() {
		pass := secret.Bytes(passphraseOf(string(role)))
		b, err := os.ReadFile(d.path(drive, "keys", string(role)+".json"))
		if os.IsNotExist(err) {
			continue // it got no key of this role
		}
		if err != nil {
			t.Fatal(err)
		}
		keys, err := tuf.KeyOpener{Also: cheap}.Open(b, pass)
		if err != nil {
			t.Fatal(err)
		}
		o.lock(t, d, role, keys)
	}
	d.desks = append(d.desks, o)
}

func (d *decade) fires(leaves *desk) {
	d.desks = slices.DeleteFunc(d.desks, func(o *desk) bool { return o == leaves })
}

func (o *desk) lock(t *testing.T, d *decade, role tuf.Role, keys []*tuf.PrivateKey) {
	t.Helper()
	b, err := tuf.SealKeys(keys, secret.Bytes(passphraseOf(string(role))), tuf.ProductCost, d.env.Rand)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.keys, string(role)+".json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// request makes keys on a releaser's computer, and brings the request on a drive.
func (d *decade) request(t *testing.T, holder string) *desk {
	t.Helper()
	o := &desk{holder: holder, keys: t.TempDir()}
	request, err := ceremony.NewKeyRequest(d.root(t), holder, d.now)
	if err != nil {
		t.Fatal(err)
	}
	request.Rehearsal = true
	for _, role := range tuf.OnlineRoles() {
		key, err := tuf.NewKey(d.env.Rand)
		if err == nil {
			err = request.Add(role, key, d.env.Rand)
		}
		if err != nil {
			t.Fatal(err)
		}
		o.lock(t, d, role, []*tuf.PrivateKey{key})
	}
	b, err := request.Encode()
	if err != nil {
		t.Fatal(err)
	}
	d.bring(t, "", map[string][]byte{ceremony.RequestName: b})
	return o
}

// bring puts files onto an empty transfer drive, as another computer does.
func (d *decade) bring(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	if err := d.tray.Add("transfer"); err != nil {
		t.Fatal(err)
	}
	if err := d.tray.Plug("transfer"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.tray.Unplug("transfer") }()
	if err := d.tray.Format(t.Context(), d.tray.List()[0], "transfer"); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		write(t, d.path("transfer", folder+name), b)
	}
}

// release signs and publishes a new version of a file.
func (d *decade) release(t *testing.T) {
	t.Helper()
	d.releaseBy(t, d.desks[d.IntN(len(d.desks))])
}

func (d *decade) releaseBy(t *testing.T, by *desk) {
	t.Helper()
	d.released = "osqueryd of " + d.now.Format(time.DateOnly)
	work := d.work(t, by)
	write(t, filepath.Join(work, "staged", "targets", filepath.FromSlash(added)), []byte(d.released))
	d.tuf(t, work, by, d.expires("add", 3*365)+" "+added, d.expires("snapshot", 3*365), d.expires("timestamp", 14), "commit")
	d.publish(t, work)
}

// stamp is the weekly bot: it has a timestamp key, and nothing else.
func (d *decade) stamp(t *testing.T) {
	t.Helper()
	d.stampBy(t, d.desks[d.IntN(len(d.desks))])
}

func (d *decade) stampBy(t *testing.T, of *desk) {
	t.Helper()
	work := d.work(t, of)
	for _, role := range []string{"targets", "snapshot"} {
		if err := os.RemoveAll(filepath.Join(work, "keys", role+".json")); err != nil {
			t.Fatal(err)
		}
	}
	d.tuf(t, work, of, d.expires("timestamp", 14), "commit")
	d.publish(t, work)
}

// expires is a command that signs for some days from today: the tuf command counts
// them from the real day.
func (d *decade) expires(command string, days int) string {
	return fmt.Sprintf("%s --expires=%d", command, days+int(d.now.Sub(d.began).Hours()/24))
}

// work is a folder with the keys of a desk and what is on the web server.
func (d *decade) work(t *testing.T, o *desk) string {
	t.Helper()
	work := t.TempDir()
	for folder, from := range map[string]string{"keys": o.keys, "repository": d.web} {
		if err := os.CopyFS(filepath.Join(work, folder), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(work, "staged", "targets"), 0o755); err != nil {
		t.Fatal(err)
	}
	return work
}

func (d *decade) tuf(t *testing.T, work string, by *desk, commands ...string) {
	t.Helper()
	var env []string
	for _, role := range tuf.OnlineRoles() {
		env = append(env, "TUF_"+strings.ToUpper(string(role))+"_PASSPHRASE="+passphraseOf(string(role)))
	}
	tool := d.tools[d.IntN(len(d.tools))]
	d.tell("%s signs with %s: %s", by.holder, tool.Name, strings.Join(commands, ", "))
	for _, command := range commands {
		if out, err := tool.Run(t, work, env, strings.Fields(command)...); err != nil {
			t.Fatalf("%s: %v\n%s", by.holder, err, out)
		}
	}
}

// publish uploads what a releaser signed: targets first, the timestamp last.
func (d *decade) publish(t *testing.T, work string) {
	t.Helper()
	repository := filepath.Join(work, "repository")
	if targets := filepath.Join(repository, "targets"); exists(targets) {
		if err := os.RemoveAll(filepath.Join(d.web, "targets")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(d.web, "targets"), os.DirFS(targets)); err != nil {
			t.Fatal(err)
		}
	}
	files := jsonIn(t, repository)
	for _, name := range uploadOrder(files) {
		write(t, filepath.Join(d.web, name), files[name])
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
