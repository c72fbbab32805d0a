package ceremony

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"signer/ceremony/tuf"
)

// ReportFormat names the form of a Report as JSON.
const ReportFormat = "signer-check-v1"

// Report is what Check found. The JSON names are stable: a later form has
// another format. Texts are for people, and may change.
type Report struct {
	Format  string    `json:"format"`
	Folder  string    `json:"folder,omitempty"` // as the caller named it
	Checked time.Time `json:"checked"`
	Kind    TreeKind  `json:"kind"`
	// Verdict is the worst of the findings; notes leave it good.
	Verdict  Gravity   `json:"verdict"`
	Findings []Finding `json:"findings"` // worst first
	LeftOut  int       `json:"findings_left_out"`

	Drive      *DriveSeen    `json:"drive,omitempty"` // what signer-drive.json says
	Chain      *ChainSeen    `json:"chain,omitempty"` // the roots, linked one by one
	Roles      []RoleSeen    `json:"roles"`           // of the latest root, and who signed
	ListedKeys []KeySeen     `json:"listed_keys"`     // the public keys of the latest root
	KeyFiles   []KeyFileSeen `json:"key_files"`       // the private keys that lie here
	Files      FilesSeen     `json:"files"`
	Clients    ClientsSeen   `json:"clients"`            // what their update comes to
	Fleetctl   *ToolsSeen    `json:"fleetctl,omitempty"` // what fleetctl and tuf v0.5.2 could do here
	Custody    []KnownDrive  `json:"custody"`            // the drives there are, as the ledger has it
}

// TreeKind says what a folder is.
type TreeKind string

const (
	KindDrive      TreeKind = "drive"      // has a signer-drive.json
	KindTree       TreeKind = "tree"       // keys/, repository/ and staged/, as tuf and fleetctl have it
	KindRepository TreeKind = "repository" // what is inside repository/
	KindTray       TreeKind = "tray"       // holds drives, as rehearse leaves them
	KindUnknown    TreeKind = "unknown"
)

// Gravity says what a finding means.
type Gravity string

const (
	Good    Gravity = "good"
	Notice  Gravity = "note"    // to know
	Soon    Gravity = "soon"    // expires soon
	Expired Gravity = "expired" // clients stop
	Broken  Gravity = "broken"  // does not do what it is for
	Refused Gravity = "refused" // dangerous: not opened, not followed, or must not be here
)

// gravities, from light to heavy.
func gravities() []Gravity { return []Gravity{Good, Notice, Soon, Expired, Broken, Refused} }

// Finding is one thing that was found.
type Finding struct {
	Gravity Gravity `json:"gravity"`
	File    string  `json:"file,omitempty"`
	Text    string  `json:"text"`
}

// DriveSeen is what the drive says of itself.
type DriveSeen struct {
	Role       DriveRole   `json:"role"`
	Label      string      `json:"label"`
	Rehearsal  bool        `json:"rehearsal"`
	Repository *tuf.Digest `json:"repository,omitempty"` // SHA-256 of 1.root.json
	Ceremony   string      `json:"ceremony"`
	Began      time.Time   `json:"began"`
}

// ChainSeen is the roots.
type ChainSeen struct {
	Folder     string      `json:"folder"`     // where they are: repository or ledger/roots
	Repository *tuf.Digest `json:"repository"` // SHA-256 of the first, which is 1.root.json unless it is lost; null when it does not verify
	First      int64       `json:"first"`      // the version of the first that is here
	Verified   int         `json:"verified"`   // roots up to this follow each other
	Present    int         `json:"present"`    // N.root.json files
	Latest     *tuf.Digest `json:"latest"`     // of what signatures on the latest root cover: people compare it in words
	Consistent bool        `json:"consistent_snapshot"`
	Deviations []string    `json:"deviations"` // what this program would not write
}

