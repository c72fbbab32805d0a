package ceremony_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
	"signer/usb"
)

// decade is a company: its drives, its releasers, its web server, and computers in
// the field that remember what they saw.
type decade struct {
	*world
	*rand.Rand
	began, now time.Time
	story      []string
	people     int

	deck     []func(*testing.T) // the steps that are still to come
	desks    []*desk
	released string // the content that clients are to find

	clients []oracle.Client
	tools   []oracle.TufTool

	web, url string
	devices  string // what the clients remember
	first    string // root 1, with which they were packaged
}

// desk is where a releaser works: keys that a tuf command opens, and the label of
// the signing drive, if there is one.
type desk struct {
	holder, drive, keys string
}

func newDecade(t *testing.T, seed uint64) *decade {
	t.Helper()
	began := time.Now().UTC().Truncate(time.Second)
	d := &decade{world: &world{dir: t.TempDir()}, Rand: rand.New(rand.NewPCG(seed, 0)), began: began, now: began,
		web: t.TempDir(), devices: t.TempDir()}
	for _, c := range oracle.Clients() {
		d.clients = append(d.clients, c.Ready(t))
	}
	for _, v := range oracle.TufTools() {
		d.tools = append(d.tools, v.Ready(t))
	}
	d.boot(t, usb.VirtualOptions{})
	if err := d.tray.Add("transfer"); err != nil {
		t.Fatal(err)
	}
	op, keys := d.operator(), 1+d.IntN(5)
	op.first["plan"] = []string{"root-keys", "threshold", "consistent"}
	op.first["plan.root-keys"] = []string{fmt.Sprint(keys)}
	op.first["plan.threshold"] = []string{fmt.Sprint(1 + d.IntN(min(keys, 3)))}
	op.choices["plan.consistent"] = []string{"no", "yes"}[d.IntN(2)]
	d.play(t, "create", op)
	d.upload(t)
	d.url = oracle.Serve(t, d.web)
	d.first = filepath.Join(t.TempDir(), "root.json")
	write(t, d.first, d.metadata(t)["1.root.json"])
	d.hires(t, "Releaser", "signing")
	d.release(t)
	d.follow(t)
	return d
}

func (d *decade) tell(format string, args ...any) {
	d.story = append(d.story, d.now.Format(time.DateOnly)+"  "+fmt.Sprintf(format, args...))
}

// somebody is a name that nobody had before.
func (d *decade) somebody() string {
	d.people++
	return fmt.Sprintf("Person%d", d.people)
}

func (d *decade) days(n int) { d.now = d.now.AddDate(0, 0, n) }

// pass lets time go by. Releases come at least once a year: targets and snapshot
// never expire between two of them.
func (d *decade) pass(t *testing.T, days int) {
	d.days(days)
	if days > 200 || d.IntN(2) == 0 {
		d.release(t)
	}
}

func (d *decade) device(memory string) oracle.Device {
	return oracle.Device{URL: d.url, Root: d.first, Memory: memory, Now: d.now}
}

// root is the one that is published.
func (d *decade) root(t *testing.T) *tuf.Root {
	t.Helper()
	root, err := tuf.ParseRoot(d.metadata(t)["root.json"], tuf.History)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// metadata is what the web server has, but for targets.
func (d *decade) metadata(t *testing.T) map[string][]byte { return jsonIn(t, d.web) }

func jsonIn(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// upload copies what a ceremony made: the roots, and the online files where it
// signed them again, the timestamp last. It never deletes.
func (d *decade) upload(t *testing.T) {
	t.Helper()
	made, have := jsonIn(t, d.path("repository", "repository")), d.metadata(t)
	newer := have["timestamp.json"] == nil || versionOf(t, made["timestamp.json"]) > versionOf(t, have["timestamp.json"])
	for _, name := range uploadOrder(made) {
		if newer || strings.HasSuffix(name, "root.json") {
			write(t, filepath.Join(d.web, name), made[name])
		}
	}
}

// uploadOrder has what is listed before what lists it: the roots, then targets,
// snapshot and timestamp.
func uploadOrder(files map[string][]byte) (names []string) {
	for _, role := range []string{"root", "targets", "snapshot", "timestamp"} {
		for name := range files {
			if strings.HasSuffix(name, "."+role+".json") {
				names = append(names, name)
			}
		}
		if files[role+".json"] != nil {
			names = append(names, role+".json")
		}
	}
	return names
}

func versionOf(t *testing.T, b []byte) int64 {
	t.Helper()
	var file struct{ Signed struct{ Version int64 } }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	return file.Signed.Version
}

// operator gets through a ceremony, with what it was told to choose.
type operator struct {
	robot
	names  map[string][]string // to be typed, in turn
	labels map[string]string   // the option to be chosen, by its label
	away   bool                // the holders of online keys
	one    bool                // only the holder who comes first is here
	opened int
}

func (d *decade) operator() *operator {
	return &operator{robot: robot{tray: d.tray, choices: map[string]string{}, first: map[string][]string{}},
		names: map[string][]string{}, labels: map[string]string{}}
}

// alone has one holder sign, and the others elsewhere.
func (o *operator) alone() { o.one, o.choices["unlock.few"] = true, "part" }

func (o *operator) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if next := o.names[q.ID]; len(next) > 0 {
		o.names[q.ID] = next[1:]
		return ceremony.Answer{Text: next[0]}, nil
	}
	if label := o.labels[q.ID]; label != "" {
		i := slices.IndexFunc(q.Options, func(opt ceremony.Option) bool { return opt.Label == label })
		if i < 0 {
			return ceremony.Answer{}, fmt.Errorf("%s: nobody is called %s", q.ID, label)
		}
		return ceremony.Answer{Text: q.Options[i].Key}, nil
	}
	unlocking := strings.HasPrefix(q.ID, "unlock.root")
	switch {
	case o.away && q.Optional && slices.Contains(tuf.OnlineRoles(), tuf.Role(keyOf(q.ID))):
		return ceremony.Answer{}, nil
	case o.one && q.Optional && o.opened > 0:
		return ceremony.Answer{}, nil
	case o.one && unlocking && o.opened > 0 && len(q.Options) > 0 && q.Options[0].Key == "enough":
		return ceremony.Answer{Text: "enough"}, nil
	case q.Kind == ceremony.Passphrase && q.Optional:
		o.opened++
	}
	return o.robot.Ask(ctx, q)
}

// play plays a ceremony, as of today.
func (d *decade) play(t *testing.T, name string, op *operator) {
	t.Helper()
	if t.Failed() {
		return
	}
	item, ok := ceremony.Find(name)
	if !ok {
		t.Fatalf("there is no ceremony %q", name)
	}
	now := d.now
	d.env.Now, d.env.Built = func() time.Time { return now }, now.AddDate(0, 0, -20)
	ctx, stop := context.WithTimeoutCause(t.Context(), 2*time.Minute, fmt.Errorf("%s hangs", name))
	defer stop()
	d.seen = watcher{op: op}
	err := ceremony.Run(ctx, item.Script(), d.env, &d.seen)
	d.tell("%s: %v", name, err)
	if err != nil {
		for _, q := range d.seen.questions[max(0, len(d.seen.questions)-6):] {
			t.Logf("%s [%s]\n%s", q.ID, q.Problem, text(q))
		}
		t.Fatalf("%s: %v", name, err)
	}
	for _, stick := range d.tray.Sticks() {
		if stick.Plugged {
			_ = d.tray.Unplug(stick.Label)
		}
	}
	d.days(1)
}
