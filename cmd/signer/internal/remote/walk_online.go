//go:build !airgap

package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"

	"signer/ceremony/tuf"
)

// online reads timestamp, snapshot and targets, each signed as the latest root
// wants and as the one before lists it (TUF 1.0.34 §5.4 to §5.6).
func (w *walker) online(ctx context.Context, p *tuf.Published) error {
	timestamp, err := online(ctx, w, "timestamp.json", tuf.MaxTimestampSize, tuf.ParseTimestamp)
	if err == nil {
		err = w.signed(timestamp.Envelope)
	}
	if err != nil {
		return err
	}
	listed := timestamp.Meta["snapshot.json"]
	snapshot, err := online(ctx, w, w.versioned("snapshot.json", listed), tuf.MaxSnapshotSize, tuf.ParseSnapshot)
	if err == nil {
		err = w.listed(snapshot.Envelope, listed)
	}
	if err != nil {
		return err
	}
	listed = snapshot.Meta["targets.json"]
	targets, err := online(ctx, w, w.versioned("targets.json", listed), tuf.MaxTargetsSize, tuf.ParseTargets)
	if err == nil {
		err = w.listed(targets.Envelope, listed)
	}
	if err != nil {
		return err
	}
	p.Timestamp, p.Snapshot, p.Targets = timestamp.Raw, snapshot.Raw, targets.Raw
	return nil
}

// versioned is the name of a file under consistent snapshots (TUF 1.0.34 §5.5.1).
func (w *walker) versioned(name string, listed tuf.FileMeta) string {
	if w.chain.Latest().Consistent {
		return fmt.Sprintf("%d.%s", listed.Version, name)
	}
	return name
}

// online reads one of them: strictly if that can be, for then go-tuf/v2 has its
// say too, else as history.
func online[T any](ctx context.Context, w *walker, name string, limit int64, parse func([]byte, tuf.Mode) (*T, error)) (*T, error) {
	b, err := w.fetch(ctx, name, limit)
	if errors.Is(err, errAbsent) {
		return nil, fmt.Errorf("%w: there is no %s", ErrNotRepository, name)
	}
	if err != nil {
		return nil, err
	}
	file, err := parse(b, tuf.Strict)
	if err != nil {
		file, err = parse(b, tuf.History)
	}
	if err != nil {
		return nil, refused(name, err)
	}
	return file, nil
}

func (w *walker) signed(e tuf.Envelope) error {
	if _, err := e.VerifyBy(w.chain.Latest(), e.Role); err != nil {
		return refused(string(e.Role)+".json", err)
	}
	return nil
}

// listed compares a file with what lists it. Another version is of another
// publish; other bytes of the same version are damaged, or somebody's.
func (w *walker) listed(e tuf.Envelope, m tuf.FileMeta) error {
	if err := w.signed(e); err != nil {
		return err
	}
	name := string(e.Role) + ".json"
	if e.Version != m.Version {
		return fmt.Errorf("%w: %s has version %d, and is listed with %d", ErrMixed, name, e.Version, m.Version)
	}
	if m.Length != 0 && m.Length != int64(len(e.Raw)) {
		return fmt.Errorf("%w: %s has %d bytes, and is listed with %d", ErrNotTrusted, name, len(e.Raw), m.Length)
	}
	sum256, sum512 := sha256.Sum256(e.Raw), sha512.Sum512(e.Raw)
	for algorithm, sum := range map[string][]byte{"sha256": sum256[:], "sha512": sum512[:]} {
		if want, ok := m.Hashes[algorithm]; ok && !bytes.Equal(sum, want) {
			return fmt.Errorf("%w: %s has the %s %x, and is listed with %x", ErrNotTrusted, name, algorithm, sum, want)
		}
	}
	return nil
}
