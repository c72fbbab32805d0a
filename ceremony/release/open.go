package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// Where things are in the folder. What is ours is in one hidden folder, which
// v0 tools do not look at.
const (
	keysFolder       = "keys"
	repositoryFolder = "repository"
	stagedFolder     = "staged"
	payloadsFolder   = "targets" // below repository and staged

	ourFolder   = ".signer"
	lockName    = ourFolder + "/lock"
	journalName = ourFolder + "/journal"
	newFolder   = ourFolder + "/new"
)

var (
	// ErrNoRepository means a folder that holds no repository.
	ErrNoRepository = errors.New("there is no repository")
	// ErrExists means a folder that is to become a repository and has something of one.
	ErrExists = errors.New("there is a repository already")
	// ErrReadOnly means a folder that can be read and not written.
	ErrReadOnly = errors.New("the folder cannot be written")
)

// Options say who works on a repository, and are the world it is done in.
type Options struct {
	Command  string         // as people type it: "updates add"
	Waiting  func(Holder)   // told once when another holds the lock; then Open waits. nil: ErrLocked at once
	Now      time.Time      // the one time of the command
	Rand     io.Reader      // for keys, salts and nonces
	Cost     tuf.Cost       // of key files that are made; tuf.ProductCost but in tests
	DryRun   bool           // everything but the writing
	ReadOnly bool           // nothing is going to be written
	Progress func(Progress) // of work on large files; may be nil
}

// Progress says how far long work is.
type Progress struct {
	Doing       string
	Done, Total int64 // bytes
}

// Repository is a repository folder that this process has to itself.
type Repository struct {
	options Options
	dir     *tuf.Dir // nil in the dry run of an init where there is no folder yet
	lock    *lock    // nil when the folder cannot or need not be written
	barred  error    // why it cannot be written

	root     *tuf.Root             // the latest, when the repository was read
	read     map[string]fileDigest // of metadata that the command goes on from
	listed   map[tuf.Role]int64    // versions of files that are listed and were not read
	warnings []string              // what was noticed on the way
	used     int                   // scratch files
	wrote    []string              // what the last commit wrote, or would have

	// step is called before each step of a commit, by the step's name. Tests end
	// the process or break the disk in it. nil in the product.
	step func(name string) error
}

// Open takes the lock of a repository. A commit that was broken off is finished
// then, also in a dry run, for it has happened; what was not committed is
// dropped. A folder that cannot be written is opened for reading.
func Open(ctx context.Context, dir string, o Options) (*Repository, error) {
	r, err := openFolder(dir, o)
	if err != nil {
		return nil, err
	}
	err = r.isRepository()
	if err == nil {
		err = r.begin(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Create takes the lock of a folder that is to become a repository, and makes
// the folder where there is none. It refuses what fleetctl refuses: metadata, be
// it staged, and a folder of keys.
func Create(ctx context.Context, dir string, o Options) (*Repository, error) {
	r, err := openOrMakeFolder(dir, o)
	if err != nil || r.dir == nil {
		return r, err
	}
	err = r.isFree() // before anything of ours is put into a folder that is in use
	if err == nil {
		err = r.begin(ctx)
	}
	if err == nil {
		err = r.writable()
	}
	if err == nil {
		err = r.isFree()
	}
	if errors.Is(err, ErrExists) && len(r.warnings) > 0 {
		err = fmt.Errorf("%w: %s", ErrExists, r.warnings[0]) // an init that was cut off
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Warnings are what was noticed so far, for commands that have no Result.
func (r *Repository) Warnings() []string { return slices.Clone(r.warnings) }

// openOrMakeFolder makes a folder that is missing. A dry run does not, and gets a
// repository that has none.
func openOrMakeFolder(dir string, o Options) (*Repository, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if o.DryRun {
			return &Repository{options: o}, nil
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the repository's folder: %w", err)
		}
	}
	return openFolder(dir, o)
}

func openFolder(dir string, o Options) (*Repository, error) {
	d, err := tuf.OpenDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w\nhint: --path says where it is, and signer updates init makes a new one", ErrNoRepository, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open the repository's folder: %w", err)
	}
	return &Repository{options: o, dir: d}, nil
}

// begin locks the folder, and brings it to where the last command left it.
func (r *Repository) begin(ctx context.Context) error {
	if (r.options.DryRun || r.options.ReadOnly) && r.untouched() {
		return nil
	}
	l, err := r.acquire(ctx)
	if barring := new(barredError); errors.As(err, &barring) {
		r.barred = barring.err
		return r.unlockedRead()
	}
	if err != nil {
		return err
	}
	r.lock = l
	return r.recover()
}

// untouched reports whether no command of ours has written in the folder. Who only
// reads leaves no lock there: a drive of a ceremony would no longer equal its list.
// Who writes there for the first time in the same moment is not waited for.
func (r *Repository) untouched() bool {
	_, err := r.dir.Stat(ourFolder)
	return errors.Is(err, fs.ErrNotExist)
}

// Close releases the lock. Scratch that was not committed is dropped.
func (r *Repository) Close() error {
	var errs []error
	if r.lock != nil {
		if _, err := r.dir.Stat(journalName); errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, r.dropScratch())
		}
		errs = append(errs, r.lock.release())
		r.lock = nil
	}
	if r.dir != nil {
		errs = append(errs, r.dir.Close())
		r.dir = nil
	}
	return errors.Join(errs...)
}

// isRepository keeps us from putting a lock into any folder that somebody is in.
func (r *Repository) isRepository() error {
	for _, name := range []string{repositoryFolder + "/root.json", journalName} {
		if _, err := r.dir.Stat(name); err == nil {
			return nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("%w: %s/root.json is not there\nhint: --path says where it is, and signer updates init makes a new one",
		ErrNoRepository, repositoryFolder)
}

// isFree refuses what fleetctl's init refuses.
func (r *Repository) isFree() error {
	if _, err := r.dir.Stat(journalName); err == nil && r.lock == nil {
		return nil // an init that was broken off, to be finished first
	}
	for _, folder := range []string{repositoryFolder, stagedFolder} {
		entries, err := r.list(folder)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if path.Ext(e.Name) == ".json" && !e.Mode.IsDir() {
				return fmt.Errorf("%w: %q is there\nhint: init makes a new repository, in an empty folder", ErrExists, e.Name)
			}
		}
	}
	_, err := r.dir.Stat(keysFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: the folder %q is there\nhint: init makes new keys, in an empty folder", ErrExists, keysFolder)
}

// list is what lies in a folder; nothing when there is no such folder.
func (r *Repository) list(folder string) ([]tuf.Entry, error) {
	entries, err := r.dir.ListFolder(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

// writable is the error of a folder that cannot be written.
func (r *Repository) writable() error {
	if r.barred == nil {
		return nil
	}
	return fmt.Errorf("%w: %w\nhint: nothing was changed; let the account that runs this write there, or work on a copy", ErrReadOnly, r.barred)
}

// doing names the command in what is shown.
func (r *Repository) doing() string { return strings.TrimSpace(r.options.Command) }

// before runs ahead of each step of a commit.
func (r *Repository) before(step string) error {
	if r.step == nil {
		return nil
	}
	return r.step(step)
}
