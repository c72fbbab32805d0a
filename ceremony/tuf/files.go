package tuf

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// File is a file to be written, or one that was read. Its name is below the root
// of a drive or folder: "repository/root.json".
type File struct {
	Name string
	Data []byte
	Perm fs.FileMode
}

// Where things are, as go-tuf v0 has it.
const (
	keysDir       = "keys"
	repositoryDir = "repository"
	stagedDir     = "staged"
	payloadsDir   = "targets" // below repository and staged

	keyPerm      fs.FileMode = 0o600
	metadataPerm fs.FileMode = 0o644
)

// What the daily commands keep in a releaser's folder, beside what go-tuf v0 has:
// a lock, files that are not committed yet, and while a commit is under way the
// list of what is to be moved where.
const (
	WorkFolder  = ".signer"
	WorkLock    = WorkFolder + "/lock"
	WorkJournal = WorkFolder + "/journal"
)

// Files are the files of the repository in the order in which they are safe to
// write: whoever reads in the middle finds the old or the new, and nothing that
// is not there yet. Every root is there as N.root.json, for ever, and the latest
// once more as root.json (TUF 1.0.34 §5.3 and §6.2; v0 does the same).
func (p Published) Files() ([]File, error) {
	if len(p.Roots) == 0 {
		return nil, fmt.Errorf("list files: there is no root")
	}
	latest := p.Roots[len(p.Roots)-1]
	root, err := ParseRoot(latest, History)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var files []File
	add := func(name string, data []byte) {
		files = append(files, File{path.Join(repositoryDir, name), data, metadataPerm})
	}
	for i, b := range p.Roots {
		add(versioned(p.base()+int64(i), RoleRoot), b)
	}
	add("root.json", latest)
	for _, role := range OnlineRoles() {
		b := p.online(role)
		if b == nil {
			continue // a ceremony that changes the root alone leaves the online files alone
		}
		if root.Consistent && role != RoleTimestamp {
			version, err := onlineVersion(role, b)
			if err != nil {
				return nil, fmt.Errorf("list files: %w", err)
			}
			add(versioned(version, role), b)
		}
		add(string(role)+".json", b)
	}
	return files, nil
}

func (p Published) online(role Role) []byte {
	return map[Role][]byte{RoleTargets: p.Targets, RoleSnapshot: p.Snapshot, RoleTimestamp: p.Timestamp}[role]
}

// onlineVersion is the version of a targets.json or a snapshot.json.
func onlineVersion(role Role, b []byte) (int64, error) {
	if role == RoleTargets {
		if l, ok := walkTargets(b); ok {
			return l.Version, nil
		}
		t, err := adopted(b, ParseTargets)
		if err != nil {
			return 0, err
		}
		return t.Version, nil
	}
	s, err := adopted(b, ParseSnapshot)
	if err != nil {
		return 0, err
	}
	return s.Version, nil
}

// versioned is the name of one version of a file.
func versioned(version int64, role Role) string {
	return strconv.FormatInt(version, 10) + "." + string(role) + ".json"
}

// versionOf reads a name of that form.
func versionOf(name string, role Role) (version int64, ok bool) {
	digits, ok := strings.CutSuffix(name, "."+string(role)+".json")
	if !ok {
		return 0, false
	}
	version, err := strconv.ParseInt(digits, 10, 64)
	return version, err == nil && version > 0 && versioned(version, role) == name
}

// Harmless reports whether a name, or a folder that it is in, is what systems
// leave on drives by themselves. Such files are never read and never copied. Not
// all tools pass over them: fleetctl takes repository/._root.json for a role.
func Harmless(name string) bool {
	for part := range strings.SplitSeq(strings.ToLower(name), "/") {
		switch part {
		case "system volume information", "$recycle.bin", "recycler", "thumbs.db", "desktop.ini", // Windows
			".ds_store", ".trashes", ".spotlight-v100", ".fseventsd", ".temporaryitems", ".apdisk", // macOS
			".documentrevisions-v100", ".volumeicon.icns", ".metadata_never_index",
			"lost+found": // ext4
			return true
		}
		if strings.HasPrefix(part, "._") || strings.HasPrefix(part, ".trash-") {
			return true
		}
	}
	return false
}
