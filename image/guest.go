package image

import "context"

// BuildGuest makes what a virtual machine starts by itself, without an image: the
// kernel and the modules that images have, with another program of this source as
// PID 1. Tests use drives in it. Left out is what takes time and is not used:
// fonts, keymaps, compression, and modules for what QEMU does not have, which make
// three quarters of the time that loading takes.
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
	k := g.got.kernel
	if k.modules, err = k.tree.order(guestPurposes()); err != nil {
		return nil, nil, err
	}
	code, err := compile(ctx, o.Source, a, program, "")
	return k.image, archive(initramfs(code, k, nil), o.Built), err
}

// guestPurposes names only modules that images have.
func guestPurposes() []purpose {
	return []purpose{
		{"USB hosts", []string{"xhci-pci"}},
		{"USB keyboards", []string{"usbhid", "hid-generic"}},
		{"USB drives", usbDrives()},
		{"file systems of drives", fileSystems()},
	}
}
