package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// showRoot says for which root the keys will be, before anybody types.
func (r keyRequest) showRoot(root knownRoot, rehearsal bool, std stdio) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(std.err, format+"\n", args...) }
	if rehearsal {
		say("REHEARSAL: what is made here counts for nothing.")
	}
	say("%s.", root.sentence(r.now))
	if !root.Expires.After(r.now) {
		say("signer: warning: the root has expired, and clients stop: ask whoever holds the root keys to renew it.")
	}
}

// showMade says what lies where, and what to do with it.
func (r keyRequest) showMade(root knownRoot, about ceremony.KeyRequest, std stdio) error {
	if r.json {
		return r.showMadeJSON(root, about, std)
	}
	var page strings.Builder
	line := func(format string, args ...any) {
		page.WriteString(ceremony.Foreign(fmt.Sprintf(format, args...)) + "\n")
	}
	for _, k := range about.Keys {
		line("Generated %s key with ID: %s", k.Role, k.Key.ID)
	}
	line("")
	for _, k := range about.Keys {
		line("%s: the private key, locked", filepath.Join(r.signing, keyFileName(k.Role)))
	}
	line("%s: the request; no secret is in it", filepath.Join(r.transfer, ceremony.RequestName))
	line("")
	line("What comes next:")
	line("  1. Unmount both drives. The signing drive stays with %s.", about.Holder)
	line("  2. Give the transfer drive to whoever holds the root keys, and tell them the")
	line("     key IDs by another way: they compare them.")
	line("  3. The drive comes back with root %d. The keys sign from then on, when it is", root.Version+1)
	line("     published.")
	_, err := io.WriteString(std.out, page.String())
	return err
}

// madeFormat names the form of the report.
const madeFormat = "signer-request-made-v1"

// madeReport is what was made, for scripts.
type madeReport struct {
	Format    string    `json:"format"`
	Rehearsal bool      `json:"rehearsal"`
	Root      madeRoot  `json:"root"`
	Request   string    `json:"request"`
	Keys      []madeKey `json:"keys"`
}

type madeRoot struct {
	ceremony.RootMark
	Repository *tuf.Digest `json:"repository,omitempty"`
	Expires    time.Time   `json:"expires"`
	Days       int         `json:"days"`
}

type madeKey struct {
	Role  tuf.Role  `json:"role"`
	KeyID tuf.KeyID `json:"keyid"`
	File  string    `json:"file"`
}

func (r keyRequest) showMadeJSON(root knownRoot, about ceremony.KeyRequest, std stdio) error {
	report := madeReport{Format: madeFormat, Rehearsal: about.Rehearsal, Request: filepath.Join(r.transfer, ceremony.RequestName),
		Root: madeRoot{RootMark: about.Root, Repository: about.Repository, Expires: root.Expires, Days: root.days(r.now)}}
	for _, k := range about.Keys {
		report.Keys = append(report.Keys, madeKey{Role: k.Role, KeyID: k.Key.ID, File: filepath.Join(r.signing, keyFileName(k.Role))})
	}
	b, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err = std.out.Write(append(b, '\n'))
	return err
}
