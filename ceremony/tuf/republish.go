package tuf

import (
	"errors"
	"fmt"
	"slices"
)

// A root that takes an online key away must go out with files that the remaining
// keys signed: clients of v0.5.2 say "updated" otherwise, and find nothing
// (measured). So the files that the review names are signed again here, with
// what was in them, each listing the one before it.

// SignOnlineAgain makes the publish of a later root: the root itself, and the
// online files that its review names. The files there are must be signed as the
// root before or the new one wants; whether they are expired does not matter.
//
// What a targets.json delegates is not known here, so one that does is refused.
func SignOnlineAgain(r Reviewed, root *Root, current Published, keys ...*PrivateKey) (Published, error) {
	if r.draft == nil || root.Digest() != r.digest {
		return Published{}, fmt.Errorf("sign online files again: %w", ErrNotReviewed)
	}
	if err := root.namesOnline(keys); err != nil {
		return Published{}, fmt.Errorf("sign online files again: %w", err)
	}
	p, err := r.republish(root, current, byRole(root, keys))
	if err != nil {
		return Published{}, fmt.Errorf("sign online files again: %w", err)
	}
	return p, nil
}

// republish adds the root to what is published, and signs the files that the
// change names.
func (r Reviewed) republish(root *Root, current Published, by signing) (Published, error) {
	if err := r.continues(current); err != nil {
		return Published{}, err
	}
	if err := r.complete(root); err != nil {
		return Published{}, err
	}
	p := current
	p.Roots, p.Root = append(slices.Clone(current.Roots), root.Raw), nil
	if len(r.draft.change.Online) == 0 {
		return p, nil
	}
	s := republisher{onlineSigner{r.draft.change, root, by}, r.draft.previous}
	err := s.files(&p)
	return p, err
}

// continues wants the root that was reviewed to follow what is published.
func (r Reviewed) continues(current Published) error {
	if r.draft.previous == nil {
		return errors.New("root 1 has no files before it")
	}
	if len(current.Roots) == 0 {
		return errors.New("nothing is published")
	}
	latest, err := adopted(current.Roots[len(current.Roots)-1], ParseRoot)
	if err != nil {
		return err
	}
	if latest.Digest() != r.draft.previous.Digest() {
		return fmt.Errorf("root %d (%s) is published, and root %d (%s) was reviewed to follow root %d (%s): %w", latest.Version, latest.Digest(),
			r.draft.root.Version, r.digest, r.draft.previous.Version, r.draft.previous.Digest(), ErrFork)
	}
	return nil
}
