package boot

import (
	"errors"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// ignoreSignals is the first thing that PID 1 does: with Ctrl+Alt+Del off the
// kernel sends it SIGINT, and Go's way of ending then is a kernel panic
// (measured). SIGPIPE is a pulled serial cable.
func ignoreSignals() {
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGPIPE)
}

// reap takes in whatever the kernel gives to PID 1. The appliance starts no
// process, and what nobody waits for would stay for ever.
func reap() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	go func() {
		for range ended {
			for {
				if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
					break
				}
			}
		}
	}()
}

// harden shuts the ways by which memory leaves a running kernel, and the keys
// that end it.
func harden() error {
	var errs []error
	for name, value := range map[string]string{
		"kernel/sysrq":               "0",
		"kernel/printk":              "1 1 1 1", // the kernel's errors go over the screen, in spite of "quiet" (measured)
		"kernel/core_pattern":        "",
		"kernel/kexec_load_disabled": "1",
		"kernel/modprobe":            "", // nothing is loaded that was not chosen
		"kernel/dmesg_restrict":      "1",
		"kernel/kptr_restrict":       "2",
		"fs/suid_dumpable":           "0",
	} {
		errs = append(errs, setting(name, value))
	}
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF); err != nil {
		errs = append(errs, fmt.Errorf("turn off Ctrl+Alt+Del: %w", err))
	}
	errs = append(errs, KeepMemory())
	return errors.Join(errs...)
}

// KeepMemory keeps what this process has in memory there: no core dump, no
// debugger, no swap. A live system has all three.
func KeepMemory() error {
	var errs []error
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		errs = append(errs, fmt.Errorf("forbid core dumps: %w", err))
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		errs = append(errs, fmt.Errorf("forbid core dumps: %w", err))
	}
	// With MCL_ONFAULT: without it all that could ever be used is taken at once,
	// 80 MB in place of 3 (measured).
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		errs = append(errs, fmt.Errorf("lock memory: %w", err))
	}
	return errors.Join(errs...)
}

// trustKernel looks at what the kernel says of itself.
func trustKernel() error {
	var said [3]string
	for i, name := range []string{"/proc/cmdline", "/sys/kernel/security/lockdown", "/proc/swaps"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("ask the kernel about itself: %w", err)
		}
		said[i] = string(data)
	}
	return checkKernel(said[0], said[1], said[2])
}

// setting writes a value below /proc/sys. One that this kernel does not have
// cannot be on.
func setting(name, value string) error {
	err := os.WriteFile("/proc/sys/"+name, []byte(value+"\n"), 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("set %s: %w", name, err)
	}
	return nil
}
