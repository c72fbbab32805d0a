package ceremony

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"signer/ceremony/tuf"
)

// foundDrive is a drive of this program that was read whole.
type foundDrive struct {
	manifest *Manifest
	drive    Drive
	raw      []byte            // of the manifest
	files    map[string][]byte // those that are what the manifest lists
	differs  []string          // listed files that are not, or are missing
	strays   []string          // files that are not listed
}

// torn says that an update of the drive was cut short, or that somebody changed
// it. Its keys are good all the same when keysDiffer does not object.
func (d *foundDrive) torn() bool { return len(d.differs)+len(d.strays) > 0 }

// whole is an error when the drive is not what its manifest says.
func (d *foundDrive) whole() error {
	var wrong []error
	for _, name := range d.differs {
		wrong = append(wrong, fmt.Errorf("%w: %s is missing or has other bytes", ErrDiffers, Foreign(name)))
	}
	for _, name := range d.strays {
		wrong = append(wrong, fmt.Errorf("%w: %s is not listed", ErrDiffers, Foreign(name)))
	}
	return errors.Join(wrong...)
}

// errNoManifest is a drive that is unfinished, blank, or not of this program.
var errNoManifest = errors.New("it has no complete list of what it holds: it is unfinished, or not of this program")

// readDrive reads a drive whole, and changes nothing.
func (s *Session) readDrive(ctx context.Context, d Drive) (found *foundDrive, err error) {
	if d.FileSystem == "" {
		return nil, errNoManifest
	}
	vol, err := s.env.Drives.Open(ctx, d, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, vol.Close()) }()
	raw, m, err := readManifest(vol)
	if err != nil {
		return nil, err
	}
	found = &foundDrive{manifest: m, drive: d, raw: raw, files: map[string][]byte{}}
	return found, found.read(ctx, vol)
}

func (d *foundDrive) read(ctx context.Context, tree tuf.Tree) error {
	listed := map[string]bool{ManifestName: true, nextManifest: true}
	for _, f := range d.manifest.Files {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		listed[f.Name] = true
		b, err := tree.ReadFile(f.Name, f.Size)
		switch {
		case errors.Is(err, ErrGone):
			return err
		case err != nil || int64(len(b)) != f.Size || tuf.DigestOf(b) != f.SHA256:
			d.differs = append(d.differs, f.Name)
		default:
			d.files[f.Name] = b
		}
	}
	entries, err := tree.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Mode.IsDir() && !listed[e.Name] && !tuf.Harmless(e.Name) && !unfinished(e.Name) {
			d.strays = append(d.strays, e.Name)
		}
	}
	return nil
}

var anyRoot = regexp.MustCompile(`^(?:repository/|` + ledgerRoots + `)([1-9][0-9]{0,8})\.root\.json$`)

// roots are those of the repository and of the ledger, by version.
func (d *foundDrive) roots() (map[int64][]byte, error) {
	out := map[int64][]byte{}
	for name, b := range d.files {
		m := anyRoot.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		version, _ := strconv.ParseInt(m[1], 10, 64)
		if other, ok := out[version]; ok && tuf.DigestOf(other) != tuf.DigestOf(b) {
			return nil, fmt.Errorf("%s holds two roots of version %d (%s, %s): %w", Foreign(d.manifest.Label), version,
				tuf.DigestOf(other).Groups()[:9], tuf.DigestOf(b).Groups()[:9], tuf.ErrFork)
		}
		out[version] = b
	}
	return out, nil
}

// keyFiles are the names of the key files that are as listed, in order.
func (d *foundDrive) keyFiles() []string {
	var out []string
	for name := range d.files {
		if isKeyFile(name) {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, naturally)
	return out
}

// holdersOn are those that the drive's ledger names. What does not read well is
// passed over: names decide nothing.
func holdersOn(d *foundDrive) []holder {
	var file holdersFile
	if json.Unmarshal(d.files[ledgerHolders], &file) != nil || file.Format != holdersFormat {
		return nil
	}
	return slices.DeleteFunc(file.Holders, func(h holder) bool {
		return fitsName(Answer{Text: h.Holder}) != nil || !isKeyFile(HeldKey{Name: h.Name}.FileName())
	})
}

// mergeHolders adds names. Those of a root backup, which lies locked away, count
// more than those of a drive that travels.
func mergeHolders(known, found []holder, trusted bool) []holder {
	out := slices.Clone(known)
	for _, h := range found {
		i := slices.IndexFunc(out, func(o holder) bool { return o.KeyID == h.KeyID })
		switch {
		case i < 0:
			out = append(out, h)
		case trusted:
			out[i] = h
		}
	}
	return out
}
