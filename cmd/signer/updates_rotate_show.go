//go:build !airgap

package main

import (
	"fmt"
	"strings"

	"signer/ceremony"
	"signer/ceremony/release"
)

// showRotated says what was done.
func (w *rotateWork) showRotated(done release.Rotated, std stdio) error {
	return w.tell(done.Result, struct {
		Format string `json:"format"`
		release.Rotated
	}{updatesFormat, done}, w.rotationStory(done), std)
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
