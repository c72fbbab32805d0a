package release

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// expiries are those of the files that are signed again: of these roles, and of
// the files that list them. None comes sooner than it was to.
func (x *rotation) expiries(roles []tuf.Role) map[tuf.Role]time.Time {
	again, listed := map[tuf.Role]time.Time{}, false
	lives := map[tuf.Role]time.Duration{tuf.RoleTargets: targetsLife, tuf.RoleSnapshot: snapshotLife, tuf.RoleTimestamp: timestampLife}
	for _, role := range tuf.OnlineRoles() {
		if listed = listed || slices.Contains(roles, role); !listed {
			continue
		}
		at := x.options.Now.Add(lives[role])
		if was := x.release.Expires(role); was.After(at) {
			at = was
		}
		again[role] = at.UTC().Truncate(time.Second)
	}
	return again
}

func inOrder(again map[tuf.Role]time.Time) []tuf.Role {
	return slices.DeleteFunc(tuf.OnlineRoles(), func(role tuf.Role) bool { _, named := again[role]; return !named })
}

// publish plays the clients, locks the keys that each key file holds from now on,
// and commits all of it.
func (x *rotation) publish(ctx context.Context, p tuf.Published, rings []*keyring, hold func(*keyring) []*tuf.PrivateKey) error {
	simulated, err := tuf.SimulateAfter(x.asClientsHaveIt(), p, x.options.Now)
	if err != nil {
		return fmt.Errorf("it would be refused by clients, and was not written: %w", err)
	}
	for _, sentence := range simulated.Shown {
		if !strings.Contains(sentence, " expires on ") && !strings.Contains(sentence, " expired on ") { // every Result tells these
			x.warn("%s", sentence)
		}
	}
	files, err := p.Files()
	if err != nil {
		return err
	}
	for _, ring := range rings {
		f, err := x.seal(ctx, ring, hold(ring))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	return x.commit(ctx, change{files: files})
}

// asClientsHaveIt leaves out the roots that came from a ceremony, and that the
// online files are not signed for yet: no client has updated to these.
func (x *rotation) asClientsHaveIt() tuf.Published {
	if len(x.release.Stale()) == 0 {
		return x.before
	}
	p := x.before
	for p.Root = nil; len(p.Roots) > 1; {
		p.Roots = p.Roots[:len(p.Roots)-1]
		if rel, err := tuf.OpenRelease(p, x.options.Now); err == nil && len(rel.Stale()) == 0 {
			return p
		}
	}
	return x.before
}
