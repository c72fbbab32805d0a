package boot

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mountAll makes the folders of the kernel: there is no other file system but
// the initramfs, which is memory.
func mountAll() error {
	const strict = unix.MS_NOSUID | unix.MS_NOEXEC
	for _, m := range []struct {
		kind, at, options string
		flags             uintptr
	}{
		{"proc", "/proc", "hidepid=2", strict | unix.MS_NODEV},
		{"sysfs", "/sys", "", strict | unix.MS_NODEV},
		{"securityfs", "/sys/kernel/security", "", strict | unix.MS_NODEV}, // has the lockdown
		{"devtmpfs", "/dev", "mode=0755", strict},
		{"tmpfs", "/run", "mode=0700,size=1m", strict | unix.MS_NODEV}, // mount points alone
	} {
		if err := os.MkdirAll(m.at, 0o755); err != nil {
			return fmt.Errorf("mount %s: %w", m.kind, err)
		}
		if err := unix.Mount(m.kind, m.at, m.kind, m.flags, m.options); err != nil {
			return fmt.Errorf("mount %s on %q: %w", m.kind, m.at, err)
		}
	}
	return nil
}
