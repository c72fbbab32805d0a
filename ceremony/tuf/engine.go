package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

// Here go-tuf/v2 v2.4.2 is asked for its opinion. It panics on null keys, null
// roles and short Ed25519 keys (measured), so nothing reaches it that a Parse
// function of this package has not accepted.

// maxEngineWork bounds bytes times keys. It makes the canonical form of the
// file anew for every key of the role: a root of 370 kB that lists 1,200 root
// keys takes it 42 seconds, and us a tenth of one.
const maxEngineWork = 32 << 20

func engineAble(root *Root, file []byte, role Role) error {
	if n := len(root.Roles[role].KeyIDs); n*len(file) > maxEngineWork {
		return fmt.Errorf("not asked about %d bytes by any of %d keys: that would take it minutes", len(file), n)
	}
	return nil
}

// engineVerify is nil when go-tuf/v2 finds the file signed by those to whom root
// gives the role.
func engineVerify(root *Root, file []byte, role Role) error {
	if err := engineAble(root, file, role); err != nil {
		return err
	}
	delegator, err := metadata.Root().FromBytes(root.Raw)
	if err != nil {
		return err
	}
	switch role {
	case RoleRoot:
		if bytes.Equal(root.Raw, file) {
			return delegator.VerifyDelegate(string(role), delegator)
		}
		return engineDelegate[metadata.RootType](delegator, file, role)
	case RoleTargets:
		return engineDelegate[metadata.TargetsType](delegator, file, role)
	case RoleSnapshot:
		return engineDelegate[metadata.SnapshotType](delegator, file, role)
	default:
		return engineDelegate[metadata.TimestampType](delegator, file, role)
	}
}

func engineDelegate[T metadata.Roles](delegator *metadata.Metadata[metadata.RootType], file []byte, role Role) error {
	delegated, err := new(metadata.Metadata[T]).FromBytes(file)
	if err != nil {
		return err
	}
	return delegator.VerifyDelegate(string(role), delegated)
}

// engineLoad is nil when a client of go-tuf/v2 can begin with the root.
func engineLoad(root *Root) error {
	if err := engineAble(root, root.Raw, RoleRoot); err != nil {
		return err
	}
	_, err := trustedmetadata.New(root.Raw)
	return err
}

// engineStep is nil when a client of go-tuf/v2 that trusts the root from takes
// the root to. Expiry is not looked at.
func engineStep(from, to *Root) error {
	if err := errors.Join(engineAble(from, from.Raw, RoleRoot), engineAble(from, to.Raw, RoleRoot), engineAble(to, to.Raw, RoleRoot)); err != nil {
		return err
	}
	client, err := trustedmetadata.New(from.Raw)
	if err != nil {
		return err
	}
	_, err = client.UpdateRoot(to.Raw)
	return err
}

// engineUpdate is nil when a client of go-tuf/v2 that trusts the root takes the
// online files at the time now. Each of them was given to engineVerify before.
func engineUpdate(root []byte, m Published, now time.Time) error {
	client, err := trustedmetadata.New(root)
	if err != nil {
		return err
	}
	client.RefTime = now
	if _, err := client.UpdateTimestamp(m.Timestamp); err != nil {
		return err
	}
	if _, err := client.UpdateSnapshot(m.Snapshot, false); err != nil {
		return err
	}
	_, err = client.UpdateTargets(m.Targets)
	return err
}

// engineUpdateAfter is nil when the updater of go-tuf/v2 that trusts the root, and
// remembers the online files of before, takes those of after. As it does, it
// passes over what it remembers and cannot verify, and keeps the timestamp that it
// has while the version is the same.
func engineUpdateAfter(root *Root, before, after Published, now time.Time) error {
	for _, role := range OnlineRoles() {
		if err := errors.Join(engineAble(root, before.online(role), role), engineAble(root, after.online(role), role)); err != nil {
			return err
		}
	}
	client, err := trustedmetadata.New(root.Raw)
	if err != nil {
		return err
	}
	client.RefTime = now
	_, _ = client.UpdateTimestamp(before.Timestamp)
	if _, err := client.UpdateTimestamp(after.Timestamp); err != nil && !errors.Is(err, &metadata.ErrEqualVersionNumber{}) {
		return err
	}
	if _, remembered := client.UpdateSnapshot(before.Snapshot, true); remembered != nil {
		if _, err := client.UpdateSnapshot(after.Snapshot, false); err != nil {
			return err
		}
	}
	if _, remembered := client.UpdateTargets(before.Targets); remembered != nil {
		_, err = client.UpdateTargets(after.Targets)
	}
	return err
}
