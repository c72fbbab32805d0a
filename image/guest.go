package image

import "context"

// BuildGuest makes what a virtual machine starts by itself, without an image: the
// kernel and the modules that images have, with another program of this source as
// PID 1, and without fonts and keymaps. Tests use drives in it. The initramfs is
// not compressed: that takes longer than it saves.
func BuildGuest(ctx context.Context, o Options, program string) (vmlinuz, initrd []byte, err error) {
	a, err := archNamed(o.Arch)
	if err != nil {
		return nil, nil, err
	}
	if o, err = o.complete(); err != nil {
		return nil, nil, err
	}
	g, err := startGathering(ctx, o, a)
	if err != nil {
		return nil, nil, err
	}
	if err := g.takeKernel(); err != nil {
		return nil, nil, err
	}
	code, err := compile(ctx, o.Source, a, program, "")
	if err != nil {
		return nil, nil, err
	}
	return g.got.kernel.image, archive(initramfs(code, g.got.kernel, nil), o.Built), nil
}
