package ceremony

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// DriveRole is what a drive is for. It decides what may lie on it: the roles are
// a security property, kept by the writer of drives.
type DriveRole string

const (
	RootBackup DriveRole = "root backup" // root keys and the ledger; never online keys
	Signing    DriveRole = "signing"     // online keys and the repository; never a root key
	Repository DriveRole = "repository"  // repository and ledger; never a private key
	Transfer   DriveRole = "transfer"    // requests and new roots; never a private key
)

var (
	rootKeyFile   = regexp.MustCompile(`^keys/root([1-9][0-9]?)?\.json$`)
	onlineKeyFile = regexp.MustCompile(`^keys/(targets|snapshot|timestamp)\.json$`)
	// nextKeyFile is a key under a new passphrase, beside the file that it replaces
	// when it is proven.
	nextKeyFile = regexp.MustCompile(`^keys/(root([1-9][0-9]?)?|targets|snapshot|timestamp)\.next\.json$`)
)

func isKeyFile(name string) bool {
	return rootKeyFile.MatchString(name) || onlineKeyFile.MatchString(name)
}

// holdsKeys says whether a file of this name has private keys, be it in use or
// beside the one that it is to replace.
func holdsKeys(name string) bool { return isKeyFile(name) || nextKeyFile.MatchString(name) }

// MayHold says whether a file of this name belongs on a drive of this role.
func (r DriveRole) MayHold(name string) bool {
	if name != path.Clean(name) || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "..") {
		return false
	}
	top, _, below := strings.Cut(name, "/")
	switch {
	case name == ManifestName:
		return true
	case rootKeyFile.MatchString(name):
		return r == RootBackup
	case onlineKeyFile.MatchString(name):
		return r == Signing
	case nextKeyFile.MatchString(name):
		return r.MayHold(strings.Replace(name, ".next.json", ".json", 1))
	case top == "ledger":
		return below && (r == RootBackup || r == Repository)
	case top == "repository":
		return below && (r == Signing || r == Repository || r == Transfer)
	case top == "staged":
		return below && r == Transfer
	case top == "request.json":
		return r == Transfer
	}
	return false
}

// MayHoldKeys says whether private keys of any kind belong on the drive.
func (r DriveRole) MayHoldKeys() bool { return r == RootBackup || r == Signing }

// ErrForbidden is a file that the role of a drive forbids.
var ErrForbidden = fmt.Errorf("the role of the drive forbids it")
