// Command fleetctl drives go-tuf v0.5.2 as Fleet's fleetctl does in its updates
// commands: the same calls in the same order, with the same file names, dates
// and passphrases, and with the same faults. Fleet's own program is not here: it
// cannot be built without all of Fleet.
//
//	fleetctl init|timestamp|roots [--path DIR]
//	fleetctl add [--path DIR] --target FILE --name NAME --platform NAME --version VERSION [--tag TAG …]
//	fleetctl rotate [--path DIR] ROLE
//
// A passphrase is FLEET_<ROLE>_PASSPHRASE; nobody is there to be asked for one.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf"
)

const (
	day = 24 * time.Hour

	rootLasts      = 10 * 365 * day
	targetsLast    = 3 * 365 * day
	snapshotLasts  = 3 * 365 * day
	timestampLasts = 14 * day
)

var roles = []string{"root", "targets", "snapshot", "timestamp"}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// call is a command with its flags.
type call struct {
	path string
	artifact
	args []string
	passphrases
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: fleetctl init|add|timestamp|roots|rotate …")
	}
	c := call{passphrases: make(passphrases)}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&c.path, "path", ".", "")
	does := map[string]func() error{
		"init": c.init, "add": c.add, "timestamp": c.timestamp, "roots": c.roots, "rotate": c.rotate,
	}[args[0]]
	if does == nil {
		return fmt.Errorf("no such command: %s", args[0])
	}
	if args[0] == "add" {
		c.artifact.flags(flags)
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	c.args = flags.Args()
	if args[0] == "add" && !c.complete() {
		return errors.New("add needs --target, --name, --platform and --version")
	}
	return does()
}

func (c *call) store() tuf.LocalStore { return tuf.FileSystemStore(c.path, c.passphrase) }

func (c *call) init() error {
	store := c.store()
	meta, err := store.GetMeta()
	if err != nil {
		return err
	}
	if len(meta) > 0 {
		return fmt.Errorf("there is a repository: %s", c.path)
	}
	if _, err := os.Stat(c.path + "/keys"); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there are keys in %s (%v)", c.path, err)
	}
	repo, err := tuf.NewRepo(store)
	if err != nil {
		return err
	}
	if err := repo.Init(false); err != nil { // without consistent snapshots
		return err
	}
	for _, role := range roles {
		if err := generate(repo, role); err != nil {
			return err
		}
	}
	if err := repo.Sign("root.json"); err != nil {
		return err
	}
	return publish(repo, nil, nil)
}

// open is the repository as it is, with what is staged in place of what is
// committed.
func (c *call) open() (*tuf.Repo, error) {
	store := c.store()
	meta, err := store.GetMeta()
	if err != nil {
		return nil, err
	}
	if len(meta) == 0 {
		return nil, fmt.Errorf("no repository: %s", c.path)
	}
	return tuf.NewRepo(store)
}

func (c *call) roots() error {
	repo, err := c.open()
	if err != nil {
		return err
	}
	meta, err := repo.GetMeta()
	if err != nil {
		return err
	}
	if meta["root.json"] == nil {
		return errors.New("no root.json")
	}
	fmt.Println(string(meta["root.json"]))
	return nil
}

func (c *call) timestamp() error {
	repo, err := c.open()
	if err != nil {
		return err
	}
	if err := c.check("timestamp"); err != nil {
		return err
	}
	if err := repo.TimestampWithExpires(time.Now().Add(timestampLasts)); err != nil {
		return err
	}
	return repo.Commit()
}

// generate makes a key of a role, and moves root's expiry as far as the key's.
func generate(repo *tuf.Repo, role string) error {
	ids, err := repo.GenKeyWithExpires(role, time.Now().Add(rootLasts))
	if err != nil {
		return err
	}
	if len(ids) != 1 {
		return fmt.Errorf("the %s key has the ids %s", role, strings.Join(ids, ", "))
	}
	fmt.Printf("Generated %s key with ID: %s\n", role, ids[0])
	return nil
}

// publish signs targets with what is added, then what lists them, and commits.
func publish(repo *tuf.Repo, paths []string, custom []byte) error {
	now := time.Now()
	if err := repo.AddTargetsWithExpires(paths, custom, now.Add(targetsLast)); err != nil {
		return fmt.Errorf("targets: %w", err)
	}
	if err := repo.SnapshotWithExpires(now.Add(snapshotLasts)); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := repo.TimestampWithExpires(now.Add(timestampLasts)); err != nil {
		return fmt.Errorf("timestamp: %w", err)
	}
	return repo.Commit()
}
