package debian

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxPackageSize is some way above the largest packages that were ever wanted,
// kernels of 108 MB.
const maxPackageSize = 512 << 20

// The forms of deb-control(5) and Debian's policy §5.6. They leave out all that
// could mean something to a path or an address.
var (
	nameForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	archForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	suiteForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)
	versionForm = regexp.MustCompile(`^([0-9]+:)?[0-9][A-Za-z0-9.+~-]*$`)
	poolForm    = regexp.MustCompile(`^pool(/[A-Za-z0-9+~_][A-Za-z0-9.+~_-]*)+\.deb$`)
)

func (p Package) String() string { return p.Name + " " + p.Version + " " + p.Arch }

// check refuses values that no package of Debian has.
func (p Package) check() error {
	return cmp.Or(
		wellFormed("package", p.Name, nameForm),
		wellFormed("version", p.Version, versionForm),
		wellFormed("architecture", p.Arch, archForm),
		wellFormed("suite", p.Suite, suiteForm),
		checkArchive(p.Archive),
		wellFormed("filename", p.Path, poolForm),
		checkSize(p.Size))
}

func wellFormed(what, value string, form *regexp.Regexp) error {
	if len(value) > 250 || !form.MatchString(value) {
		return fmt.Errorf("%s %q is not one that Debian has", what, clip(value))
	}
	return nil
}

func checkArchive(archive string) error {
	if archive != Archive && archive != SecurityArchive {
		return fmt.Errorf("archive %q is neither %q nor %q", clip(archive), Archive, SecurityArchive)
	}
	return nil
}

func checkSize(size int64) error {
	if size <= 0 || size > maxPackageSize {
		return fmt.Errorf("size %d is not between 1 and %d", size, maxPackageSize)
	}
	return nil
}

func parseSize(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("size %q is not a plain number", clip(s))
	}
	return n, nil
}

func parseSHA256(s string) (sum [32]byte, err error) {
	if len(s) != 64 || strings.ToLower(s) != s {
		return sum, fmt.Errorf("SHA-256 %q is not 64 digits of lower-case hex", clip(s))
	}
	if _, err := hex.Decode(sum[:], []byte(s)); err != nil {
		return sum, fmt.Errorf("SHA-256 %q: %w", s, err)
	}
	return sum, nil
}

func comparePackages(a, b Package) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Suite, b.Suite))
}

var errOrder = errors.New("packages are not sorted by name, architecture and suite, or one is there twice")

func follows(before Lock, p Package) error {
	if n := len(before); n > 0 && comparePackages(before[n-1], p) >= 0 {
		return errOrder
	}
	return nil
}

// Want says which package is wanted: the newest that fits.
type Want struct {
	Name    string         // either this
	Pattern *regexp.Regexp // or all whose whole name matches
	Arch    string         // packages of architecture "all" fit too
	Suites  []string       // where to look; only Resolve heeds it
}

func (w Want) String() string {
	if w.Pattern != nil {
		return strings.TrimSuffix(strings.TrimPrefix(w.Pattern.String(), "^"), "$") + " " + w.Arch
	}
	return w.Name + " " + w.Arch
}

// matcher tells whether a package is wanted.
type matcher func(Package) bool

// matcher tells which packages are wanted. A pattern is for the whole name, also
// when nobody anchored it: "linux-image-6.*-amd64" does not want debug symbols.
func (w Want) matcher() matcher {
	named := func(name string) bool { return name == w.Name }
	if w.Pattern != nil {
		named = regexp.MustCompile(`\A(?:` + w.Pattern.String() + `)\z`).MatchString
	}
	return func(p Package) bool { return (p.Arch == w.Arch || p.Arch == "all") && named(p.Name) }
}

// ErrNotLocked is for a package that the lock does not have.
var ErrNotLocked = errors.New("not in packages.lock")

// Pick gives the package of the lock that is wanted, the newest when there are
// several.
func (l Lock) Pick(w Want) (Package, error) {
	var best Package
	fits := w.matcher()
	for _, p := range l {
		if fits(p) && (best.Name == "" || newer(p, best)) {
			best = p
		}
	}
	if best.Name == "" {
		return Package{}, fmt.Errorf("%s: %w\nhint: %s makes a new lock", w, ErrNotLocked, RelockCommand)
	}
	return best, nil
}

// newer orders by version; between names that a pattern fits, versions decide as
// well: kernels of different releases have different names.
func newer(a, b Package) bool {
	return cmp.Or(CompareVersions(a.Version, b.Version), cmp.Compare(a.Name, b.Name)) > 0
}
