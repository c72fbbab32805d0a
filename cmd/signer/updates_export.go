//go:build !airgap

package main

import (
	"context"
	"encoding/base64"
	"fmt"

	"signer/ceremony/release"
)

func updatesExportCommand() command {
	w := newRepositoryWork("updates export-timestamp-key")
	w.readOnly = true
	return command{name: "export-timestamp-key", does: "print the locked timestamp key as base64, for a CI secret",
		text: `Prints keys/timestamp.json as one line of base64. It stays locked: its passphrase
belongs into another secret. A key file that no passphrase locks is refused.

Only the timestamp key is exported. With it one can keep a repository from
expiring, and publish nothing.`,
		options: []option{w.pathOption(), w.noWaitOption(), w.jsonOption("As JSON, with the name of the file.")},
		files:   []meaning{{"keys/timestamp.json", "The key that is exported."}},
		examples: []meaning{
			{"Into a secret of GitHub Actions", "signer updates export-timestamp-key --path updates | gh secret set TIMESTAMP_KEY"},
			{"Back again, in the job", `umask 077 && mkdir -p updates/keys && printenv TIMESTAMP_KEY | base64 -d > updates/keys/timestamp.json`}},
		seeAlso: []string{"updates timestamp", "publish"},
		run: func(ctx context.Context, _ []string, std stdio) int {
			return w.with(ctx, std, func(_ context.Context, r *release.Repository, _ release.Passphrases) error {
				file, err := r.ExportTimestampKey()
				if err != nil {
					return err
				}
				return w.showKey(file, std)
			})
		}}
}

func (w *repositoryWork) showKey(file []byte, std stdio) error {
	text := base64.StdEncoding.EncodeToString(file)
	if !w.json {
		_, err := fmt.Fprintln(std.out, text)
		return err
	}
	return writeJSON(std.out, struct {
		Format string `json:"format"`
		Name   string `json:"name"`
		Base64 string `json:"base64"`
	}{"signer-key-file-v1", "keys/timestamp.json", text})
}
