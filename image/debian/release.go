package debian

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// release is what is needed of a Release file.
type release struct {
	byHash bool // indices are served by digest as well
	files  map[string]indexFile
}

type indexFile struct {
	size   int64
	sha256 [32]byte
}

// Errors of Release files that are signed.
var (
	// ErrExpired is for a Release file that a mirror kept too long.
	ErrExpired = errors.New("no longer valid")
	// ErrRelease is for one that is of something else than was asked for.
	ErrRelease = errors.New("not the release that was asked for")
)

// clockSlack is how far the machine's clock may be behind Debian's.
const clockSlack = time.Hour

// parseRelease reads the signed text of a Release file of the suite.
func parseRelease(text []byte, suite string, now time.Time) (release, error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	var fields map[string]string
	for stanza := range stanzas(lines) {
		if fields != nil {
			return release{}, fmt.Errorf("%w: it has more than one part", ErrRelease)
		}
		fields = stanza
	}
	if err := lines.Err(); err != nil {
		return release{}, err
	}
	if fields["codename"] != suite && fields["suite"] != suite {
		return release{}, fmt.Errorf("%w: it is of %q (%q), not of %q", ErrRelease, clip(fields["codename"]), clip(fields["suite"]), suite)
	}
	if err := checkDates(fields, now); err != nil {
		return release{}, err
	}
	files, err := parseFiles(fields["sha256"])
	return release{fields["acquire-by-hash"] == "yes", files}, err
}

// checkDates wants a Release file of now. A stable suite has no Valid-Until
// (measured: trixie has none, trixie-updates and trixie-security have a week).
func checkDates(fields map[string]string, now time.Time) error {
	date, err := parseDate(fields["date"])
	if err != nil {
		return fmt.Errorf("field Date: %w", err)
	}
	if now.Add(clockSlack).Before(date) {
		return fmt.Errorf("%w: it was made %s, and this machine's clock says %s", ErrExpired, stamp(date), stamp(now))
	}
	if fields["valid-until"] == "" {
		return nil
	}
	until, err := parseDate(fields["valid-until"])
	if err != nil {
		return fmt.Errorf("field Valid-Until: %w", err)
	}
	if !now.Before(until) {
		return fmt.Errorf("%w: it was valid until %s; the mirror is behind, or this machine's clock (%s) is wrong", ErrExpired, stamp(until), stamp(now))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// parseDate reads Debian's dates. They are in UTC; any other name of a zone would
// be taken for UTC by time.Parse, so it is refused.
func parseDate(s string) (time.Time, error) {
	plain, ok := strings.CutSuffix(s, " UTC")
	if !ok {
		return time.Time{}, fmt.Errorf("%w: date %q is not in UTC", ErrRelease, clip(s))
	}
	return time.Parse("Mon, _2 Jan 2006 15:04:05", plain)
}

// parseFiles reads the field SHA256: digest, size and name in each line.
func parseFiles(field string) (map[string]indexFile, error) {
	files := map[string]indexFile{}
	for line := range strings.Lines(field) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) != 3 {
			return nil, fmt.Errorf("%w: line %q", ErrRelease, clip(line))
		}
		sum, err := parseSHA256(words[0])
		if err != nil {
			return nil, err
		}
		size, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil || size < 0 {
			return nil, fmt.Errorf("%w: size %q", ErrRelease, clip(words[1]))
		}
		files[words[2]] = indexFile{size, sum}
	}
	return files, nil
}
