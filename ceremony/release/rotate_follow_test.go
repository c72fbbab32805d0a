package release

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
)

// fleet is a repository as a company has it, with key files that tools of v0 open,
// and the computers that update from it.
type fleet struct {
	dir     string
	device  oracle.Device
	clients []oracle.Client // go-tuf v0.5.2's first
	tuf     oracle.TufTool
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{dir: filepath.Join(t.TempDir(), "repo"), tuf: oracle.TufTools()[0].Ready(t)}
	for _, client := range oracle.Clients() {
		f.clients = append(f.clients, client.Ready(t))
	}
	r, err := Create(t.Context(), f.dir, f.world("updates init"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Init(t.Context(), &phrases{}); err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(t.TempDir(), "orbit")
	put(t, filepath.Dir(source), "orbit", "a program")
	_, err = r.Add(t.Context(), []Source{{File: source, Name: "orbit", Platform: "linux", Version: "1.0.0"}}, AddOptions{Force: true}, &phrases{})
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(t.TempDir(), "packaged.json")
	copyFile(t, f.at("repository/1.root.json"), root)
	f.device = oracle.Device{URL: oracle.Serve(t, f.at("repository")), Root: root, Memory: t.TempDir()}
	return f
}

func (f *fleet) at(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f *fleet) world(command string) Options {
	o := testOptions(command)
	o.Now, o.Cost = time.Now(), tuf.ProductCost
	return o
}

func (f *fleet) turn(role tuf.Role) *turn {
	x := newTurn(f.dir, role)
	x.Options = f.world("updates rotate")
	return x
}

// follow wants clients to accept what is published, v0.5.2 alone or all.
func (f *fleet) follow(t *testing.T, what string, clients ...oracle.Client) {
	t.Helper()
	rel, _ := stands(t, f.dir)
	for _, client := range clients {
		seen, err := client.Update(t, f.device)
		for _, role := range tuf.Roles() {
			if err != nil || seen.Versions[string(role)] != rel.Version(role) || len(seen.Files) == 0 {
				t.Errorf("%s: %s is at %s %d of %d: %v", what, client.Name, role, seen.Versions[string(role)], rel.Version(role), err)
			}
		}
	}
}

// downloads wants orbit's client to find the target.
func (f *fleet) downloads(t *testing.T) {
	t.Helper()
	if b, err := f.clients[0].Download(t, f.device, "orbit/linux/1.0.0/orbit"); err != nil || string(b) != "a program" {
		t.Errorf("it downloads %q, %v", b, err)
	}
}

// tool runs tuf v0.5.2 as a releaser does who goes on with it.
func (f *fleet) tool(t *testing.T, args ...string) {
	t.Helper()
	var env []string
	for role, name := range map[tuf.Role]string{"targets": "TARGETS", "snapshot": "SNAPSHOT", "timestamp": "TIMESTAMP"} {
		env = append(env, "TUF_"+name+"_PASSPHRASE="+phraseOf(role))
	}
	if out, err := f.tuf.Run(t, f.dir, env, args...); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// forged wants clients to refuse a newer timestamp by keys that were taken away,
// signed as those could have before.
func (f *fleet) forged(t *testing.T, before tuf.Published, keys ...*tuf.PrivateKey) {
	t.Helper()
	now, _ := stands(t, f.dir)
	for {
		rel, err := tuf.OpenRelease(before, testNow)
		if err != nil {
			t.Fatal(err)
		}
		if rel.Version(tuf.RoleTimestamp) > now.Version(tuf.RoleTimestamp) {
			break
		}
		if before, err = rel.SignTimestamp(time.Now().AddDate(1, 0, 0), keys...); err != nil {
			t.Fatal(err)
		}
	}
	attacked := t.TempDir()
	if err := os.CopyFS(attacked, os.DirFS(f.at("repository"))); err != nil {
		t.Fatal(err)
	}
	put(t, attacked, "timestamp.json", string(before.Timestamp))
	put(t, attacked, "snapshot.json", string(before.Snapshot))
	put(t, attacked, "targets.json", string(before.Targets))
	for _, client := range f.clients {
		device := oracle.Device{URL: oracle.Serve(t, attacked), Root: f.device.Root, Memory: t.TempDir()}
		if err := os.CopyFS(device.Memory, os.DirFS(f.device.Memory)); err != nil {
			t.Fatal(err)
		}
		if seen, err := client.Update(t, device); err == nil {
			t.Errorf("%s takes a timestamp by a key that was taken away: %v", client.Name, seen.Versions)
		}
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestClientsFollowRotations of every role, one after the other, and tuf v0.5.2
// goes on in between. The old key signs nothing that they take.
func TestClientsFollowRotations(t *testing.T) {
	f := newFleet(t)
	f.follow(t, "before", f.clients...)
	_, before := stands(t, f.dir)
	old := opensAs(t, f.dir, tuf.RoleTimestamp, tuf.ProductCost)
	for _, role := range []tuf.Role{tuf.RoleTimestamp, tuf.RoleSnapshot, tuf.RoleTargets, tuf.RoleRoot} {
		f.turn(role).goes(t)
		f.follow(t, "after "+string(role), f.clients[0])
	}
	f.tool(t, "snapshot")
	f.tool(t, "timestamp")
	f.tool(t, "commit")
	f.follow(t, "after tuf snapshot", f.clients...)
	f.downloads(t)
	f.forged(t, before, old...)
}

// TestClientsFollowARotationInTwoPhases: while the new key lies beside the old one,
// tuf v0.5.2 and this program sign on, and the roots of both ceremonies are
// accepted.
func TestClientsFollowARotationInTwoPhases(t *testing.T) {
	f, role := newFleet(t), tuf.RoleTargets
	f.follow(t, "before", f.clients...)
	root, old := rootAway(t, f.dir, tuf.ProductCost), opensAs(t, f.dir, role, tuf.ProductCost)[0]
	x := f.turn(role)
	x.how.Request = &paper{}
	x.goes(t)
	made := opensAs(t, f.dir, role, tuf.ProductCost)[1]

	put(t, f.dir, "staged/targets/other/linux/1/other", "another program")
	f.tool(t, "add", `--custom={"version":"1"}`, "other/linux/1/other")
	f.tool(t, "snapshot")
	f.tool(t, "timestamp")
	f.tool(t, "commit")
	f.follow(t, "with both keys in the file", f.clients[0])

	root.holds(t, tuf.Change{Grants: grant(role, made)})
	f.signs(t)
	f.follow(t, "root lists both", f.clients[0])
	f.turn(role).goes(t)
	f.follow(t, "both signed", f.clients[0])
	root.holds(t, tuf.Change{Revokes: revoke(role, old.ID())})
	f.signs(t)
	f.follow(t, "root lists the new key", f.clients...)
	f.tool(t, "timestamp")
	f.tool(t, "commit")
	f.follow(t, "after tuf timestamp", f.clients[0])
	f.downloads(t)
}

// signs is the timestamp of every two weeks.
func (f *fleet) signs(t *testing.T) {
	t.Helper()
	r, err := Open(t.Context(), f.dir, f.world("updates timestamp"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Timestamp(context.Background(), time.Time{}, &phrases{})
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
}
