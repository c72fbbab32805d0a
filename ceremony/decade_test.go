package ceremony_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// decadeSeeds, set to numbers like "7 8 9", has the ten years be played with
// these, for a longer hunt.
const decadeSeeds = "SIGNER_DECADE_SEEDS"

// TestTenYears plays ten years of a company with random choices. After each step
// every client updates, one that remembers all it ever saw, and one that was
// packaged with root 1 and sees the repository for the first time.
//
// The years lie ahead of this computer's clock. Ceremonies and clients are told
// the time; the tuf command knows no other than the real one, so it is told to
// sign for as many days more. It never sees expired metadata: clients do. Of the
// signatures of the weekly bot only the last before each step is made.
func TestTenYears(t *testing.T) {
	long(t)
	seeds := []string{"1"}
	if asked := strings.Fields(os.Getenv(decadeSeeds)); len(asked) > 0 {
		seeds = asked
	}
	for _, seed := range seeds {
		t.Run("seed "+seed, func(t *testing.T) {
			t.Parallel()
			n, err := strconv.ParseUint(seed, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			newDecade(t, n).live(t)
		})
	}
}

// live plays year after year, and says in the end what was played.
func (d *decade) live(t *testing.T) {
	defer func() { t.Logf("what happened:\n%s", strings.Join(d.story, "\n")) }()
	for d.now.Before(d.began.AddDate(10, 0, 0)) && !t.Failed() {
		d.pass(t, 60+d.IntN(330))
		d.step(t)
		d.stamp(t)
		d.follow(t)
	}
	if root := d.root(t); root.Version < 8 {
		t.Errorf("after ten years the root has version %d: too little has happened", root.Version)
	}
	rederiveAll(t, d.files(t, "repository"))
	if r := checkDir(t, d.path("repository"), d.now); slices.Contains([]ceremony.Gravity{ceremony.Broken, ceremony.Refused}, r.Verdict) {
		t.Errorf("the repository drive:\n%s", r.Text())
	}
}

// step is a ceremony, and the upload that its last page asks for.
func (d *decade) step(t *testing.T) {
	t.Helper()
	if d.root(t).Expires.Before(d.now) {
		d.expired(t)
		d.renew(t)
		return
	}
	if len(d.deck) == 0 { // each ten years have all of them
		d.deck = []func(*testing.T){d.renew, d.rotate, d.rotate, d.addReleaser, d.bringRequest, d.replace, d.leave, d.expose, d.recover}
		d.Shuffle(len(d.deck), func(i, k int) { d.deck[i], d.deck[k] = d.deck[k], d.deck[i] })
	}
	next := d.deck[0]
	d.deck = d.deck[1:]
	next(t)
}

// renew may be done in several places, when several must sign.
func (d *decade) renew(t *testing.T) {
	op := d.operator()
	op.first["plan"], op.first["plan.expires.root"] = []string{"expires.root"}, d.aWhile()
	if d.IntN(2) == 0 {
		op.alone()
	}
	d.play(t, "renew", op)
	d.finishInPart(t)
	d.upload(t)
}

// aWhile is how long a root is good for: sometimes not long enough.
func (d *decade) aWhile() []string { return []string{fmt.Sprintf("+%d", 250+d.IntN(900))} }

// finishInPart has one holder after the other continue, until the root is whole.
func (d *decade) finishInPart(t *testing.T) {
	for visits := 0; len(d.matches(t, "transfer/staged/root.json")) > 0 && visits < 5 && !t.Failed(); visits++ {
		d.days(3)
		op := d.operator()
		op.alone()
		d.play(t, "continue", op)
	}
}

// rotate changes keys, their number, their threshold and who keeps which drives.
func (d *decade) rotate(t *testing.T) {
	op := d.operator()
	keys := len(d.root(t).Roles[tuf.RoleRoot].KeyIDs)
	left := keys
	for i := range keys {
		fate := []string{"replaced", "replaced", "replaced", "stays", "leaves"}[d.IntN(5)]
		if i == 0 {
			fate = "replaced" // or else nothing may change
		}
		if fate == "leaves" {
			left--
		}
		line := fmt.Sprintf("key-%d", i+1)
		op.first["plan"] = append(op.first["plan"], line)
		op.first["plan."+line] = []string{fate}
	}
	for ; left < 5 && d.IntN(3) == 0; left++ {
		op.first["plan"] = append(op.first["plan"], "add")
		op.names["plan.add"] = append(op.names["plan.add"], d.somebody())
	}
	op.first["plan"] = append(op.first["plan"], "threshold", "custody", "expires.root")
	op.first["plan.expires.root"] = d.aWhile()
	op.first["plan.threshold"] = []string{strconv.Itoa(1 + d.IntN(min(left, 3)))}
	op.first["plan.custody"] = []string{[]string{"all", "all", "own"}[d.IntN(3)]}
	d.play(t, "rotate", op)
	d.finishInPart(t)
	d.upload(t)
}

// addReleaser has keys made here, on a signing drive.
func (d *decade) addReleaser(t *testing.T) {
	op, name := d.operator(), d.somebody()
	op.choices["keys"], op.names["keys.holder"] = "here", []string{name}
	d.play(t, "releaser", op)
	d.upload(t)
	d.hires(t, name, "signing-"+strings.ToLower(name))
}

// bringRequest has a releaser bring a request; the private keys stay elsewhere.
func (d *decade) bringRequest(t *testing.T) {
	name := d.somebody()
	d.desks = append(d.desks, d.request(t, name))
	d.play(t, "releaser", d.operator())
	d.upload(t)
}

// replace takes a releaser's keys out, and has new ones made in their place.
func (d *decade) replace(t *testing.T) {
	leaves, heir := d.desks[d.IntN(len(d.desks))], d.somebody()
	op := d.remover(t)
	op.labels["whose"] = leaves.holder
	op.choices["takeover"], op.names["heir"] = "new", []string{heir}
	d.play(t, "remove", op)
	d.upload(t)
	d.fires(leaves)
	d.hires(t, heir, "signing-"+strings.ToLower(heir))
}

// leave takes a releaser's keys out. Those who stay sign again what these had
// signed: here, or on their own computers before a second visit.
func (d *decade) leave(t *testing.T) {
	stays := slices.IndexFunc(d.desks, func(o *desk) bool { return o.drive != "" })
	if len(d.desks) < 2 || stays < 0 {
		d.addReleaser(t)
		return
	}
	stay, leaves, away := d.desks[stays], d.desks[(stays+1)%len(d.desks)], d.IntN(2) == 0
	before := d.root(t).Version
	for visits := 0; d.root(t).Version == before && visits < 2; visits++ {
		op := d.remover(t)
		op.labels["whose"], op.choices["takeover"] = leaves.holder, "others"
		if op.away = away; away {
			op.choices["signers"] = "away"
		}
		d.play(t, "remove", op)
		d.upload(t)
		if d.root(t).Version == before {
			d.releaseBy(t, stay)
		}
	}
	if d.root(t).Version == before {
		t.Fatalf("after two visits %s still has keys", leaves.holder)
	}
	d.fires(leaves)
	d.stampBy(t, stay) // it goes out with the root
}

// expose replaces all online keys: somebody else may have some.
func (d *decade) expose(t *testing.T) {
	op, heir := d.remover(t), d.somebody()
	op.choices["happened"], op.names["heir"] = "exposed", []string{heir}
	d.play(t, "remove", op)
	d.upload(t)
	d.desks = nil
	d.hires(t, heir, "signing-"+strings.ToLower(heir))
}

// remover is told which version the web server has, and finds what it has on the
// signing drives and on a transfer drive.
func (d *decade) remover(t *testing.T) *operator {
	d.bring(t, "repository/", d.metadata(t))
	for _, o := range d.desks {
		if o.drive != "" {
			for name, b := range d.metadata(t) {
				write(t, d.path(o.drive, "repository", name), b)
			}
		}
	}
	op := d.operator()
	op.choices["online-files.outside"] = fmt.Sprint(versionIn(t, filepath.Join(d.web, "timestamp.json")))
	return op
}

// recover has a renewal whose repository drive is lost before the upload: an older
// copy of it is all there is, and a root backup gives the root again.
func (d *decade) recover(t *testing.T) {
	older := d.everything(t)
	d.play(t, "renew", d.operator())
	for name := range d.everything(t) {
		if strings.HasPrefix(name, d.path("repository")+string(filepath.Separator)) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, b := range older {
		if strings.HasPrefix(name, d.path("repository")+string(filepath.Separator)) {
			write(t, name, []byte(b))
		}
	}
	d.days(1)
	d.play(t, "recover", d.operator())
	d.upload(t)
}

// expired has every client refuse the root that nobody renewed in time.
func (d *decade) expired(t *testing.T) {
	d.tell("the root has expired")
	for _, client := range d.clients {
		if seen, err := client.Update(t, d.device(t.TempDir())); err == nil {
			t.Errorf("%s takes root %d after it expired", client.Name, seen.Versions["root"])
		}
	}
}

// follow has every client find what is released, under the root that is published.
func (d *decade) follow(t *testing.T) {
	t.Helper()
	want := d.root(t).Version
	for _, client := range d.clients {
		for what, memory := range map[string]string{"that had updated": d.devices, "from root 1": t.TempDir()} {
			at := d.device(memory)
			content, err := client.Download(t, at, added)
			if err != nil || string(content) != d.released {
				t.Errorf("%s: %s %s finds %q, %v; want %q", d.now.Format(time.DateOnly), client.Name, what, content, err, d.released)
				continue
			}
			if got := versionIn(t, filepath.Join(memory, client.Name, "root.json")); got != want {
				t.Errorf("%s: %s %s trusts root %d; %d is published", d.now.Format(time.DateOnly), client.Name, what, got, want)
			}
		}
	}
}
