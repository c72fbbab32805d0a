package ceremony

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// ManifestName is the file at the root of a drive that says what the drive is.
// It is written last: a drive without a complete one is unfinished.
const ManifestName = "signer-drive.json"

// ManifestFormat names this form of it.
const ManifestFormat = "signer-drive-v1"

// nextManifest is the list of a drive that is brought up to date, until it has
// taken the place of the one before: a file that is replaced may be empty after a
// power cut, though both were written (measured on vfat). On a drive that is made
// anew it is there from the first file to the last, and empty.
const nextManifest = "signer-drive.next.json"

// readManifest reads the list of a drive: the one that is in place, or else the
// one that was about to be.
func readManifest(t tuf.Tree) (raw []byte, m *Manifest, err error) {
	for _, name := range []string{ManifestName, nextManifest} {
		b, readErr := t.ReadFile(name, manifestLimit)
		if errors.Is(readErr, ErrGone) {
			return nil, nil, readErr
		}
		if readErr != nil || len(b) == 0 {
			continue
		}
		m, parseErr := ParseManifest(b)
		switch {
		case parseErr == nil:
			return b, m, nil
		case errors.Is(parseErr, ErrForbidden): // no power cut makes that
			return nil, nil, parseErr
		case err == nil:
			err = parseErr
		}
	}
	return nil, nil, cmp.Or(err, errNoManifest)
}

const (
	manifestLimit = 1 << 20
	mostFile      = tuf.MaxTargetsSize // the largest file that is read from a drive
	mostFiles     = 4 * mostFile       // in bytes, of all files that a manifest lists
	mostDrives    = mostRootKeys*mostBackups + mostBackups + 2
)

// Manifest is what signer-drive.json says.
type Manifest struct {
	Format    string    `json:"format"`
	Role      DriveRole `json:"role"`
	Label     string    `json:"label"`
	Rehearsal bool      `json:"rehearsal"`
	// Repository is the SHA-256 of 1.root.json. A drive that was written before
	// root 1 was signed, as root backups are, has none.
	Repository *tuf.Digest    `json:"repository,omitempty"`
	Root       RootMark       `json:"root"`
	Ceremony   CeremonyMark   `json:"ceremony"`
	Files      []ManifestFile `json:"files"`
}

// RootMark names a root by what its signatures cover, so that it can be named
// before it is signed.
type RootMark struct {
	Version int64      `json:"version"`
	Signed  tuf.Digest `json:"signed_sha256"`
}

// CeremonyMark names the ceremony that wrote the drive, and the drives that it
// was to write: they are how an unfinished ceremony is noticed.
type CeremonyMark struct {
	Name   string    `json:"name"`
	Began  time.Time `json:"began"`
	Drives []string  `json:"drives"`
}

// ManifestFile is one file of the drive.
type ManifestFile struct {
	Name   string     `json:"name"`
	Size   int64      `json:"size"`
	SHA256 tuf.Digest `json:"sha256"`
}

var errManifest = errors.New("not a manifest of this program")

// driveLabel is what a label may be: people are asked to type it, and to read it
// off a sticker.
var driveLabel = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// ParseManifest reads signer-drive.json strictly: it comes from a drive.
func ParseManifest(b []byte) (*Manifest, error) {
	var m Manifest
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", ManifestName, errManifest, err)
	}
	switch _, err := dec.Token(); {
	case err != io.EOF:
		return nil, fmt.Errorf("%s: %w: something follows its end", ManifestName, errManifest)
	case m.Format != ManifestFormat:
		return nil, fmt.Errorf("%s: %w: format %q", ManifestName, errManifest, Foreign(m.Format))
	case !slices.Contains([]DriveRole{RootBackup, Signing, Repository, Transfer}, m.Role):
		return nil, fmt.Errorf("%s: %w: role %q", ManifestName, errManifest, Foreign(string(m.Role)))
	case !driveLabel.MatchString(m.Label):
		return nil, fmt.Errorf("%s: %w: label %q", ManifestName, errManifest, Foreign(m.Label))
	case len(m.Ceremony.Drives) > mostDrives || slices.ContainsFunc(m.Ceremony.Drives, func(l string) bool { return !driveLabel.MatchString(l) }):
		return nil, fmt.Errorf("%s: %w: the drives of its ceremony", ManifestName, errManifest)
	}
	if err := m.checkFiles(); err != nil {
		return nil, err
	}
	return &m, nil
}

// checkFiles refuses a list that a drive of its role cannot have, or that would
// keep whoever reads it busy.
func (m *Manifest) checkFiles() error {
	seen, total := map[string]bool{}, int64(0)
	for _, f := range m.Files {
		total += max(f.Size, 0)
		switch {
		case f.Size < 0 || f.Size > mostFile || total > mostFiles:
			return fmt.Errorf("%s: lists %q with %d bytes: %w", ManifestName, Foreign(f.Name), f.Size, tuf.ErrTooLarge)
		case !m.Role.MayHold(f.Name):
			return fmt.Errorf("%s: lists %q: %w", ManifestName, Foreign(f.Name), ErrForbidden)
		case seen[f.Name]:
			return fmt.Errorf("%s: %w: it lists %q twice", ManifestName, errManifest, Foreign(f.Name))
		}
		seen[f.Name] = true
	}
	return nil
}

// Encode is the manifest as it is written.
func (m Manifest) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", ManifestName, err)
	}
	return append(b, '\n'), nil
}

// ErrDiffers is a drive whose files are not those that its manifest lists.
var ErrDiffers = errors.New("the drive is not what its manifest says")

// Verify reads every listed file and compares it, and reports files that are on
// the drive and not listed.
func (m Manifest) Verify(t tuf.Tree) error {
	var wrong []string
	listed := map[string]bool{ManifestName: true}
	for _, f := range m.Files {
		listed[f.Name] = true
		b, err := t.ReadFile(f.Name, f.Size)
		switch {
		case err != nil:
			wrong = append(wrong, err.Error())
		case int64(len(b)) != f.Size || tuf.DigestOf(b) != f.SHA256:
			wrong = append(wrong, f.Name+" has other bytes")
		}
	}
	entries, err := t.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Mode.IsDir() && !listed[e.Name] && !tuf.Harmless(e.Name) {
			wrong = append(wrong, Foreign(e.Name)+" is not listed")
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w: %s", ErrDiffers, strings.Join(wrong, "; "))
	}
	return nil
}
