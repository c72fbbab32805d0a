package qemu

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startBound starts a program that the kernel ends when this one dies, be it by a
// panic or a time limit of its tests. That goes by thread: this one stays.
func startBound(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	return cmd.Start()
}
