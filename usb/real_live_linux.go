package usb

import (
	"errors"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A live system that was started from a stick keeps it mounted, and it stays in.
// It is no drive of a ceremony: who waits for exactly one drive would wait for
// ever. No GUID says which it is, so the disks count that the system itself has in
// use when this program starts.

// ownDisks marks them as what the computer started from. It comes before anybody
// is told of a drive. inUse says whether somebody else has a disk; mounts is
// /proc/self/mountinfo.
func (r *Real) ownDisks(inUse func(*plugged) bool, mounts string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.plugged {
		if p.isDrive() {
			p.boot = r.sys.isOwn(p.name, mounts) || p.found.Kind == kindISO && inUse(p)
		}
	}
}

func (r *Real) inUse(p *plugged) bool {
	disk, err := r.openDisk(p, unix.O_RDONLY|unix.O_EXCL)
	if err == nil {
		_ = disk.Close() // nothing was written
	}
	return errors.Is(err, ErrInUse)
}

// forPeople are where desktops and people mount drives: what is mounted elsewhere
// the system has for itself, at "/", "/run/live/medium", "/cdrom" and the like.
var forPeople = []string{"/media/", "/run/media/", "/mnt/"}

// isOwn reports whether a disk or a part of it is mounted for the system itself.
// Lines of mountinfo have the device's number third and the place fifth
// (Documentation/filesystems/proc.rst, 3.5).
func (s sysfs) isOwn(name, mounts string) bool {
	parts, _ := filepath.Glob(s.at("block", name, name+"*", "dev")) // whose pattern is right
	numbers := map[string]bool{}
	for _, file := range append(parts, s.at("block", name, "dev")) {
		numbers[readSmall(file)] = true
	}
	delete(numbers, "") // of what could not be read
	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line)
		if len(fields) > 4 && numbers[fields[2]] && !isForPeople(fields[4]) {
			return true
		}
	}
	return false
}

func isForPeople(place string) bool {
	for _, top := range forPeople {
		if strings.HasPrefix(place+"/", top) {
			return true
		}
	}
	return false
}
