//go:build !airgap

package remote

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// ErrRehearsal means what a rehearsal made: nobody holds its keys for real.
var ErrRehearsal = errors.New("it is a REHEARSAL's, and nothing of that is ever published")

// OpenSource opens what is to be published: a bucket; a drive, or a releaser's
// folder, which hold repository/; or a repository folder itself. What a rehearsal
// made is refused.
func OpenSource(ctx context.Context, name string, o S3Options) (Store, error) {
	if IsBucket(name) || strings.Contains(name, "://") {
		store, err := OpenStore(ctx, name, o)
		if err != nil {
			return nil, err
		}
		return store, nil
	}
	within, err := repositoryIn(name)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(filepath.Dir(within), filepath.FromSlash(tuf.WorkJournal))); err == nil {
		return nil, Hinted{fmt.Errorf("publish %q: a command was cut off there, and not all of its files are in place", name), "any signer updates command in that folder finishes it"}
	}
	for _, place := range []string{within, filepath.Dir(within)} {
		if err := notRehearsal(place); err != nil {
			return nil, err
		}
	}
	return openFolder(within)
}

// OpenDestination opens the place that clients read. A folder is made where there
// is none.
func OpenDestination(ctx context.Context, name string, o S3Options) (Store, error) {
	if strings.Contains(name, "://") {
		return OpenStore(ctx, name, o)
	}
	if err := notRehearsal(name); err != nil {
		return nil, err
	}
	for _, inside := range []string{"repository", "keys", "staged"} {
		if info, err := os.Stat(filepath.Join(name, inside)); err == nil && info.IsDir() {
			return nil, Hinted{fmt.Errorf("%q holds a folder %s: it is a releaser's folder or a drive, and no folder that a web server serves", name, inside),
				"name the folder that holds root.json for clients"}
		}
	}
	if _, err := os.Stat(name); err == nil {
		return openFolder(name)
	}
	err := os.MkdirAll(name, 0o755)
	if err == nil {
		err = os.Chmod(name, 0o755) // whatever the umask is: a web server reads it
	}
	if err != nil {
		return nil, fmt.Errorf("make folder %q: %w", name, cause(err))
	}
	return openFolder(name)
}

// repositoryIn finds the folder that holds root.json.
func repositoryIn(name string) (string, error) {
	name, err := filepath.Abs(name) // so that a folder has one above it
	if err != nil {
		return "", err
	}
	below := filepath.Join(name, "repository")
	info, err := os.Stat(below)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return name, nil
	case err != nil:
		return "", fmt.Errorf("open folder %q: %w", name, cause(err))
	case !info.IsDir():
		return "", fmt.Errorf("open folder %q: %w", below, tuf.ErrNotFile)
	}
	if _, err := os.Stat(filepath.Join(below, "repository")); err == nil {
		return "", Hinted{fmt.Errorf("%q holds a drive in its folder repository", name), "the drives of a rehearsal lie so; name the one drive that is meant"}
	}
	return below, nil
}

const maxManifest = 1 << 20

// notRehearsal looks for the marks that a rehearsal leaves: in the list of a
// drive, and in the records beside the repository.
func notRehearsal(place string) error {
	d, err := tuf.OpenDir(place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open folder %q: %w", place, cause(err))
	}
	defer func() { _ = d.Close() }() // nothing was written
	for _, name := range []string{ceremony.ManifestName, "signer-drive.next.json"} {
		b, err := d.ReadFile(name, maxManifest)
		if err != nil {
			continue // it is no drive, or not a finished one
		}
		if m, err := ceremony.ParseManifest(b); err == nil && m.Rehearsal {
			return refuseRehearsal(place, name)
		}
	}
	records, err := d.ListFolder("ledger/records")
	if err != nil {
		return nil // there are none
	}
	for _, e := range records {
		if path.Ext(e.Name) != ".jsonl" {
			continue
		}
		if b, err := d.ReadFile(e.Name, tuf.MaxTargetsSize); err == nil && recordsRehearsal(b) {
			return refuseRehearsal(place, e.Name)
		}
	}
	return nil
}

func refuseRehearsal(place, name string) error {
	return refuse("publish from a drive or a folder of the real ceremony", fmt.Errorf("%q: %s says so: %w", place, name, ErrRehearsal))
}

// recordsRehearsal reports whether a record says that it is of a rehearsal.
func recordsRehearsal(b []byte) bool {
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, len(b)+1)
	for lines.Scan() {
		if bytes.Contains(lines.Bytes(), []byte(`"rehearsal":"true"`)) {
			return true
		}
	}
	return false
}
