package debian

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// RelockCommand makes a new lock; errors that it would mend name it.
const RelockCommand = "go run ./image/mkimage lock"

// The archives of Debian that packages come from.
const (
	Archive         = "debian"
	SecurityArchive = "debian-security"
)

// Package is one package of one version. It has no address: any mirror that
// serves these bytes will do.
type Package struct {
	Name, Version, Arch string
	Suite               string // where this version was found; others may have others
	Archive             string // Archive or SecurityArchive
	Path                string // below the archive's address, "pool/..."
	Size                int64
	SHA256              [32]byte
}

// Lock is the packages of packages.lock, sorted by name, architecture and suite.
// Written and read again it is the same bytes.
type Lock []Package

// lockTitle is the first line of packages.lock, and its version.
const lockTitle = "# Packages of Debian, pinned. Made by: " + RelockCommand

const maxLockSize = 1 << 20

// ParseLock reads packages.lock. Nothing in it is optional or free: it accepts
// what WriteTo writes and nothing else.
func ParseLock(r io.Reader) (Lock, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxLockSize+1))
	if err != nil {
		return nil, fmt.Errorf("read packages.lock: %w", err)
	}
	if len(data) > maxLockSize {
		return nil, fmt.Errorf("read packages.lock: more than %d bytes", maxLockSize)
	}
	p := lockParser{lines: strings.SplitAfter(string(data), "\n")}
	lock, err := p.lock()
	if err != nil {
		return nil, fmt.Errorf("read packages.lock: line %d: %w", p.line, err)
	}
	return lock, nil
}

// WriteTo writes the packages sorted, and refuses any that ParseLock would.
func (l Lock) WriteTo(w io.Writer) (int64, error) {
	sorted := slices.SortedFunc(slices.Values(l), comparePackages)
	var b strings.Builder
	b.WriteString(lockTitle + "\n")
	for i, p := range sorted {
		if err := cmp.Or(p.check(), follows(sorted[:i], p)); err != nil {
			return 0, fmt.Errorf("write packages.lock: %s: %w", p.Name, err)
		}
		b.WriteByte('\n')
		for _, f := range lockFields {
			fmt.Fprintf(&b, "%s: %s\n", f.name, f.get(p))
		}
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// lockField is one line of a package's stanza, named as in Debian's own indices.
type lockField struct {
	name string
	get  func(Package) string
	set  func(*Package, string) error
}

var lockFields = []lockField{
	textField("Package", func(p *Package) *string { return &p.Name }),
	textField("Version", func(p *Package) *string { return &p.Version }),
	textField("Architecture", func(p *Package) *string { return &p.Arch }),
	textField("Suite", func(p *Package) *string { return &p.Suite }),
	textField("Archive", func(p *Package) *string { return &p.Archive }),
	textField("Filename", func(p *Package) *string { return &p.Path }),
	{"Size", func(p Package) string { return strconv.FormatInt(p.Size, 10) },
		func(p *Package, s string) (err error) { p.Size, err = parseSize(s); return err }},
	{"SHA256", func(p Package) string { return hex.EncodeToString(p.SHA256[:]) },
		func(p *Package, s string) (err error) { p.SHA256, err = parseSHA256(s); return err }},
}

func textField(name string, of func(*Package) *string) lockField {
	return lockField{name,
		func(p Package) string { return *of(&p) },
		func(p *Package, s string) error { *of(p) = s; return nil }}
}

// lockParser goes through lines that keep their ends, so that a torn last line is
// seen.
type lockParser struct {
	lines []string
	line  int // the number of the line that was read last
}

func (p *lockParser) lock() (lock Lock, err error) {
	if text, err := p.next(); err != nil || text != lockTitle {
		return nil, cmp.Or(err, fmt.Errorf("want %q", lockTitle))
	}
	for p.more() {
		if text, err := p.next(); err != nil || text != "" {
			return nil, cmp.Or(err, fmt.Errorf("want an empty line between packages, have %q", clip(text)))
		}
		found, err := p.stanza()
		if err != nil {
			return nil, err
		}
		if err := cmp.Or(found.check(), follows(lock, found)); err != nil {
			return nil, err
		}
		lock = append(lock, found)
	}
	return lock, nil
}

func (p *lockParser) stanza() (found Package, err error) {
	for _, f := range lockFields {
		text, err := p.next()
		if err != nil {
			return Package{}, err
		}
		value, ok := strings.CutPrefix(text, f.name+": ")
		if !ok {
			return Package{}, fmt.Errorf("want %q, have %q", f.name+": ...", clip(text))
		}
		if err := f.set(&found, value); err != nil {
			return Package{}, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return found, nil
}

func (p *lockParser) more() bool { return p.line < len(p.lines) && p.lines[p.line] != "" }

func (p *lockParser) next() (string, error) {
	if !p.more() {
		p.line++
		return "", io.ErrUnexpectedEOF
	}
	text, ended := strings.CutSuffix(p.lines[p.line], "\n")
	p.line++
	if !ended {
		return "", fmt.Errorf("%q does not end: the file is cut off", clip(text))
	}
	return text, nil
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
