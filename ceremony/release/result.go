package release

import (
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// Result is what a command did, or in a dry run would have done. Its JSON names
// stay as they are: scripts read them.
type Result struct {
	Command  string                 `json:"command"`
	DryRun   bool                   `json:"dry_run"`
	Versions map[tuf.Role]int64     `json:"versions"` // of the files that are there afterwards
	Expires  map[tuf.Role]time.Time `json:"expires"`  // in UTC; without the roles whose file was not read
	Keys     []MadeKey              `json:"keys,omitempty"`
	Revoked  []MadeKey              `json:"revoked,omitempty"` // keys that the root no longer lists
	Targets  []AddedTarget          `json:"targets,omitempty"`
	Request  string                 `json:"request,omitempty"` // the file that goes to the next ceremony
	Written  []string               `json:"written"`           // files of the folder, in the order in which they were put there
	Warnings []string               `json:"warnings"`          // sentences for people
}

// MadeKey is a key of a role, by its public half.
type MadeKey struct {
	Role tuf.Role  `json:"role"`
	ID   tuf.KeyID `json:"id"`
	File string    `json:"file,omitempty"` // in the folder
}

// AddedTarget is a target that was listed, or listed anew.
type AddedTarget struct {
	Path     string `json:"path"` // as targets.json lists it
	Source   string `json:"source"`
	Length   int64  `json:"length"`
	SHA512   string `json:"sha512"`
	Version  string `json:"version"`
	Replaced bool   `json:"replaced"`      // it was listed before, with other content or as another version
	Same     bool   `json:"same"`          // it was listed before, just so
	Was      string `json:"was,omitempty"` // the version that it was listed with
}

// result begins what is told of a command. Renewed are the files that it signed:
// each is one version higher, and a zero time keeps its expiry. rel is nil for an
// init.
func (r *Repository) result(rel *tuf.Release, renewed map[tuf.Role]time.Time) Result {
	out := Result{Command: r.doing(), DryRun: r.options.DryRun, Versions: map[tuf.Role]int64{}, Expires: map[tuf.Role]time.Time{},
		Written: slices.Clone(r.wrote)}
	for _, role := range tuf.Roles() {
		at, signed := renewed[role]
		if rel != nil {
			out.Versions[role] = rel.Version(role)
		}
		if at.IsZero() && rel != nil {
			at = rel.Expires(role)
		}
		if signed {
			out.Versions[role]++
		}
		if out.Versions[role] == 0 {
			out.Versions[role] = r.listed[role]
		}
		if !at.IsZero() {
			out.Expires[role] = at.UTC()
		}
	}
	out.Warnings = r.allWarnings(rel, renewed)
	if out.Written == nil {
		out.Written = []string{}
	}
	return out
}
