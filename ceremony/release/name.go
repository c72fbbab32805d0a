package release

// What a target is called. fleetctl builds the path from what it is given, and
// orbit asks for it by the same rule:
//
//	<name>/<platform>/<tag>/<file>
//
// for the version and for each tag. The file is named for the target, with the
// ending that the source has. Two names are special: Fleet Desktop's file has a
// name of its own on Windows and Linux, and osquery's extensions are named
// extensions/<name>, with a file called <name>.

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
)

// Source is a file to be published, and what as.
type Source struct {
	File     string   // of this computer
	Name     string   // orbit, osqueryd, desktop, extensions/hello_world, …
	Platform string   // macos, macos-app, linux, linux-arm64, windows, windows-arm64
	Version  string   // 1.2.3
	Tags     []string // channels: stable, edge, 1, 1.2, …
}

// extensionsDir begins the names of osquery's extensions: orbit looks for
// extensions/<name>/<platform>/<channel>/<name>.ext.
const extensionsDir = "extensions/"

// maxPart is how long a part of a path may be. With a hash before it, as
// consistent snapshots have it, a file name stays below 255 bytes.
const maxPart = 100

// barred are characters that no file name on Windows can have, or that mean
// something else in a URL: go-tuf v0.5.2's client asks for the path as it is.
const barred = `/\:*?"<>|#%`

// TargetPaths are the paths under which the source is published, the version's
// first. A tag that is given twice counts once.
func TargetPaths(s Source) ([]string, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var paths []string
	for _, tag := range append([]string{s.Version}, s.Tags...) {
		p := path.Join(s.Name, s.Platform, tag, s.file())
		if !fs.ValidPath(p) {
			return nil, fmt.Errorf("%q: no path that a repository can have", p)
		}
		if !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	return paths, nil
}

// file is the last part of the paths.
func (s Source) file() string {
	if s.Name == "desktop" {
		switch {
		case strings.HasPrefix(s.Platform, "windows"):
			return "fleet-desktop.exe"
		case s.Platform == "linux", s.Platform == "linux-arm64":
			return "desktop.tar.gz"
		}
	}
	return strings.TrimPrefix(s.Name, extensionsDir) + ending(s.File)
}

// ending is what the source's name hands on to the target's.
func ending(file string) string {
	for _, e := range []string{".ext.exe", ".exe", ".app.tar.gz", ".pkg", ".ext"} {
		if strings.HasSuffix(file, e) {
			return e
		}
	}
	return ""
}

// check says what is wrong with the parts of the path.
func (s Source) check() error {
	if err := checkPart("name", strings.TrimPrefix(s.Name, extensionsDir)); err != nil {
		return err
	}
	if err := checkPart("platform", s.Platform); err != nil {
		return err
	}
	if err := checkPart("version", s.Version); err != nil {
		return err
	}
	for _, tag := range s.Tags {
		if err := checkPart("tag", tag); err != nil {
			return err
		}
	}
	return nil
}

// checkPart takes what every file system, server and client takes as the name of
// one file or folder.
func checkPart(what, part string) error {
	wrong := ""
	switch {
	case part == "":
		return fmt.Errorf("the %s is empty", what)
	case len(part) > maxPart:
		wrong = fmt.Sprintf("is longer than %d bytes", maxPart)
	case strings.ContainsFunc(part, unprintable):
		wrong = "has a character that cannot be seen"
	case strings.ContainsAny(part, barred):
		wrong = fmt.Sprintf("has one of the characters %s", barred)
	case part[0] == '.':
		wrong = "begins with a dot" // hidden: tools that copy folders pass over it
	case part[len(part)-1] == '.':
		wrong = "ends in a dot" // which Windows drops
	case strings.TrimSpace(part) != part:
		wrong = "begins or ends with a space"
	default:
		return nil
	}
	return fmt.Errorf("the %s %q %s", what, part, wrong)
}

// unprintable is true of controls, of what is invisible or turns the direction
// of writing, of spaces but the plain one, and of what is no UTF-8.
func unprintable(c rune) bool { return !unicode.IsPrint(c) || c == unicode.ReplacementChar }
