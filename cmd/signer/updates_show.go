//go:build !airgap

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"signer/ceremony"
	"signer/ceremony/release"
	"signer/ceremony/tuf"
)

// updatesFormat names the form of a result as JSON.
const updatesFormat = "signer-updates-v1"

// show says what a command did.
func (w *repositoryWork) show(result release.Result, std stdio) error {
	return w.tell(result, struct {
		Format string `json:"format"`
		release.Result
	}{updatesFormat, result}, w.story(result), std)
}

// tell has what fleetctl prints on standard output, or all of it as JSON; people
// read standard error.
func (w *repositoryWork) tell(result release.Result, all any, story string, std stdio) error {
	for _, warning := range result.Warnings {
		_, _ = fmt.Fprintf(std.err, "signer: warning: %s\n", ceremony.Foreign(warning))
	}
	if w.json {
		return writeJSON(std.out, all)
	}
	for _, k := range result.Keys {
		if result.DryRun {
			break // the key is gone already, and no script shall take its ID for a real one
		}
		if _, err := fmt.Fprintf(std.out, "Generated %s key with ID: %s\n", k.Role, k.ID); err != nil {
			return err
		}
	}
	if w.quiet {
		return nil
	}
	_, err := io.WriteString(std.err, story)
	return err
}

func writeJSON(out io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	_, err = out.Write(append(b, '\n'))
	return err
}

// story is a line or two: what happened, and what comes next.
func (w *repositoryWork) story(result release.Result) string {
	var page strings.Builder
	say := func(format string, args ...any) {
		page.WriteString(ceremony.Foreign(fmt.Sprintf(format, args...)) + "\n")
	}
	if len(result.Targets) > 0 {
		w.tellTargets(result, say)
	}
	if signed := signedFiles(result); signed != "" {
		say("%s %s.", would(result.DryRun, "Signed", "Would sign"), signed)
	}
	switch {
	case result.DryRun:
		say("Nothing was written: this was a dry run.")
	case result.Request != "":
		say("Next: take %s to the next ceremony.", result.Request)
	case len(result.Written) > 0:
		say("Next: publish it%s:  signer publish %s DEST", w.until(result), shellWord(w.path))
	}
	return page.String()
}

// tellTargets lists what is listed now; of very many the first ones.
func (w *repositoryWork) tellTargets(result release.Result, say func(string, ...any)) {
	const most = 12
	for i, t := range result.Targets {
		if i == most && len(result.Targets) > most+1 {
			say("  and %d more", len(result.Targets)-most)
			break
		}
		replaced := ""
		if t.Replaced {
			replaced = ", replaced"
		}
		say("  %s  (%s%s)", t.Path, byteText(t.Length), replaced)
	}
	say("%s %s.", would(result.DryRun, "Added", "Would add"), counted(len(result.Targets), "target"))
}

func would(dry bool, did, would string) string {
	if dry {
		return would
	}
	return did
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// signedFiles names the metadata that was written, with versions.
func signedFiles(result release.Result) string {
	var names []string
	for _, role := range tuf.Roles() {
		for _, file := range result.Written {
			if file == "repository/"+string(role)+".json" {
				names = append(names, fmt.Sprintf("%s %d", role, result.Versions[role]))
			}
		}
	}
	return listed(names)
}

// until says when the timestamp expires, which is due first.
func (w *repositoryWork) until(result release.Result) string {
	expires, ok := result.Expires[tuf.RoleTimestamp]
	if !ok {
		return ""
	}
	left := expires.Sub(w.now)
	return fmt.Sprintf(" (the timestamp expires on %s, in %s)", expires.UTC().Format("Mon 2 Jan 2006 15:04 UTC"), daysText(left))
}

// daysText is a span in days, or in hours when it is short.
func daysText(left time.Duration) string {
	left += time.Minute // of the seconds that were cut off
	if left < 2*day {
		return counted(int(left/time.Hour), "hour")
	}
	return counted(int(left/day), "day")
}

// shellWord is a word as a shell takes it.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:~,+@%", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
