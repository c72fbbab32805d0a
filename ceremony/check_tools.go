package ceremony

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// checkTools says what fleetctl, and tuf v0.5.2 on which it stands, could do in
// this folder. compat.md has the measurements.
func (c *checker) checkTools() {
	if c.chain == nil || c.r.Chain.Folder != repositoryFolder {
		return
	}
	t := &ToolsSeen{Add: true, Timestamp: true, Rotate: true, WhyNot: []string{}}
	c.r.Fleetctl = t
	all := t.stop(&t.Add, &t.Timestamp, &t.Rotate)
	c.checkToolsRoot(t)
	if c.r.Kind == KindRepository {
		all("There is only what is inside repository: keys and staged belong beside it.")
	} else {
		c.checkToolsKeys(t)
	}
	if c.layout.Targets == nil || c.layout.Snapshot == nil || c.layout.Timestamp == nil {
		all("targets.json, snapshot.json and timestamp.json are not all here.")
	}
	if c.found(Broken, repositoryFolder) || c.found(Refused, repositoryFolder) {
		all("The repository is not whole, as the findings say.")
	}
	c.checkToolsFiles(t)
}

// stop returns a function that says why commands do not work.
func (t *ToolsSeen) stop(commands ...*bool) func(why ...string) {
	return func(why ...string) {
		for _, command := range commands {
			*command = *command && len(why) == 0
		}
		t.WhyNot = append(t.WhyNot, why...)
	}
}

// checkToolsRoot asks for objections to the root, once as it is and once with
// one signature for each role: the difference is what thresholds stop.
func (c *checker) checkToolsRoot(t *ToolsSeen) {
	root := *c.chain.Latest()
	rootAlone := root
	rootAlone.Roles = map[tuf.Role]tuf.RoleKeys{}
	single := root
	single.Roles = map[tuf.Role]tuf.RoleKeys{}
	for role, keys := range root.Roles {
		if single.Roles[role] = (tuf.RoleKeys{KeyIDs: keys.KeyIDs, Threshold: 1}); role != tuf.RoleRoot {
			keys.Threshold = 1
		}
		rootAlone.Roles[role] = keys
	}
	always, forRoot := tuf.Objections052(&single), tuf.Objections052(&rootAlone)
	for _, why := range tuf.Objections052(&root) {
		switch {
		case slices.Contains(always, why):
			t.stop(&t.Add, &t.Timestamp, &t.Rotate)(why)
		case slices.Contains(forRoot, why):
			t.stop(&t.Rotate)(why)
		default: // an online role wants more than one
			t.stop(&t.Add, &t.Rotate)(why)
		}
	}
	t.Timestamp = t.Timestamp && root.Roles[tuf.RoleTimestamp].Threshold == 1
}

// checkToolsKeys looks for the key files that the commands need.
func (c *checker) checkToolsKeys(t *ToolsSeen) {
	has := map[string]bool{}
	for _, k := range c.r.KeyFiles {
		if has[k.Name] = !k.Locked || k.Cost == tuf.ProductCost; !has[k.Name] {
			t.stop(&t.Rotate)(Foreign(k.Name) + " cannot be opened by go-tuf v0.5.2, which knows no other scrypt N than 32768.")
		}
	}
	var missing []string
	need := func(name string, commands ...*bool) {
		if has[name] {
			return
		}
		missing = append(missing, strings.TrimPrefix(name, "keys/"))
		for _, command := range commands {
			*command = false
		}
	}
	need("keys/root.json", &t.Rotate)
	need("keys/targets.json", &t.Add, &t.Rotate)
	need("keys/snapshot.json", &t.Add, &t.Rotate)
	need("keys/timestamp.json", &t.Add, &t.Timestamp, &t.Rotate)
	if len(missing) > 0 {
		t.WhyNot = append(t.WhyNot, "Not in keys, or not to be opened: "+strings.Join(missing, ", ")+".")
	}
}

// checkToolsFiles looks for files that the tools take for something else.
func (c *checker) checkToolsFiles(t *ToolsSeen) {
	all := t.stop(&t.Add, &t.Timestamp, &t.Rotate)
	for _, e := range c.entries {
		if strings.HasPrefix(e.Name, "staged/") && !e.Mode.IsDir() {
			all(c.stagedObjection(e.Name))
		}
	}
	for _, name := range append(c.layout.Strays, c.layout.Harmless...) {
		if path.Dir(name) == repositoryFolder && path.Ext(name) == ".json" && !c.delegated[name] {
			all(Foreign(name) + " is taken for a delegated role's metadata.")
		}
	}
	for _, e := range c.layout.Modes {
		if c.r.Files.ModesJudged && e.Mode.Perm()&0o111 != 0 {
			t.stop(&t.Rotate)(Foreign(e.Name) + " is executable, as a copy from FAT is: rotate breaks on it.")
		}
	}
}

// stagedObjection says what a file in staged does to the next publishing.
func (c *checker) stagedObjection(name string) string {
	if name == "staged/root.json" {
		if slices.ContainsFunc(c.layout.Staged, func(f tuf.File) bool { return f.Name == name && bytes.Equal(f.Data, c.chain.Latest().Raw) }) {
			return "staged/root.json is the root that is in force: tuf commit would overwrite its numbered copy."
		}
		return "staged/root.json is a root that is not in force: the next command publishes it."
	}
	return Foreign(name) + " lies in staged: the next command publishes it."
}
