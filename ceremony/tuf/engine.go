package tuf

import (
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

// Here go-tuf/v2 v2.4.2 is asked for its opinion. It panics on null keys, null
// roles and short Ed25519 keys (measured), so nothing reaches it that a Parse
// function of this package has not accepted.

// engineVerify is nil when go-tuf/v2 finds the file signed by those to whom root
// gives the role.
func engineVerify(root, file []byte, role Role) error {
	delegator, err := metadata.Root().FromBytes(root)
	if err != nil {
		return err
	}
	switch role {
	case RoleRoot:
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

// engineStep is nil when a client of go-tuf/v2 that trusts the root from takes
// the root to, or from alone when to is nil. Expiry is not looked at.
func engineStep(from, to []byte) error {
	client, err := trustedmetadata.New(from)
	if err != nil || to == nil {
		return err
	}
	_, err = client.UpdateRoot(to)
	return err
}

// engineUpdate is nil when a client of go-tuf/v2 that trusts the root takes the
// online files at the time now.
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
