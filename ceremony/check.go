package ceremony

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// Check reads a drive, a folder with keys/, repository/ and staged/, or what is
// inside repository/, and changes nothing. Rules:
//
//   - nothing is trusted: sizes are bounded before reading, links and special
//     files are named and not opened, and all that is shown goes through Foreign;
//   - no passphrase is asked for. The empty one is tried, as go-tuf v0.5.2 does;
//   - one fault does not hide the next: whatever can still be said is said.
//
// A tree that says KeepsModes has its modes of files judged. FAT keeps none.
func Check(tree tuf.Tree, now time.Time) Report {
	c := &checker{tree: tree, now: now.UTC(), r: newReport(now), names: map[string]tuf.Entry{}, unread: map[string]bool{},
		holders: map[tuf.KeyID]string{}, holding: map[string]string{}, ledger: map[int64][]byte{}, delegated: map[string]bool{}}
	if c.list() {
		c.checkNames()
		c.checkManifest()
		c.readLedger()
		c.checkKeyFiles()
		if c.readLayout() {
			c.checkRepository()
			c.checkLedger()
			c.checkStrays()
			c.checkTools()
		}
	}
	c.r.judge()
	return *c.r
}

// checker is one check under way.
type checker struct {
	tree tuf.Tree
	now  time.Time
	r    *Report

	entries  []tuf.Entry
	names    map[string]tuf.Entry
	unread   map[string]bool // files of which it was said why they cannot be read
	manifest *Manifest
	holders  map[tuf.KeyID]string
	holding  map[string]string // holders by the names of key files
	ledger   map[int64][]byte  // roots
	records  []tuf.Entry       // of the ledger, whose lines follow each other
	layout   *tuf.Layout
	chain    *tuf.Chain

	targets   *tuf.Targets
	delegated map[string]bool // metadata files that snapshot.json lists
}

// list sees what there is, and of which kind the tree is.
func (c *checker) list() bool {
	if m, ok := c.tree.(interface{ KeepsModes() bool }); ok {
		c.r.Files.ModesJudged = m.KeepsModes()
	}
	var err error
	if c.entries, err = c.tree.List(); err == nil {
		if c.r.Kind = kindOf(c.entries); c.r.Kind == KindRepository {
			c.tree = inside{c.tree}
			c.entries, err = c.tree.List()
		}
	}
	if err != nil {
		c.find(gravityOf(err), "", "%s", asSentence(err.Error()))
		return false
	}
	for _, e := range c.entries {
		c.names[e.Name] = e
		if e.Mode.IsRegular() {
			c.r.Files.Present++
		}
	}
	switch c.r.Kind {
	case KindTray:
		c.find(Broken, "", "It holds drives, each in a folder of its own: check those.")
		return false
	case KindUnknown:
		c.find(Broken, "", "There is no signer-drive.json, no keys folder, no repository folder and no root: this is not a drive of this program, and no TUF repository.")
	}
	return true
}

// readLayout reads the repository.
func (c *checker) readLayout() bool {
	var err error
	if c.layout, err = tuf.ReadLayout(c.tree); err != nil {
		c.find(gravityOf(err), "", "%s", asSentence(err.Error()))
		return false
	}
	for _, r := range c.layout.Refused {
		switch {
		case c.unread[r.Name]:
		case errors.Is(r.Err, tuf.ErrGap):
			c.find(Broken, r.Name, "A root between this one and root %d is missing: no client comes here.", int(c.layout.Base)-1+len(c.layout.Roots))
		default:
			c.find(Refused, r.Name, "%s", asSentence(r.Err.Error()))
		}
	}
	return true
}

// gravityOf an error of reading: what is too large, or no file, was made so.
func gravityOf(err error) Gravity {
	if errors.Is(err, tuf.ErrTooLarge) || errors.Is(err, tuf.ErrNotFile) {
		return Refused
	}
	return Broken
}

var rootName = regexp.MustCompile(`^([1-9][0-9]{0,8}\.)?root\.json$`)

func kindOf(entries []tuf.Entry) TreeKind {
	kind := KindUnknown
	for _, e := range entries {
		top, rest, _ := strings.Cut(e.Name, "/")
		switch {
		case e.Name == ManifestName || e.Name == nextManifest:
			return KindDrive
		case rest == ManifestName:
			kind = KindTray
		case kind == KindTray:
		case top == "keys" || top == "repository" || top == "staged" || top == "ledger":
			kind = KindTree
		case kind == KindUnknown && rootName.MatchString(e.Name):
			kind = KindRepository
		}
	}
	return kind
}

// inside is a repository folder by itself, seen as if it lay where it belongs.
type inside struct{ tree tuf.Tree }

const insideOf = "repository/"

func (t inside) List() ([]tuf.Entry, error) {
	entries, err := t.tree.List()
	list := []tuf.Entry{{Name: "repository", Mode: fs.ModeDir | 0o755}}
	for _, e := range entries {
		e.Name = insideOf + e.Name
		list = append(list, e)
	}
	return list, err
}

func (t inside) ReadFile(name string, limit int64) ([]byte, error) {
	return t.tree.ReadFile(strings.TrimPrefix(name, insideOf), limit)
}

// find notes a finding.
func (c *checker) find(g Gravity, file, format string, args ...any) {
	c.r.Findings = append(c.r.Findings, Finding{Gravity: g, File: c.shown(file), Text: fmt.Sprintf(format, args...)})
}

func (c *checker) shown(name string) string {
	if c.r.Kind == KindRepository {
		return strings.TrimPrefix(name, insideOf)
	}
	return name
}

// read reads a file that may not be there; what is wrong with it is found, once.
func (c *checker) read(name string, limit int64) []byte {
	e, ok := c.names[name]
	if !ok || !e.Mode.IsRegular() {
		return nil // checkNames names what stands in its place
	}
	b, err := c.tree.ReadFile(name, limit)
	switch {
	case err == nil:
		return b
	case c.unread[name]:
	case errors.Is(err, tuf.ErrTooLarge):
		c.find(Refused, name, "It has %d bytes, and may have %d: it was not read.", e.Size, limit)
	default:
		c.find(gravityOf(err), name, "%s", asSentence(err.Error()))
	}
	c.unread[name] = true
	return nil
}
