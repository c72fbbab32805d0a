package release

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// maxStaged bounds how much of staged/ is looked at: one file is enough to warn.
const maxStaged = 1000

// warn adds a sentence to the result of the command.
func (r *Repository) warn(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); !slices.Contains(r.warnings, s) {
		r.warnings = append(r.warnings, s)
	}
}

// takenOver names files whose last signatures were of keys that root has taken
// away, and whose content is signed again: it may be a thief's.
func (r *Repository) takenOver(rel *tuf.Release, signed map[tuf.Role]time.Time) {
	for _, role := range rel.Stale() {
		if _, again := signed[role]; again {
			r.warn("%s.json was signed only by keys of root %d that root %d does not list, and what is in it was signed again. If one of those keys was stolen, look at what it lists before you publish.",
				role, rel.SignedUnder(role), rel.Root().Version)
		}
	}
}

// allWarnings are what was noticed on the way, what soon expires that was not
// renewed now, and what lies in the folder that v0 tools would trip over.
func (r *Repository) allWarnings(rel *tuf.Release, renewed map[tuf.Role]time.Time) []string {
	out := append([]string{}, r.warnings...)
	if rel != nil {
		out = append(append(out, r.expiring(rel, renewed)...), sooner(rel, renewed)...)
	}
	strays := func() ([]string, error) { return r.strays(rel) }
	for _, look := range []func() ([]string, error){r.drive, strays, r.modes, r.staged} {
		sentences, err := look()
		if err != nil {
			sentences = []string{fmt.Sprintf("Not all of the folder could be looked at: %s.", err)}
		}
		out = append(out, sentences...)
	}
	return out
}

// expiring leaves out the files that were signed just now: rel is what was there
// before.
func (r *Repository) expiring(rel *tuf.Release, renewed map[tuf.Role]time.Time) []string {
	return slices.DeleteFunc(rel.Warnings(), func(sentence string) bool {
		return slices.ContainsFunc(tuf.Roles(), func(role tuf.Role) bool {
			_, signed := renewed[role]
			return signed && strings.HasPrefix(sentence, string(role)+".json ")
		})
	})
}

// longTimestamp is more than anybody needs between two timestamps, and as long can
// a client be held back with old files that nobody signs again.
const longTimestamp = 31 * 24 * time.Hour

// sooner are files that now expire before they did, as after a ceremony that gave
// them longer, and a timestamp that lasts too long.
func sooner(rel *tuf.Release, renewed map[tuf.Role]time.Time) (out []string) {
	const day = "Mon 2 Jan 2006"
	for _, role := range tuf.OnlineRoles() {
		expires, signed := renewed[role]
		if was := rel.Expires(role); signed && expires.Before(was.Truncate(time.Second)) {
			out = append(out, fmt.Sprintf("%s.json expires on %s now, and did on %s.", role, expires.UTC().Format(day), was.UTC().Format(day)))
		}
	}
	return out
}

// driveList is what makes a folder a drive of the ceremonies: it lists every file
// with its digest.
const driveList = "signer-drive.json"

// drive says that a ceremony's drive is no place to work in.
func (r *Repository) drive() ([]string, error) {
	if r.dir == nil || r.options.ReadOnly || r.options.DryRun {
		return nil, nil
	}
	if _, err := r.dir.Stat(driveList); err != nil {
		return nil, nil
	}
	return []string{"This is a drive that a ceremony made. Its list of files no longer fits, and a check will call it broken: work in a copy of keys/ and repository/."}, nil
}

// strays are files that v0 tools take for metadata of a role, as fleetctl does
// with repository/._root.json, and stops.
func (r *Repository) strays(rel *tuf.Release) (out []string, err error) {
	entries, err := r.look(repositoryFolder)
	for _, e := range entries {
		if rel != nil && isBeyond(path.Base(e.Name), rel.Root()) {
			out = append(out, fmt.Sprintf("%q does not follow from root %d, the latest: it was not used. Look where it comes from.", e.Name, rel.Root().Version))
		}
		if _, err := placeOf(e.Name); err == nil || e.Mode.IsDir() || path.Ext(e.Name) != ".json" {
			continue
		}
		out = append(out, fmt.Sprintf("%q does not belong there: tuf and fleetctl take it for a role. It was left alone, and is not published by this program.", e.Name))
	}
	return out, err
}

// isBeyond reports whether a name is that of a root later than the latest that the
// chain leads to: one between is missing, or somebody put it there.
func isBeyond(base string, latest *tuf.Root) bool {
	if at, ok := metadataPlace(base); !ok || at != placeVersionedRoot {
		return false
	}
	number, _, _ := strings.Cut(base, ".")
	version, err := strconv.ParseInt(number, 10, 64)
	return err == nil && version > latest.Version
}

// modes are files that others may read or run. JSON with mode 0755, as copies
// from FAT have it, breaks fleetctl's rotate.
func (r *Repository) modes() (out []string, err error) {
	if !hasModes() {
		return nil, nil
	}
	for _, folder := range []string{keysFolder, repositoryFolder} {
		entries, err := r.look(folder)
		if err != nil {
			return out, err
		}
		for _, e := range entries {
			at, err := placeOf(e.Name)
			if err != nil || !e.Mode.IsRegular() || e.Mode.Perm() == at.perm() {
				continue
			}
			out = append(out, fmt.Sprintf("%s has the mode %04o, and is to have %04o: chmod %o %s", e.Name, e.Mode.Perm(), at.perm(), at.perm(), e.Name))
		}
	}
	return out, nil
}

// staged is what fleetctl left, or a releaser's staged root. It is nothing to
// this program; v0 tools publish it with whatever they commit next.
func (r *Repository) staged() (out []string, err error) {
	entries, err := r.look(stagedFolder)
	for _, e := range entries {
		if !e.Mode.IsDir() {
			out = append(out, e.Name)
		}
	}
	if err == nil {
		var payloads []string
		payloads, err = r.filesBelow(stagedFolder+"/"+payloadsFolder, maxStaged)
		out = append(out, payloads...)
	}
	if len(out) == 0 {
		return nil, err
	}
	more := ""
	if n := len(out) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return []string{fmt.Sprintf("%q%s is staged. It was not used and is not published by this program; tuf and fleetctl would publish it with their next command.", out[0], more)}, err
}

// filesBelow lists files in a folder and below it, and stops where there are many.
func (r *Repository) filesBelow(folder string, room int) (out []string, err error) {
	entries, err := r.look(folder)
	for _, e := range entries {
		if room -= 1; room < 0 || err != nil {
			break
		}
		if !e.Mode.IsDir() {
			out = append(out, e.Name)
			continue
		}
		var below []string
		below, err = r.filesBelow(e.Name, room)
		out, room = append(out, below...), room-len(below)
	}
	return out, err
}

// look lists a folder for what may be wrong in it; nothing when it is not there.
func (r *Repository) look(folder string) ([]tuf.Entry, error) {
	if r.dir == nil {
		return nil, nil
	}
	return r.list(folder)
}
