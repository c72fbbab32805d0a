package image

import (
	"fmt"
	"regexp"
	"strings"

	"signer/image/debian"
)

// arch is all that one architecture has of its own.
type arch struct {
	name     string // Go's word for it, and Debian's
	efi      string // UEFI's word for it, in the names of EFI programs: "X64"
	grub     string // GRUB's word for it: "x86_64"
	serial   string // the first serial console
	limit    int64  // bytes that the image may have
	purposes []purpose
}

func arches() []arch {
	return []arch{
		{name: "amd64", efi: "X64", grub: "x86_64", serial: "ttyS0", limit: 24_000_000, purposes: amd64Purposes()},
		{name: "arm64", efi: "AA64", grub: "arm64", serial: "ttyAMA0", limit: 60_000_000, purposes: arm64Purposes()},
	}
}

// Arches are the architectures that an image can be built for.
func Arches() []string {
	var names []string
	for _, a := range arches() {
		names = append(names, a.name)
	}
	return names
}

func archNamed(name string) (arch, error) {
	for _, a := range arches() {
		if a.name == name {
			return a, nil
		}
	}
	return arch{}, fmt.Errorf("no image for the architecture %q: there are %s", name, strings.Join(Arches(), " and "))
}

// suites are those of Debian 13, in the order in which people look.
func suites() []string { return []string{"trixie-security", "trixie-updates", "trixie"} }

func (a arch) want(name string) debian.Want {
	return debian.Want{Name: name, Arch: a.name, Suites: suites()}
}

// kernel is the kernel that Debian signed, whatever its revision.
func (a arch) kernel() debian.Want {
	form := regexp.MustCompile(`^linux-image-6\.12\.[0-9]+\+deb13-` + a.name + `$`)
	return debian.Want{Pattern: form, Arch: a.name, Suites: suites()}
}

func (a arch) shim() debian.Want       { return a.want("shim-signed") }
func (a arch) grubSigned() debian.Want { return a.want("grub-efi-" + a.name + "-signed") }
func (a arch) fonts() debian.Want      { return a.want("console-setup-linux") }
func (a arch) keyboards() debian.Want  { return a.want("xkb-data") }
func (a arch) keysyms() debian.Want    { return a.want("x11proto-dev") }

// Wants are the packages that images of all architectures are made from.
func Wants() []debian.Want {
	var all []debian.Want
	for _, a := range arches() {
		all = append(all, a.kernel(), a.shim(), a.grubSigned(), a.fonts(), a.keyboards(), a.keysyms())
	}
	return all
}

// efiProgram is a program that the firmware or shim starts.
type efiProgram struct {
	from debian.Want
	file string // in the package
	name string // in the image
}

// chain is what runs before the kernel. The firmware looks for BOOTX64.EFI, which
// is shim, signed by Microsoft; shim starts GRUB beside it, signed by Debian. Its
// third part, MokManager, is left out: it offers to trust other keys when a
// signature is wrong, which is what somebody who altered the stick would want, and
// it has 0.9 MB.
func (a arch) chain() []efiProgram {
	low := strings.ToLower(a.efi)
	return []efiProgram{
		{a.shim(), "usr/lib/shim/shim" + low + ".efi.signed", "EFI/BOOT/BOOT" + a.efi + ".EFI"},
		{a.grubSigned(), "usr/lib/grub/" + a.grub + "-efi-signed/grub" + low + ".efi.signed", "EFI/BOOT/grub" + low + ".efi"},
	}
}
