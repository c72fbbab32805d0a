package qemu

import (
	"fmt"
	"os"
	"path/filepath"
)

// firmware names the two flash chips of a UEFI machine: code, which is only
// read, and variables, of which each machine has its own copy.
type firmware struct {
	code, vars, debian string
	smm                bool
}

// ovmf names Debian's firmware for amd64. The one with Microsoft's keys keeps its
// variables by System Management Mode and starts only on a machine that has it.
func ovmf(f Firmware) firmware {
	const dir = "/usr/share/OVMF/"
	if f == SecureBoot {
		return firmware{dir + "OVMF_CODE_4M.ms.fd", dir + "OVMF_VARS_4M.ms.fd", "ovmf", true}
	}
	return firmware{dir + "OVMF_CODE_4M.fd", dir + "OVMF_VARS_4M.fd", "ovmf", false}
}

// aavmf names Debian's firmware for arm64.
func aavmf(f Firmware) firmware {
	const dir = "/usr/share/AAVMF/"
	if f == SecureBoot {
		return firmware{dir + "AAVMF_CODE.ms.fd", dir + "AAVMF_VARS.ms.fd", "qemu-efi-aarch64", false}
	}
	return firmware{dir + "AAVMF_CODE.fd", dir + "AAVMF_VARS.fd", "qemu-efi-aarch64", false}
}

// ownVars copies the variables into the machine's folder, unless an earlier
// start has left them there: a machine that is started again remembers.
func (f firmware) ownVars(dir string) (string, error) {
	name := filepath.Join(dir, "vars.fd")
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	data, err := os.ReadFile(f.vars)
	if err != nil {
		return "", fmt.Errorf("firmware variables: %w", err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		return "", fmt.Errorf("firmware variables: %w", err)
	}
	return name, nil
}
