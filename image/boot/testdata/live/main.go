// Command live is PID 1 of a machine that stands for a live system: it runs the
// program of the image's initramfs as people do there, on its only terminal.
//
//	run UID home --line    gives the exit status
//	mount sda1, unmount    what a desktop does to a drive by itself
//	load dummy.ko.xz       a driver, which makes the interface dummy0
//	up dummy0              has it up some time later
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"signer/image/qemu/guest"
)

func main() {
	guest.Run(func(io.Writer) guest.Answer { return do })
}

func do(words []string) (string, error) {
	switch {
	case words[0] == "run" && len(words) > 1:
		return run(words[1], words[2:])
	case words[0] == "mount" && len(words) == 2:
		return "mounted", unix.Mount("/dev/"+words[1], "/mnt", "vfat", 0, "")
	case words[0] == "load" && len(words) == 2:
		return "loaded", load(words[1])
	case words[0] == "up" && len(words) == 2:
		go func() {
			time.Sleep(3 * time.Second) // when the program may have started, or may not yet
			if err := up(words[1]); err != nil {
				panic(err)
			}
		}()
		return "it will be", nil
	case words[0] == "unmount":
		return "unmounted", unix.Unmount("/mnt", 0)
	}
	return "", errors.New("what?")
}

func run(user string, args []string) (string, error) {
	uid, err := strconv.ParseUint(user, 10, 32)
	if err != nil {
		return "", err
	}
	terminal, err := os.OpenFile("/dev/ttyS0", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = terminal.Close() }()
	program := exec.Command("/init", args...)
	program.Stdin, program.Stdout, program.Stderr = terminal, terminal, terminal
	// Not its controlling terminal: at the end of who has that, the kernel hangs it up.
	program.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid)}}
	if err := program.Run(); program.ProcessState == nil {
		return "", err
	}
	return fmt.Sprintf("exit status %d", program.ProcessState.ExitCode()), nil
}

func load(module string) error {
	file, err := os.Open("/modules/" + module)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return unix.FinitModule(int(file.Fd()), "", unix.MODULE_INIT_COMPRESSED_FILE)
}

// up sets the flag of an interface that ip link set up sets.
func up(name string) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(socket) }()
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}
