package main

// Where keys and requests must not go, whatever is in the folder.

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"signer/ceremony"
)

// apart refuses two folders that would lie on one drive: the one that leaves
// would have private keys on it.
func apart(signing, transfer string) error {
	a, err := resolved(signing)
	if err != nil {
		return err
	}
	b, err := resolved(transfer)
	if err != nil {
		return err
	}
	if isWithin(a, b) || isWithin(b, a) {
		return fmt.Errorf("a %s drive holds no private key, and %q and %q are on one: %w", ceremony.Transfer, signing, transfer, ceremony.ErrForbidden)
	}
	return nil
}

func resolved(name string) (string, error) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

func isWithin(name, tree string) bool {
	rel, err := filepath.Rel(tree, name)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// isNoWorkplace refuses the folder that a shell happens to be in, which keys
// were left in by earlier tools, and folders that get published.
func isNoWorkplace(role ceremony.DriveRole, name string) error {
	real, err := resolved(name)
	if err != nil {
		return fmt.Errorf("%s drive: %w", role, err)
	}
	here, err := os.Stat(".")
	if err != nil {
		return err
	}
	there, err := os.Stat(real)
	switch {
	case err != nil:
		return fmt.Errorf("%s drive: %w", role, err)
	case os.SameFile(here, there):
		return fmt.Errorf("%s drive: %q is the working folder: name a drive: %w", role, name, errUnsafe)
	}
	for dir := real; ; dir = filepath.Dir(dir) {
		if isPublished(dir) {
			return fmt.Errorf("%s drive: %q lies in the repository %q, which is published: %w", role, name, dir, errUnsafe)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// isPublished reports whether a folder is the repository/ or staged/ of a
// repository: what lies there goes to clients (compat.md, for staged/).
func isPublished(dir string) bool {
	has := func(names ...string) bool {
		_, err := os.Lstat(filepath.Join(append([]string{dir}, names...)...))
		return err == nil
	}
	switch filepath.Base(dir) {
	case "repository":
		return has("root.json")
	case "staged":
		return has("..", "repository", "root.json")
	}
	return has("root.json") && has("timestamp.json")
}
