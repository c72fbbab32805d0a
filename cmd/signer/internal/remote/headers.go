//go:build !airgap

package remote

import (
	"path"
	"regexp"
	"strings"
)

// Cache says how long caches on the way may keep what is published.
//
// A name whose content never changes may be kept for ever. A name whose content
// changes must be asked for again soon: a cache that gives the old content after
// the metadata has changed makes clients refuse the update, for the digest is
// another. Names of targets that carry a full version do not change; those of
// channels (stable, edge, 1, 1.2) do.
type Cache struct {
	Moving string // root.json, targets.json, snapshot.json, timestamp.json, and targets of channels
	Fixed  string // N.root.json and so on, and targets of one version
}

// DefaultCache is used where nothing else is said.
func DefaultCache() Cache {
	return Cache{Moving: "public, max-age=60, must-revalidate", Fixed: "public, max-age=31536000, immutable"}
}

func (c Cache) orDefault() Cache {
	d := DefaultCache()
	if c.Moving == "" {
		c.Moving = d.Moving
	}
	if c.Fixed == "" {
		c.Fixed = d.Fixed
	}
	return c
}

var fullVersion = regexp.MustCompile(`^v?[0-9]+\.[0-9]+\.[0-9]+([.+-][0-9A-Za-z.+-]*)?$`)

// isFixed reports whether the content under a name never changes.
func isFixed(name string, consistent bool) bool {
	target, isTarget := strings.CutPrefix(name, "targets/")
	if !isTarget {
		return isOld(name)
	}
	if consistent {
		return true
	}
	for part := range strings.SplitSeq(path.Dir(target), "/") {
		if fullVersion.MatchString(part) {
			return true
		}
	}
	return false
}

func (c Cache) of(name string, consistent bool) string {
	if isFixed(name, consistent) {
		return c.Fixed
	}
	return c.Moving
}

// contentType is what browsers and proxies are told. It does not depend on what
// the computer at hand knows.
func contentType(name string) string {
	switch {
	case strings.HasSuffix(name, ".json"):
		return "application/json"
	case strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".tgz"):
		return "application/gzip"
	case strings.HasSuffix(name, ".zip"):
		return "application/zip"
	case strings.HasSuffix(name, ".pkg"):
		return "application/vnd.apple.installer+xml"
	case strings.HasSuffix(name, ".exe"):
		return "application/vnd.microsoft.portable-executable"
	case strings.HasSuffix(name, ".msi"):
		return "application/x-msi"
	}
	return "application/octet-stream"
}
