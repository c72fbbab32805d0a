package release

import (
	"fmt"
	"time"

	"signer/ceremony/tuf"
)

// Here is said what was done, and what people do now.

const (
	publishIt       = "Publish: signer publish."
	removalCeremony = "\"Remove online keys\""
)

// report begins what is told. What is signed again is one version higher.
func (x *rotation) report(phase Phase, rel *tuf.Release, again map[tuf.Role]time.Time) {
	x.takenOver(x.release, again)
	x.done.Result, x.done.Phase = x.result(rel, again), phase
}

func (x *rotation) next(format string, args ...any) {
	x.done.Next = append(x.done.Next, fmt.Sprintf(format, args...))
}

func (x *rotation) tellRotated(rings []*keyring) {
	for _, ring := range rings {
		x.tellMade(ring, ring.made)
		for _, k := range ring.listed {
			for _, id := range k.ids {
				x.done.Revoked = append(x.done.Revoked, MadeKey{Role: x.role, ID: id})
			}
		}
		x.tellLeft(ring, privateKeys(ring.listed))
		x.tellLeft(ring, ring.gone)
		x.tellLeft(ring, ring.next)
		for _, k := range ring.next {
			x.done.Warnings = append(x.done.Warnings, fmt.Sprintf("%s held key %s, which no root lists: it was thrown away. If it was requested for a ceremony, withdraw the request.", ring.file(), k.ID()))
		}
	}
	if x.role == tuf.RoleRoot && len(x.release.Stale()) > 0 {
		x.next("Sign the online files again: signer updates rotate %s.", x.release.Stale()[0])
	}
	x.next(publishIt)
	x.next("Copies of the old key file, on drives and in backups, still open: destroy them when clients have root %d.", x.root.Version+1)
}

// tellMade names new keys. Those of a dry run are nobody's.
func (x *rotation) tellMade(ring *keyring, keys []*tuf.PrivateKey) {
	if x.options.DryRun {
		return
	}
	for _, k := range keys {
		x.done.Keys = append(x.done.Keys, MadeKey{Role: x.role, ID: k.ID(), File: ring.file()})
	}
}

func (x *rotation) tellLeft(ring *keyring, keys []*tuf.PrivateKey) {
	for _, k := range keys {
		x.done.Left = append(x.done.Left, MadeKey{Role: x.role, ID: k.ID(), File: ring.file()})
	}
}

func (x *rotation) tellRequested(ring *keyring, asked []*tuf.PrivateKey) {
	x.tellMade(ring, ring.made)
	for _, k := range asked {
		x.done.Asked = append(x.done.Asked, MadeKey{Role: x.role, ID: k.ID(), File: ring.file()})
	}
	x.next("Give the request to whoever holds the root keys, for the ceremony \"Add a releaser's keys\", and tell them the key IDs by another way: they compare them.")
	x.next("When root %d is there, bring it into %s/ (signer pull, or a copy) and run signer updates rotate %s again. Until then the old key signs on.", x.root.Version+1, repositoryFolder, x.role)
}

func (x *rotation) tellFinished(ring *keyring, stay, leave []standingKey) {
	x.tellLeft(ring, privateKeys(leave))
	x.tellLeft(ring, ring.gone)
	x.next(publishIt)
	for _, k := range leave {
		x.next("Root %d still lists the old key %s: have it removed in the next ceremony (%s). Whoever has a copy of it can sign until then.", x.root.Version, k.ID(), removalCeremony)
	}
	if len(leave) > 0 {
		x.next("When the root of that ceremony is in %s/, sign signer updates timestamp, and publish both together.", repositoryFolder)
	}
	for _, k := range stay {
		if ages(stay) && k.since < stay[0].since {
			x.next("The old key %s stays in %s: %d keys have to sign %s.json.", k.ID(), ring.file(), x.threshold(x.role), x.role)
		}
	}
	for _, k := range ring.gone {
		x.next("Root %d no longer lists key %s: it was taken out of %s, and nothing is left to do with it.", x.root.Version, k.ID(), ring.file())
	}
	if len(ring.next) > 0 {
		x.next("Key %s waits for a ceremony: run signer updates rotate %s again for its request.", idsOf(ring.next), x.role)
	}
}
