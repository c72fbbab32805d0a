package usb

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// uevents is a socket on which the kernel tells of devices.
type uevents struct{ file *os.File }

// kernelGroup is the group of the kernel's own messages; udev's are in another.
const kernelGroup = 1

// socketBuffer holds the messages of many devices at once, as when a hub is
// plugged in.
const socketBuffer = 1 << 20

func listenUevents() (*uevents, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("listen for devices: %w", err)
	}
	// Without the right to more, the usual size does, and a full buffer is noticed.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernelGroup}); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("listen for devices: %w", err)
	}
	return &uevents{os.NewFile(uintptr(fd), "uevents")}, nil
}

// errMissed says that messages were lost: whoever counts on them looks again.
var errMissed = errors.New("messages of the kernel were lost")

// next waits for a message of the kernel. Those of other senders, and those that
// cannot be read, are passed over.
func (u *uevents) next() (uevent, error) {
	conn, err := u.file.SyscallConn()
	if err != nil {
		return uevent{}, err
	}
	buffer := make([]byte, maxUevent+1)
	for {
		n, from, err := receive(conn.Read, buffer)
		switch {
		case errors.Is(err, unix.ENOBUFS):
			return uevent{}, errMissed
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return uevent{}, err
		}
		if sender, ok := from.(*unix.SockaddrNetlink); !ok || sender.Pid != 0 {
			continue // a program's
		}
		if event, err := parseUevent(buffer[:n]); err == nil {
			return event, nil
		}
	}
}

func receive(read func(func(fd uintptr) bool) error, buffer []byte) (n int, from unix.Sockaddr, err error) {
	waited := read(func(fd uintptr) bool {
		n, from, err = unix.Recvfrom(int(fd), buffer, 0)
		return !errors.Is(err, unix.EAGAIN)
	})
	return n, from, errors.Join(waited, err)
}

func (u *uevents) close() error { return u.file.Close() }
