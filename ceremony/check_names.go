package ceremony

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"signer/ceremony/tuf"
)

// checkNames looks at names and kinds of entries: whatever is not a folder or a
// regular file with a plain name is no friend.
func (c *checker) checkNames() {
	folded := map[string]string{}
	for _, e := range c.entries {
		c.checkName(e)
		if other, ok := folded[strings.ToLower(e.Name)]; ok {
			c.find(Broken, e.Name, "It is %s but for capital letters: on a FAT drive one replaces the other.", Foreign(other))
		}
		folded[strings.ToLower(e.Name)] = e.Name
	}
}

func (c *checker) checkName(e tuf.Entry) {
	if Foreign(e.Name) != e.Name {
		c.find(Refused, e.Name, "The name holds characters that hide or command.")
	}
	switch base := path.Base(e.Name); {
	case e.Mode.IsDir() && strings.HasSuffix(base, ".json"):
		c.unread[e.Name] = true
		c.find(Refused, e.Name, "It is a folder where a file belongs.")
	case e.Mode.IsDir():
	case !e.Mode.IsRegular():
		c.unread[e.Name] = true
		c.find(Refused, e.Name, "It is %s: not opened, not followed.", special(e.Mode))
	case unfinished(base):
		c.find(Broken, e.Name, "An interrupted write left it. It was never in place, and may go.")
	}
}

// special names what is neither folder nor regular file.
func special(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "a link"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "no regular file"
}

// checkStrays names what belongs to nothing. On a drive of ours the manifest
// says what belongs, and checkPresent has told.
func (c *checker) checkStrays() {
	c.checkModes()
	c.checkTargets()
	if c.manifest != nil || c.r.Kind == KindUnknown {
		return
	}
	for _, name := range append(c.layout.Strays, c.layout.Outside...) {
		switch top, _, _ := strings.Cut(name, "/"); {
		case !c.names[name].Mode.IsRegular() || unfinished(name) || c.delegated[name]:
		case top == "ledger" || name == ManifestName || name == nextManifest:
		case name == tuf.WorkJournal:
			c.find(Broken, name, "A signer updates command was cut off, and not all of its files are in place. The next one in this folder finishes it.")
		case top == tuf.WorkFolder:
		default:
			c.find(Notice, name, "It is not part of a TUF repository.")
		}
	}
}

// unfinished is what an interrupted write left, of which checkName tells.
func unfinished(name string) bool { return strings.HasPrefix(path.Base(name), TemporaryPrefix) }

// checkModes tells of private keys that others can read.
func (c *checker) checkModes() {
	for _, e := range c.layout.Modes {
		if c.r.Files.ModesJudged && strings.HasPrefix(e.Name, "keys/") && e.Mode.Perm()&0o077 != 0 {
			c.find(Notice, e.Name, "Its mode is %04o: others on this computer can read it. 0600 is right.", e.Mode.Perm())
		}
	}
}

// checkTargets compares the sizes of target files, where there are any, with
// what targets.json lists. With consistent snapshots a digest stands before the
// name (TUF 1.0.34 §6.2).
func (c *checker) checkTargets() {
	if c.targets == nil {
		return
	}
	c.r.Files.TargetsListed = len(c.targets.Files)
	for name, file := range c.targets.Files {
		for _, path := range targetNames(name, file) {
			e, ok := c.names[insideOf+"targets/"+path]
			if !ok || !e.Mode.IsRegular() {
				continue
			}
			c.r.Files.TargetsPresent++
			if e.Size != file.Length {
				c.find(Broken, e.Name, "It has %d bytes, and targets.json lists %d.", e.Size, file.Length)
			}
			break
		}
	}
}

func targetNames(name string, file tuf.Target) []string {
	names := []string{name}
	dir, base := path.Split(name)
	for _, sum := range file.Hashes {
		names = append(names, fmt.Sprintf("%s%x.%s", dir, sum, base))
	}
	return names
}