// RoleSeen is a role of the latest root and its file.
type RoleSeen struct {
	Role      tuf.Role    `json:"role"`
	Version   int64       `json:"version"`
	Expires   time.Time   `json:"expires"`
	Days      int         `json:"days"`  // whole days left; negative when expired
	State     Gravity     `json:"state"` // good, soon, expired
	Threshold int         `json:"threshold"`
	Listed    int         `json:"listed"` // keys
	Signed    []tuf.KeyID `json:"signed"`
	Bad       []tuf.KeyID `json:"bad"`     // signatures by its keys that do not verify
	Unknown   []tuf.KeyID `json:"unknown"` // signatures by keys that it does not list
}

// KeySeen is a public key that the latest root lists.
type KeySeen struct {
	KeyID  tuf.KeyID  `json:"keyid"`
	Type   string     `json:"keytype"`
	Roles  []tuf.Role `json:"roles"`
	Signed []tuf.Role `json:"signed"` // of these, those whose file it signed
	Holder string     `json:"holder,omitempty"`
}

// KeyFileSeen is a file with private keys.
type KeyFileSeen struct {
	Name   string   `json:"name"`
	Locked bool     `json:"locked"` // by a passphrase that is not empty
	Cost   tuf.Cost `json:"scrypt_n,omitempty"`
	Usual  bool     `json:"usual"`            // its derivation is one that TUF tools write
	Holder string   `json:"holder,omitempty"` // as the ledger beside it says
}

// FilesSeen compares what is there with what the manifest lists.
type FilesSeen struct {
	Present     int  `json:"present"`
	Listed      int  `json:"listed"`   // in the manifest
	Matching    int  `json:"matching"` // of these, with the bytes that it lists
	ModesJudged bool `json:"modes_judged"`
	// Target files are compared by name and size: ceremonies carry none.
	TargetsListed  int `json:"targets_listed"`
	TargetsPresent int `json:"targets_present"`
}

// ClientsSeen is what the client's update workflow comes to.
type ClientsSeen struct {
	Played  bool     `json:"played"`
	Passed  []string `json:"passed"`
	Shown   []string `json:"shown"`
	Problem string   `json:"problem,omitempty"`
}

// ToolsSeen is which commands of fleetctl, and of tuf v0.5.2 below it, would
// work here.
type ToolsSeen struct {
	Add       bool     `json:"add"`
	Timestamp bool     `json:"timestamp"`
	Rotate    bool     `json:"rotate"`
	WhyNot    []string `json:"why_not"`
}

func newReport(now time.Time) *Report {
	return &Report{Format: ReportFormat, Checked: now.UTC().Truncate(time.Second), Kind: KindUnknown,
		Findings: []Finding{}, Roles: []RoleSeen{}, ListedKeys: []KeySeen{}, KeyFiles: []KeyFileSeen{}, Custody: []KnownDrive{},
		Clients: ClientsSeen{Passed: []string{}, Shown: []string{}}}
}

// maxFindings is what people are told of one folder. The worst come first.
const maxFindings = 100

// judge sorts the findings and draws the verdict.
func (r *Report) judge() {
	order := gravities()
	weight := func(g Gravity) int { return slices.Index(order, g) }
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return weight(b.Gravity) - weight(a.Gravity) })
	if len(r.Findings) > maxFindings {
		r.LeftOut = len(r.Findings) - maxFindings
		r.Findings = r.Findings[:maxFindings]
	}
	r.Verdict = Good
	if len(r.Findings) > 0 && r.Findings[0].Gravity != Notice {
		r.Verdict = r.Findings[0].Gravity
	}
}

// JSON is the report in ASCII: names from a strange drive go to a terminal, too,
// and there a letter can be a command.
func (r Report) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	var ascii strings.Builder
	for _, letter := range b.String() {
		switch {
		case letter == '\n' || letter >= ' ' && letter <= '~':
			ascii.WriteRune(letter)
		case letter > 0xffff:
			high, low := utf16.EncodeRune(letter)
			fmt.Fprintf(&ascii, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&ascii, `\u%04x`, letter)
		}
	}
	return []byte(ascii.String()), nil
}
