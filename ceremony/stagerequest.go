package ceremony

import (
	"context"
	"errors"
	"fmt"

	"signer/ceremony/tuf"
)

// stageRequest makes a repository, and the request of another releaser for keys
// in it, as `signer request` writes it. The private keys stay with the releaser:
// nobody has them here.
func stageRequest(ctx context.Context, env Env, tray Tray) error {
	if err := stageRepository(ctx, env, tray); err != nil {
		return err
	}
	root, err := stagedRoot(ctx, env, tray)
	if err != nil {
		return fmt.Errorf("prepare the rehearsal: %w", err)
	}
	request, err := stagedRequest(env, root)
	if err != nil {
		return fmt.Errorf("prepare the rehearsal: %w", err)
	}
	return stageFiles(ctx, env, tray, transferLabel, tuf.File{Name: RequestName, Data: request, Perm: 0o644})
}

// stagedRoot is the root on the staged repository drive.
func stagedRoot(ctx context.Context, env Env, tray Tray) (root *tuf.Root, err error) {
	err = withStick(ctx, env, tray, repositoryLabel, false, func(vol Volume) error {
		b, err := vol.ReadFile("repository/root.json", tuf.MaxRootSize)
		if err == nil {
			root, err = tuf.ParseRoot(b, tuf.Strict)
		}
		return err
	})
	return root, err
}

func stagedRequest(env Env, root *tuf.Root) ([]byte, error) {
	request, err := NewKeyRequest(root, "Rhea", env.Now().AddDate(0, 0, -1))
	if err != nil {
		return nil, err
	}
	request.Rehearsal = true
	for _, role := range tuf.OnlineRoles() {
		key, err := tuf.NewKey(env.Rand)
		if err != nil {
			return nil, err
		}
		err = request.Add(role, key, env.Rand)
		key.Wipe()
		if err != nil {
			return nil, err
		}
	}
	return request.Encode()
}

// stageFiles puts files onto a blank stick, as another computer would.
func stageFiles(ctx context.Context, env Env, tray Tray, label string, files ...tuf.File) error {
	if stocked, ok := env.Drives.(Stocked); ok {
		if err := stocked.Add(label); err != nil {
			return err
		}
	}
	return withStick(ctx, env, tray, label, true, func(vol Volume) error {
		for _, f := range files {
			if err := vol.WriteFile(f.Name, f.Data, f.Perm); err != nil {
				return err
			}
		}
		return vol.Sync()
	})
}

// withStick plugs a stick in, opens it, and takes it out again. One that is to be
// written and has no file system gets one.
func withStick(ctx context.Context, env Env, tray Tray, label string, write bool, do func(Volume) error) (err error) {
	if err := tray.Plug(label); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tray.Unplug(label)) }()
	d := env.Drives.List()[0]
	if write && d.FileSystem == "" {
		if err := env.Drives.Format(ctx, d, label); err != nil {
			return err
		}
		d = env.Drives.List()[0]
	}
	vol, err := env.Drives.Open(ctx, d, write)
	if err != nil {
		return err
	}
	return errors.Join(do(vol), vol.Close())
}
