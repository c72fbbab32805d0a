package release

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"signer/ceremony/tuf"
)

// place is where a file belongs, in the order in which a commit puts files there.
// Whoever reads the folder in the middle, a web server or a copy, finds the old
// or the new, and nothing that is not there yet:
//
//   - payloads come first: nothing lists them yet;
//   - then key files, before the root that lists their keys. A root that is there
//     without its keys could not be followed by anything signed; keys that are
//     there without their root wait for it, and no client saw anything. The old
//     key file, which this replaces, is of no use to the new root either way;
//   - then N.root.json, root.json, and each online file before the one that lists
//     it, as TUF 1.0.34 §6 wants;
//   - removed key files go last: until then both old and new are there.
type place int

const (
	placePayload place = iota + 1
	placeKeys
	placeVersionedRoot
	placeRoot
	placeVersionedTargets
	placeTargets
	placeVersionedSnapshot
	placeSnapshot
	placeTimestamp
	placeRemoved
)

const (
	keyPerm        fs.FileMode = 0o600
	repositoryPerm fs.FileMode = 0o644
	maxNameSize                = 4096
)

// perm is what v0 gives the file: only the releaser reads keys.
func (p place) perm() fs.FileMode {
	if p == placeKeys {
		return keyPerm
	}
	return repositoryPerm
}

// remembers says of which files it is known what lay there before. Targets and
// what lists them may be large; whoever changes them changes timestamp.json, too.
func (p place) remembers() bool {
	return p != placePayload && p != placeTargets && p != placeVersionedTargets
}

// limit is what is read of such a file at most; no more is written.
func (p place) limit() int64 {
	switch p {
	case placeKeys:
		return tuf.MaxKeyFileSize
	case placeVersionedRoot, placeRoot:
		return tuf.MaxRootSize
	case placeVersionedSnapshot, placeSnapshot:
		return tuf.MaxSnapshotSize
	case placeTimestamp:
		return tuf.MaxTimestampSize
	}
	return tuf.MaxTargetsSize
}

// placeOf says what a file is by its name in the folder, and refuses all names
// that nothing here writes.
func placeOf(name string) (place, error) {
	if !fs.ValidPath(name) || strings.Contains(name, `\`) || !filepath.IsLocal(filepath.FromSlash(name)) || len(name) > maxNameSize {
		return 0, fmt.Errorf("%q is no name within the repository", name)
	}
	folder, base := path.Split(name)
	switch {
	case folder == keysFolder+"/" && isKeyFile(base):
		return placeKeys, nil
	case strings.HasPrefix(name, repositoryFolder+"/"+payloadsFolder+"/"):
		return placePayload, payloadName(name)
	case folder == repositoryFolder+"/":
		if p, ok := metadataPlace(base); ok {
			return p, nil
		}
	}
	return 0, fmt.Errorf("%q is none of the files of a repository", name)
}

// payloadName refuses what systems leave by themselves, and our own scratch.
func payloadName(name string) error {
	if tuf.Harmless(name) || strings.Contains(name, "/"+tuf.TemporaryPrefix) {
		return fmt.Errorf("%q: such names are left out of a repository", name)
	}
	return nil
}

// isKeyFile takes names that are one name on all systems.
func isKeyFile(base string) bool {
	name, ok := strings.CutSuffix(base, ".json")
	return ok && name != "" && len(name) <= 100 && name[0] != '.' && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

// metadataPlace knows the files that clients read: <role>.json, and <N>.<role>.json
// of all but timestamp.
func metadataPlace(base string) (place, bool) {
	name, ok := strings.CutSuffix(base, ".json")
	version, role, versioned := strings.Cut(name, ".")
	if !versioned {
		role = name
	}
	p := map[string]place{"root": placeRoot, "targets": placeTargets, "snapshot": placeSnapshot, "timestamp": placeTimestamp}[role]
	switch {
	case !ok || p == 0, versioned && (p == placeTimestamp || !isNumber(version, 18)):
		return 0, false
	case versioned:
		p-- // a version comes right before the file that clients ask for first
	}
	return p, true
}

// isNumber is a whole number above 0, written in the one way.
func isNumber(s string, digits int) bool {
	return s != "" && len(s) <= digits && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}

// isScratchName is a number as scratch gives them.
func isScratchName(name string) bool { return isNumber(name, 9) }

// errInWay is something else than a file where a file belongs.
var errInWay = errors.New("something else than a file is in its place")
