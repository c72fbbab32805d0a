package ceremony

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// State is what a ceremony knows that going back takes back. It is a plain
// value without secrets; clone is a full copy.
type State struct {
	Now   time.Time       // the moment of the ceremony: all dates are counted from it
	Began time.Time       // names the ceremony on its drives; one that is finished later keeps it
	Done  map[string]bool // parts, by id
	Plan  Plan
	Keys  []HeldKey
	Draft *tuf.Draft // never changed once made
	// Signed is the digest of what signatures on the root cover, or will.
	Signed tuf.Digest
	// Reviewed is what the operator confirmed, and the only thing that is signed.
	Reviewed tuf.Reviewed
	// Root is what was signed by enough.
	Root      *tuf.Root
	Partial   *tuf.Partial // what was signed by too few: others sign it elsewhere
	Staged    []byte       // what others signed, as it came
	Published tuf.Published
	// Carried are the records of earlier ceremonies, from the drives.
	Carried []tuf.File

	// Of a repository that there is already.
	Known    Known                   // what its drives tell
	Change   tuf.Change              // what was decided
	Held     []HeldKey               // keys that are on its drives, as far as they were met
	Care     Care                    // of drives, by ceremonies that sign nothing
	Custody  map[string]Custody      // what becomes of drives, by label
	Labels   []string                // the drives that this ceremony writes
	Here     []string                // serials of the drives that were read today
	Met      map[tuf.Digest][]string // serials of the drives on which a key file was met today
	Asked    Asked                   // keys that somebody asks for
	Rotation Rotation                // what becomes of the root keys
	Removal  Removal                 // of online keys
	Recovery Recovery                // from what went wrong
	InPart   bool                    // the root is signed by those who are here, and others sign later
	Adoption Adoption                // of a repository that others made
	Next     nextImage               // of the appliance
}

func (s State) clone() State {
	s.Done = maps.Clone(s.Done)
	s.Keys, s.Held = slices.Clone(s.Keys), slices.Clone(s.Held)
	s.Custody, s.Labels, s.Here = maps.Clone(s.Custody), slices.Clone(s.Labels), slices.Clone(s.Here)
	s.Care = s.Care.clone()
	s.Met, s.Rotation = maps.Clone(s.Met), s.Rotation.clone()
	s.Adoption = s.Adoption.clone()
	s.Asked = s.Asked.clone()
	s.Recovery = s.Recovery.clone()
	return s
}

// Plan is what was decided before any key was made.
type Plan struct {
	RootKeys   int                    `json:"root_keys"`
	Threshold  int                    `json:"threshold"`
	Backups    int                    `json:"backups"` // drives; of each holder, when PerHolder
	PerHolder  bool                   `json:"per_holder,omitempty"`
	Releaser   string                 `json:"releaser"`
	Expires    map[tuf.Role]time.Time `json:"expires"`
	Consistent bool                   `json:"consistent_snapshot"`
}

// HeldKey is a key, who holds it, and the file it is locked in.
type HeldKey struct {
	Name   string // "root-1", "targets": of the question and of the passphrase
	Role   tuf.Role
	Holder string
	Key    tuf.Key
	More   []tuf.Key // that lie in the same file, of a repository that others made
	File   []byte    // locked; what goes onto drives
}

// FileName is where the key lies on a drive: keys/root1.json for root-1.
func (k HeldKey) FileName() string {
	return "keys/" + strings.ReplaceAll(k.Name, "-", "") + ".json"
}

// Title is what people call the key: "root key 2 (CTO)", "targets key".
func (k HeldKey) Title() string {
	n, numbered := strings.CutPrefix(k.Name, "root-")
	if !numbered {
		return k.Name + " key (" + k.Holder + ")"
	}
	return "root key " + n + " (" + k.Holder + ")"
}

// The is the title as a sentence has it: "the targets key (CTO)".
func (k HeldKey) The() string {
	if k.Role == tuf.RoleRoot {
		return k.Title()
	}
	return "the " + k.Title()
}

// PassphraseName is what a person would call it in a password manager.
func (k HeldKey) PassphraseName() string { return strings.ReplaceAll(k.Name, "-", " ") }

// order sorts keys as a ceremony makes them.
func (k HeldKey) order() string {
	if k.Role == tuf.RoleRoot {
		return "0" + k.Name
	}
	return strconv.Itoa(1+slices.Index(tuf.OnlineRoles(), k.Role)) + k.Name
}

func rootKeyName(i int) string { return "root-" + strconv.Itoa(i) }

// keysOf are the held keys of the given roles.
func (s State) keysOf(roles ...tuf.Role) []HeldKey {
	var out []HeldKey
	for _, k := range s.Keys {
		if slices.Contains(roles, k.Role) {
			out = append(out, k)
		}
	}
	return out
}

// putKey adds a key, or puts it in the place of the one with its name.
func (s *State) putKey(k HeldKey) {
	if i := slices.IndexFunc(s.Keys, func(h HeldKey) bool { return h.Name == k.Name }); i >= 0 {
		s.Keys = slices.Clone(s.Keys)
		s.Keys[i] = k
		return
	}
	s.Keys = append(slices.Clone(s.Keys), k)
}
