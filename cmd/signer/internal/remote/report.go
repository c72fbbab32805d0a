//go:build !airgap

package remote

import (
	"fmt"
	"strings"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// Report is what a publish or a pull did, or would do.
type Report struct {
	Command   string                 `json:"command"`
	From      string                 `json:"from"`
	To        string                 `json:"to"`
	DryRun    bool                   `json:"dry_run"`
	Nothing   bool                   `json:"nothing_to_do"`
	Versions  map[tuf.Role]int64     `json:"versions,omitempty"`
	Expires   map[tuf.Role]time.Time `json:"expires,omitempty"`
	Files     []ReportedFile         `json:"files"` // in the order in which they were written
	Bytes     int64                  `json:"bytes"`
	Unchanged int                    `json:"unchanged"`
	Ignored   []string               `json:"ignored,omitempty"` // what the source has beside its repository
	Checked   string                 `json:"checked,omitempty"` // what was looked at afterwards
	Trusted   string                 `json:"trusted,omitempty"` // why the first root is believed
	Warnings  []string               `json:"warnings,omitempty"`
}

// ReportedFile is a file that was written.
type ReportedFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Why  string `json:"why"` // "new", "changed"
}

// describe says which versions there will be and when they expire, and warns.
func (r *Report) describe(root *tuf.Root, p tuf.Published, now time.Time) {
	r.Versions, r.Expires = map[tuf.Role]int64{tuf.RoleRoot: root.Version}, map[tuf.Role]time.Time{tuf.RoleRoot: root.Expires}
	for _, role := range tuf.OnlineRoles() {
		if e, err := p.Online(role); err == nil {
			r.Versions[role], r.Expires[role] = e.Version, e.Expires
		}
	}
	for _, role := range tuf.Roles() {
		at, known := r.Expires[role]
		switch left := at.Sub(now); {
		case !known:
		case left <= 0:
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s.json expired on %s: clients stop until it is renewed.", role, at.UTC().Format("Mon 2 Jan 2006 15:04 UTC")))
		case left < time.Duration(ceremony.SoonDays(role))*24*time.Hour:
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s.json expires in %d days, on %s.", role, int(left.Hours()/24), at.UTC().Format("Mon 2 Jan 2006 15:04 UTC")))
		}
	}
}

// shown takes what a simulation shows, but for ages: describe has those, from
// when on they need somebody.
func (r *Report) shown(sentences []string) {
	for _, s := range sentences {
		if !strings.Contains(s, ".json expires on ") && !strings.Contains(s, ".json expired on ") {
			r.Warnings = append(r.Warnings, s)
		}
	}
}
