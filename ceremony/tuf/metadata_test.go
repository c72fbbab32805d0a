package tuf

// Metadata for tests, made by hand: with nothing of this package but the
// canonical form, so that a fault of ours is not in both.

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"testing"
)

type dict = map[string]any

// pen is a key that signs.
type pen struct {
	private ed25519.PrivateKey
	id      string
	listed  any
}

// newPen makes the same key for the same number.
func newPen(seed byte) pen {
	return penOfSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func penOfSeed(seed []byte) pen {
	private := ed25519.NewKeyFromSeed(seed)
	return penOf(private, listing("ed25519", "ed25519", hex.EncodeToString(private.Public().(ed25519.PublicKey))))
}

func penOf(private ed25519.PrivateKey, listed any) pen {
	return pen{private: private, id: idOf(listed), listed: listed}
}

func listing(keyType, scheme, public string) dict {
	return dict{
		"keytype": keyType, "scheme": scheme,
		"keyid_hash_algorithms": []any{"sha256", "sha512"},
		"keyval":                dict{"public": public},
	}
}

// shortOf is the key's id as sentences show it.
func shortOf(p pen) string { return p.id[:4] + " " + p.id[4:8] }

func idOf(listed any) string {
	canonical, err := Canonical(listed)
	if err != nil {
		panic(err)
	}
	digest := sha256.Sum256(canonical)
	return hex.EncodeToString(digest[:])
}

func pens(seeds ...byte) (list []pen) {
	for _, seed := range seeds {
		list = append(list, newPen(seed))
	}
	return list
}

// The online keys of a test repository.
func targetsPen() pen   { return newPen(101) }
func snapshotPen() pen  { return newPen(102) }
func timestampPen() pen { return newPen(103) }

func ids(list []pen) []any {
	out := []any{}
	for _, p := range list {
		out = append(out, p.id)
	}
	return out
}

// rootSigned is the signed part of a root.
func rootSigned(version, threshold int, keys ...pen) dict {
	listed := dict{}
	for _, p := range append([]pen{targetsPen(), snapshotPen(), timestampPen()}, keys...) {
		listed[p.id] = p.listed
	}
	role := func(threshold int, keys ...pen) dict { return dict{"keyids": ids(keys), "threshold": threshold} }
	return dict{
		"_type": "root", "spec_version": "1.0", "version": version, "expires": "2027-11-22T00:00:00Z",
		"consistent_snapshot": false, "keys": listed,
		"roles": dict{
			"root": role(threshold, keys...), "targets": role(1, targetsPen()),
			"snapshot": role(1, snapshotPen()), "timestamp": role(1, timestampPen()),
		},
	}
}

// inked signs.
func inked(t testing.TB, signed dict, by ...pen) []byte {
	t.Helper()
	canonical, err := Canonical(signed)
	if err != nil {
		t.Fatal(err)
	}
	signatures := []any{}
	for _, p := range by {
		signatures = append(signatures, dict{"keyid": p.id, "sig": hex.EncodeToString(ed25519.Sign(p.private, canonical))})
	}
	b, err := json.Marshal(dict{"signed": signed, "signatures": signatures})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fileMetaOf(version int, b []byte) dict {
	hash := sha512.Sum512(b)
	return dict{"version": version, "length": len(b), "hashes": dict{"sha512": hex.EncodeToString(hash[:])}}
}

func targetsSigned(version int, files dict) dict {
	return dict{"_type": "targets", "spec_version": "1.0", "version": version, "expires": "2029-11-22T00:00:00Z", "targets": files}
}

func snapshotSigned(version int, targets dict) dict {
	return dict{"_type": "snapshot", "spec_version": "1.0", "version": version, "expires": "2029-11-22T00:00:00Z", "meta": dict{"targets.json": targets}}
}

func timestampSigned(version int, snapshot dict) dict {
	return dict{"_type": "timestamp", "spec_version": "1.0", "version": version, "expires": "2026-12-06T00:00:00Z", "meta": dict{"snapshot.json": snapshot}}
}

// at walks into nested dicts.
func at(d dict, names ...string) dict {
	for _, name := range names {
		d = d[name].(dict)
	}
	return d
}

func mustRoot(t testing.TB, b []byte, mode Mode) *Root {
	t.Helper()
	root, err := ParseRoot(b, mode)
	if err != nil {
		t.Fatal(err)
	}
	return root
}
