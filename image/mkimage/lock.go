package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"signer/image"
	"signer/image/debian"
	"signer/image/debian/keyring"
)

// runLock pins the newest packages for all architectures.
func runLock(ctx context.Context, o options, std stdio) int {
	source, err := o.sourceFolder()
	if err != nil {
		return fail(std, err)
	}
	o.output = cmp.Or(o.output, o.lockFile(source))
	lock, err := o.resolve(ctx)
	if err != nil {
		return fail(std, err)
	}
	var b bytes.Buffer
	if _, err := lock.WriteTo(&b); err != nil {
		return fail(std, err)
	}
	if err := replace(o.output, b.Bytes()); err != nil {
		return fail(std, err)
	}
	for _, p := range lock {
		_, _ = fmt.Fprintf(std.out, "%-40s %-38s %-6s %s\n", p.Name, p.Version, p.Arch, p.Suite)
	}
	return exitGood
}

func (o options) resolve(ctx context.Context) (debian.Lock, error) {
	keys, err := keyring.Open(o.keyring)
	if err != nil {
		return nil, err
	}
	mirror, err := debian.OpenMirror(o.mirror)
	if err != nil {
		return nil, err
	}
	return mirror.Resolve(ctx, image.Wants(), keys)
}
