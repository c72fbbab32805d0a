package ceremony

import (
	"context"
	"fmt"
	"time"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// stageOldStick makes the repository that a company has after `fleetctl updates
// init`: root 1 with one key, ten years, and all keys in one folder, on a stick.
// Each passphrase is the name of the role.
func stageOldStick(ctx context.Context, env Env, tray Tray) error {
	files, err := fleetTree(env)
	if err != nil {
		return fmt.Errorf("prepare the rehearsal: %w", err)
	}
	return stageFiles(ctx, env, tray, oldSticker, files...)
}

// fleetTree is made by the functions that make every repository: nobody's files
// are copied.
func fleetTree(env Env) ([]tuf.File, error) {
	now := env.Now().AddDate(0, 0, -stagedDays).UTC().Truncate(time.Second)
	change := tuf.Change{Name: "create", Expires: now.AddDate(10, 0, 0), Thresholds: map[tuf.Role]int{},
		Online: map[tuf.Role]time.Time{tuf.RoleTargets: now.AddDate(3, 0, 0), tuf.RoleSnapshot: now.AddDate(3, 0, 0), tuf.RoleTimestamp: now.AddDate(0, 0, 14)}}
	var keys []*tuf.PrivateKey
	defer func() {
		for _, key := range keys {
			key.Wipe()
		}
	}()
	var files []tuf.File
	for _, role := range tuf.Roles() {
		key, err := tuf.NewKey(env.Rand)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
		change.Grants = append(change.Grants, tuf.Grant{Role: role, Key: key.Key(), Holder: "fleetctl"})
		change.Thresholds[role] = 1
		locked, err := tuf.SealKeys([]*tuf.PrivateKey{key}, secret.Bytes(role), env.Cost, env.Rand)
		if err != nil {
			return nil, err
		}
		files = append(files, tuf.File{Name: "keys/" + string(role) + ".json", Data: locked, Perm: 0o600})
	}
	published, err := firstFiles(env, change, now, keys)
	if err != nil {
		return nil, err
	}
	metadata, err := published.Files()
	return append(files, metadata...), err
}

// firstFiles signs a creation without a person: it is for rehearsals.
func firstFiles(env Env, change tuf.Change, now time.Time, keys []*tuf.PrivateKey) (tuf.Published, error) {
	draft, err := tuf.Derive(nil, change, now)
	if err != nil {
		return tuf.Published{}, err
	}
	challenge, err := draft.Review().Challenge(env.Rand)
	if err != nil {
		return tuf.Published{}, err
	}
	reviewed, err := challenge.Confirm(challenge.Words[0] + " " + challenge.Words[1])
	if err != nil {
		return tuf.Published{}, err
	}
	root, err := tuf.Sign(reviewed, keys[:1]...)
	if err != nil {
		return tuf.Published{}, err
	}
	return tuf.SignOnline(reviewed, root, keys[1:]...)
}
