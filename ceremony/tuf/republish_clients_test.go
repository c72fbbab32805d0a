package tuf

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"signer/ceremony/tuf/oracle"
)

// field are clients of every kind, which remember what they have seen.
type field struct {
	dir    v0Folder // its repository/ is what they are served
	device oracle.Device
	now    time.Time
}

func newField(t *testing.T, p Published) *field {
	f := &field{dir: v0Folder(t.TempDir()), now: ceremonyDay}
	f.publish(t, p)
	f.dir.write(t, "packaged.json", p.Roots[0])
	f.device = oracle.Device{Root: filepath.Join(string(f.dir), "packaged.json"), Memory: t.TempDir(), Now: f.now,
		URL: oracle.Serve(t, filepath.Join(string(f.dir), "repository"))}
	return f
}

func (f *field) publish(t *testing.T, p Published) {
	t.Helper()
	for i, b := range p.Roots {
		f.dir.write(t, fmt.Sprintf("repository/%d.root.json", i+1), b)
		f.dir.write(t, "repository/root.json", b)
	}
	for _, role := range OnlineRoles() {
		f.dir.write(t, "repository/"+string(role)+".json", p.online(role))
	}
}

// sees wants every client to update to these versions, targets included: v0.5.2
// says that it updated, and then finds nothing, when they are not signed again.
func (f *field) sees(t *testing.T, what string, root, online int64) {
	t.Helper()
	for _, client := range oracle.Clients() {
		seen, err := client.Update(t, f.device)
		if err != nil || seen.Versions["root"] != root || seen.Versions["timestamp"] != online || seen.Versions["targets"] != online || len(seen.Files) != 2 {
			t.Errorf("%s, %s: %+v, %v", what, client.Name, seen, err)
		}
	}
}

// All online keys are replaced: clients that had updated follow, and those that
// begin with root 1.
func TestClientsFollowAReplacement(t *testing.T) {
	c, fresh := newCrew(t, 3), newKeys(t, &steady{next: 99}, 3)
	before := stocked(t, c, published(t, c, 2, false), 7, nil)
	f := newField(t, before)
	f.sees(t, "before", 1, 7)
	f.publish(t, later(t, c, before, replacement(c, fresh), fresh...))
	f.sees(t, "after", 2, 8)
	f.device.Memory = t.TempDir()
	f.sees(t, "from root 1", 2, 8)
}

// Two visits: the releaser who stays has signed all, and the root that takes the
// other's keys away brings a higher timestamp.
func TestClientsFollowARemoval(t *testing.T) {
	c, fresh := newCrew(t, 1), newKeys(t, &steady{next: 99}, 3)
	first := stocked(t, c, published(t, c, 1, false), 7, nil)
	f := newField(t, first)
	f.sees(t, "before", 1, 7)
	change := replacement(c, fresh)
	second := later(t, c, first, Change{Grants: change.Grants})
	f.publish(t, second)
	f.sees(t, "both", 2, 7)
	signed := stocked(t, crew{c.root, fresh}, second, 8, nil)
	f.publish(t, signed)
	f.sees(t, "signed by who stays", 2, 8)

	removal := Change{Revokes: change.Revokes, Online: again(RoleTimestamp)}
	f.publish(t, later(t, c, signed, removal, fresh[2]))
	for _, client := range oracle.Clients() {
		seen, err := client.Update(t, f.device)
		if err != nil || seen.Versions["root"] != 3 || seen.Versions["timestamp"] != 9 || seen.Versions["targets"] != 8 || len(seen.Files) != 2 {
			t.Errorf("%s: %+v, %v", client.Name, seen, err)
		}
	}
}

// An attacker with the online keys publishes versions that nobody reaches; with
// new keys for all three roles clients go on from our own files.
func TestClientsRecoverFromInflatedVersions(t *testing.T) {
	c, fresh := newCrew(t, 3), newKeys(t, &steady{next: 99}, 3)
	ours := stocked(t, c, published(t, c, 2, false), 7, nil)
	f := newField(t, ours)
	f.sees(t, "before", 1, 7)
	f.publish(t, stocked(t, c, ours, 1_000_000, nil))
	f.sees(t, "attacked", 1, 1_000_000)
	change := replacement(c, fresh)
	change.Fresh = true
	f.publish(t, later(t, c, ours, change, fresh...))
	f.sees(t, "recovered", 2, 8)
}
