//go:build !airgap

// Package remote brings a repository to where clients read it, and back: an
// S3-compatible bucket, or a folder that a web server serves. It is left out of
// the image's binary, and is the only one beside cmd/signer that speaks to a
// network.
//
// What flows in is a store, which anybody may have written to: every read is
// bounded, and metadata goes through package tuf before it is used. What flows
// out are files that the verified metadata names, and nothing else:
//
//	store → listing and metadata → merged with what is published → tuf.SimulateAfter → plan → sent in order → checked
//
// Rules it keeps:
//
//   - nothing is ever deleted, and no name is written that metadata does not
//     give: no private key, no staged/ file, no stray;
//   - content is hashed while it is sent, and becomes visible only when it is
//     what targets.json lists;
//   - targets first, those of channels last of them, then roots, then targets.json
//     and snapshot.json, and timestamp.json last: until then clients keep what they
//     had; a publish that breaks off says what they find until it is run again;
//   - what is replaced is replaced only if it is still what was read: of two
//     who publish at once, the second is told;
//   - what a client would not accept is refused before anything is sent;
//   - no credential is in an error or a report.
//
// An example:
//
//	from, err := remote.OpenSource(ctx, "/mnt/signing", remote.S3Options{})
//	to, err := remote.OpenStore(ctx, "s3://updates/fleet", remote.S3Options{Endpoint: "https://…"})
//	report, err := remote.Publish(ctx, from, to, remote.PublishOptions{Now: time.Now(), Jobs: 16})
package remote
