package ceremony_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
	"signer/usb"
)

// creation is a plan, and the drives that it led to, as folders. Its clock is
// this computer's, as that of the tuf command is.
type creation struct {
	keys, threshold int
	consistent      string
	cost            tuf.Cost // tuf v0.5.2 opens key files of the product's cost alone

	dir    string // one folder for each drive
	device oracle.Device
}

const added = "osqueryd/linux/stable/osqueryd"

// TestOthersTakeWhatCreateWrote: what leaves on the drives works in the programs
// that companies have, as it is, from the first update to a new root signed
// without this program.
func TestOthersTakeWhatCreateWrote(t *testing.T) {
	long(t)
	for _, c := range []*creation{
		{keys: 1, threshold: 1, consistent: "no", cost: cheap},
		{keys: 3, threshold: 2, consistent: "no", cost: tuf.ProductCost},
		{keys: 3, threshold: 3, consistent: "no", cost: cheap},
		{keys: 2, threshold: 1, consistent: "yes", cost: tuf.ProductCost},
		{keys: 2, threshold: 2, consistent: "yes", cost: cheap},
		{keys: 3, threshold: 3, consistent: "yes", cost: tuf.ProductCost},
	} {
		t.Run(fmt.Sprintf("%d of %d, consistent %s", c.threshold, c.keys, c.consistent), func(t *testing.T) {
			t.Parallel()
			c.play(t)
			t.Run("signatures", c.signatures)
			c.eachClient(t, "first update", c.drive("repository"), c.acceptsNothingYet)
			if c.cost == tuf.ProductCost {
				c.operate(t)
			}
		})
	}
}

// operate goes on without this program, with the tuf command of v0.5.2.
func (c *creation) operate(t *testing.T) {
	work := c.copyOf(t, "signing")
	t.Run("tuf adds a target", func(t *testing.T) { addTarget(t, work) })
	c.eachClient(t, "update", work, c.downloads)
	t.Run("tuf signs with backups", func(t *testing.T) { c.renewRoot(t, work) })
	c.eachClient(t, "new root", work, c.followsTheRoot)
}

func (c *creation) play(t *testing.T) {
	t.Helper()
	c.dir = t.TempDir()
	w := &world{dir: c.dir}
	w.boot(t, usb.VirtualOptions{})
	w.env.Now, w.env.Built, w.env.Cost = time.Now, time.Now().AddDate(0, 0, -20), c.cost
	plan := fmt.Sprintf("plan.root-keys: %d\nplan.threshold: %d\nplan.consistent: %s\n", c.keys, c.threshold, c.consistent)
	if err := w.play(t, plan+answersFor(c.keys)); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	c.device = oracle.Device{Root: filepath.Join(c.drive("repository"), "repository", "root.json"), Memory: t.TempDir()}
}

func (c *creation) drive(label string) string { return filepath.Join(c.dir, label) }

func (c *creation) copyOf(t *testing.T, label string) string {
	t.Helper()
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(c.drive(label))); err != nil {
		t.Fatal(err)
	}
	return work
}

// signatures has securesystemslib check every signature: each key that is
// listed has signed, and nobody else.
func (c *creation) signatures(t *testing.T) {
	repository := filepath.Join(c.drive("repository"), "repository")
	root := readRoot(t, repository)
	for _, role := range tuf.Roles() {
		name := filepath.Join(repository, string(role)+".json")
		signers, err := oracle.VerifySignatures(t, filepath.Join(repository, "root.json"), name, string(role))
		listed := slices.Sorted(slices.Values(root.Signed.Roles[string(role)].KeyIDs))
		slices.Sort(signers)
		if err != nil || !slices.Equal(signers, listed) {
			t.Errorf("%s is signed by %q, %v; root lists %q", role, signers, err, listed)
		}
	}
	if n := len(root.Signed.Roles["root"].KeyIDs); n != c.keys || root.Signed.Roles["root"].Threshold != c.threshold {
		t.Errorf("root lists %d keys at threshold %d", n, root.Signed.Roles["root"].Threshold)
	}
}

// eachClient has every client update from the repository in dir, one after the
// other from where it was.
func (c *creation) eachClient(t *testing.T, what, dir string, does func(*testing.T, oracle.Client, oracle.Device)) {
	at := c.device
	at.URL = oracle.Serve(t, filepath.Join(dir, "repository"))
	for _, client := range oracle.Clients() {
		t.Run(what+" "+client.Name, func(t *testing.T) { does(t, client, at) })
	}
}

func (*creation) acceptsNothingYet(t *testing.T, client oracle.Client, at oracle.Device) {
	seen, err := client.Update(t, at)
	if err != nil || len(seen.Files) > 0 || seen.Versions["root"] != 1 || seen.Versions["timestamp"] != 1 {
		t.Errorf("%+v, %v", seen, err)
	}
}

func (*creation) downloads(t *testing.T, client oracle.Client, at oracle.Device) {
	if got, err := client.Download(t, at, added); err != nil || string(got) != "osqueryd 5" {
		t.Errorf("%q, %v", got, err)
	}
}

func (*creation) followsTheRoot(t *testing.T, client oracle.Client, at oracle.Device) {
	seen, err := client.Update(t, at)
	if err != nil || seen.Versions["root"] != 2 || !slices.Equal(seen.Files, []string{added}) {
		t.Errorf("%+v, %v", seen, err)
	}
}

// addTarget is a releaser's work with tuf v0.5.2 and nothing but the signing
// drive.
func addTarget(t *testing.T, work string) {
	var env []string
	for _, role := range tuf.OnlineRoles() {
		env = append(env, "TUF_"+strings.ToUpper(string(role))+"_PASSPHRASE="+passphraseOf(string(role)+".passphrase"))
	}
	staged := filepath.Join(work, "staged", "targets", filepath.FromSlash(added))
	if err := os.MkdirAll(filepath.Dir(staged), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(staged, []byte("osqueryd 5"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"add " + added, "snapshot", "timestamp", "commit"} {
		runTuf(t, work, env, command)
	}
}

// renewRoot moves root's expiry and signs with tuf v0.5.2, each key from the
// backup of its number, renamed as the tuf command wants it.
func (c *creation) renewRoot(t *testing.T, work string) {
	stageRenewal(t, work)
	for i := 1; i <= c.threshold; i++ {
		backup := c.drive(fmt.Sprintf("root-backup-%d", (i+1)%2+1))
		key, err := os.ReadFile(filepath.Join(backup, "keys", fmt.Sprintf("root%d.json", i)))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(work, "keys", "root.json"), key, 0o600); err != nil {
			t.Fatal(err)
		}
		runTuf(t, work, []string{"TUF_ROOT_PASSPHRASE=" + passphraseOf(fmt.Sprintf("root-%d.passphrase", i))}, "sign root.json")
	}
	runTuf(t, work, nil, "commit")
}

// stageRenewal puts the next root into staged/: the same but for its version
// and its expiry.
func stageRenewal(t *testing.T, work string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(work, "repository", "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		Signed     map[string]any `json:"signed"`
		Signatures []any          `json:"signatures"`
	}
	if err := json.Unmarshal(b, &root); err != nil {
		t.Fatal(err)
	}
	root.Signed["version"], root.Signed["expires"] = 2, time.Now().AddDate(2, 0, 0).UTC().Format(time.RFC3339)
	root.Signatures = []any{}
	if b, err = json.Marshal(root); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "staged", "root.json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func runTuf(t *testing.T, work string, env []string, command string) {
	t.Helper()
	if _, err := oracle.Tuf(t, work, env, strings.Fields(command)...); err != nil {
		t.Fatal(err)
	}
}
