//go:build !airgap

package main

import (
	"fmt"
	"io"
	"strings"

	"signer/ceremony"
	"signer/ceremony/release"
)

// showRotated says what was done. Standard output has what fleetctl prints there,
// or JSON; people read standard error.
func (w *rotateWork) showRotated(done release.Rotated, std stdio) error {
	for _, warning := range done.Warnings {
		_, _ = fmt.Fprintf(std.err, "signer: warning: %s\n", ceremony.Foreign(warning))
	}
	if w.json {
		return writeJSON(std.out, struct {
			Format string `json:"format"`
			release.Rotated
		}{updatesFormat, done})
	}
	for _, k := range done.Keys {
		if _, err := fmt.Fprintf(std.out, "Generated %s key with ID: %s\n", k.Role, k.ID); err != nil {
			return err
		}
	}
	if w.quiet {
		return nil
	}
	_, err := io.WriteString(std.err, w.rotationStory(done))
	return err
}

func (w *rotateWork) rotationStory(done release.Rotated) string {
	var page strings.Builder
	say := func(format string, args ...any) {
		page.WriteString(ceremony.Foreign(fmt.Sprintf(format, args...)) + "\n")
	}
	for _, sentence := range done.Review {
		say("  %s", sentence)
	}
	if signed := signedFiles(done.Result); signed != "" {
		say("%s %s.", would(done.DryRun, "Signed", "Would sign"), signed)
	}
	for _, k := range done.Left {
		say("%s key %s out of %s.", would(done.DryRun, "Took", "Would take"), k.ID, k.File)
	}
	for _, k := range done.Asked {
		say("Requested is the %s key with the ID %s.", k.Role, k.ID)
	}
	if done.Request != "" {
		say("%s the request to %s; no secret is in it.", would(done.DryRun, "Wrote", "Would write"), done.Request)
	} else if w.holder != "" {
		say("Nothing was requested: no ceremony is needed for this.")
	}
	if done.DryRun {
		say("Nothing was written: this was a dry run.")
		return page.String()
	}
	for i, next := range done.Next {
		if i == 0 {
			say("Next:")
		}
		say("  %d. %s", i+1, next)
	}
	return page.String()
}
