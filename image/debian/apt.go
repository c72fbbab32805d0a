package debian

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// aptSource is one line of a *.list file or one stanza of a *.sources file, as
// sources.list(5) describes them.
type aptSource struct {
	uris, suites, components []string
	signedBy                 string
}

const maxAptFile = 1 << 20

// readApt reads what apt is set up with in the file system root: the files that
// apt itself would read, and of those what is enabled.
func readApt(root fs.FS) ([]aptSource, error) {
	var sources []aptSource
	for _, name := range aptFiles(root) {
		data, err := readSmall(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(name, ".sources") {
			sources = append(sources, parseDeb822(data)...)
		} else {
			sources = append(sources, parseList(data)...)
		}
	}
	return sources, nil
}

// aptFiles are /etc/apt/sources.list and the parts beside it, in apt's order. Apt
// ignores files with other endings, such as "debian.list.disabled".
func aptFiles(root fs.FS) []string {
	names := []string{"etc/apt/sources.list"}
	for _, pattern := range []string{"*.list", "*.sources"} {
		found, _ := fs.Glob(root, "etc/apt/sources.list.d/"+pattern) // the pattern is well-formed
		names = append(names, found...)
	}
	slices.Sort(names[1:])
	return names
}

func readSmall(root fs.FS, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := readAtMost(f, maxAptFile)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", "/"+name, err)
	}
	return data, nil
}

// parseList reads the one-line form: deb [options] uri suite components.
func parseList(data []byte) (sources []aptSource) {
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		kind, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")), " ")
		if kind != "deb" {
			continue
		}
		options, rest := cutOptions(strings.TrimSpace(rest))
		if words := strings.Fields(rest); len(words) >= 2 {
			sources = append(sources, aptSource{uris: words[:1], suites: words[1:2], components: words[2:],
				signedBy: options["signed-by"]})
		}
	}
	return sources
}

func cutOptions(s string) (options map[string]string, rest string) {
	options = map[string]string{}
	if !strings.HasPrefix(s, "[") {
		return options, s
	}
	inside, rest, _ := strings.Cut(s[1:], "]")
	for _, word := range strings.Fields(inside) {
		key, value, _ := strings.Cut(word, "=")
		options[strings.ToLower(key)] = value
	}
	return options, rest
}

// parseDeb822 reads stanzas of fields.
func parseDeb822(data []byte) (sources []aptSource) {
	for stanza := range stanzas(bufio.NewScanner(bytes.NewReader(data))) {
		enabled := strings.ToLower(stanza["enabled"])
		if slices.Contains([]string{"no", "false", "without", "off", "disable", "0"}, enabled) ||
			!slices.Contains(strings.Fields(stanza["types"]), "deb") {
			continue
		}
		sources = append(sources, aptSource{uris: strings.Fields(stanza["uris"]), suites: strings.Fields(stanza["suites"]),
			components: strings.Fields(stanza["components"]), signedBy: stanza["signed-by"]})
	}
	return sources
}

// archive says which archive of Debian a suite at an address belongs to: "" for
// what is not Debian's, as the archives of vendors beside it.
func (s aptSource) archive(uri, suite string) string {
	release, part, _ := strings.Cut(suite, "-")
	release, _, _ = strings.Cut(release, "/")
	switch {
	case !slices.Contains(debianReleases, release) || len(s.components) > 0 && !slices.Contains(s.components, "main"):
		return ""
	case part == "security" || strings.HasSuffix(suite, "/updates") || path.Base(strings.TrimRight(uri, "/")) == SecurityArchive:
		return SecurityArchive
	}
	return Archive
}

// debianReleases tells Debian's suites from those of others: an archive of
// anything may end in "/debian" (measured: vendors' do).
var debianReleases = []string{"buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid",
	"oldoldstable", "oldstable", "stable", "testing", "unstable"}

// trust orders candidates for one archive: an address that apt checks with
// Debian's own keyring comes first, then one that is named as Debian's are.
func (s aptSource) trust(uri, archive string) int {
	switch {
	case strings.Contains(s.signedBy, "debian-archive"):
		return 0
	case path.Base(strings.TrimRight(uri, "/")) == archive:
		return 1
	}
	return 2
}
