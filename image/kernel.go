package image

import (
	"context"
	"fmt"
	"path"
	"strings"

	"signer/image/debian"
)

// kernel is what is taken from Debian's package of it.
type kernel struct {
	from    debian.Package
	version string // as uname -r says it
	image   []byte
	tree    moduleTree
	modules []Module // in the order of loading
}

// unpackKernel takes the kernel and the modules of the table. All modules must be
// read for that, once: what depends on what is written in them.
func (s store) unpackKernel(ctx context.Context, a arch, p debian.Package) (kernel, error) {
	chosen, err := s.unpack(ctx, p, fmt.Sprint("kernel ", a.purposes, forbidden()), func(deb *debian.Deb) (files, error) {
		all, err := only(ofKernel)(deb)
		if err != nil {
			return nil, err
		}
		return chooseModules(all, a)
	})
	if err != nil {
		return kernel{}, err
	}
	k := kernel{from: p}
	if k.version, k.image, err = chosen.kernelImage(); err != nil {
		return kernel{}, fmt.Errorf("%s: %w", p, err)
	}
	k.tree = plantModules(chosen.below(modulesFolder(k.version)))
	if k.modules, err = k.tree.order(a.purposes); err != nil {
		return kernel{}, fmt.Errorf("%s: %w", p, err)
	}
	return k, nil
}

func ofKernel(name string) bool {
	return strings.HasPrefix(name, "boot/vmlinuz-") ||
		strings.HasPrefix(name, "usr/lib/modules/") && (strings.HasSuffix(name, ".ko.xz") || path.Base(name) == "modules.builtin")
}

func modulesFolder(version string) string { return "usr/lib/modules/" + version + "/" }

// chooseModules leaves the modules that will be in the image.
func chooseModules(all files, a arch) (files, error) {
	version, image, err := all.kernelImage()
	if err != nil {
		return nil, err
	}
	folder := modulesFolder(version)
	modules, err := plantModules(all.below(folder)).order(a.purposes)
	if err != nil {
		return nil, err
	}
	chosen := files{"boot/vmlinuz-" + version: image, folder + "modules.builtin": all[folder+"modules.builtin"]}
	for _, m := range modules {
		chosen[folder+m.Path] = m.Data
	}
	return chosen, nil
}

func (f files) kernelImage() (version string, image []byte, err error) {
	for name, data := range f {
		if v, ok := strings.CutPrefix(name, "boot/vmlinuz-"); ok {
			if version != "" {
				return "", nil, fmt.Errorf("two kernels in one package: %s and %s", version, v)
			}
			version, image = v, data
		}
	}
	if version == "" {
		return "", nil, fmt.Errorf("no kernel in the package")
	}
	return version, image, nil
}

// below are the files of a folder, by their names there.
func (f files) below(folder string) files {
	found := files{}
	for name, data := range f {
		if rest, ok := strings.CutPrefix(name, folder); ok {
			found[rest] = data
		}
	}
	return found
}
