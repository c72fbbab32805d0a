// Command guest is PID 1 of the machine in which the tests of package usb use
// real drives: it does to them what commands say.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"signer/ceremony"
	"signer/image/qemu/guest"
	"signer/usb"
)

func main() { guest.Run(start) }

func start(line io.Writer) guest.Answer {
	drives, err := usb.OpenReal(usb.RealOptions{Disk: os.Getenv("BOOTDISK"), Log: func(s string) { fmt.Fprintln(line, "log:", s) }})
	if err != nil {
		return func([]string) (string, error) { return "", err }
	}
	t := &table{drives: drives}
	return func(words []string) (string, error) {
		answer, err := t.do(words[0], append(words[1:], "", "", ""))
		if err != nil {
			err = fmt.Errorf("%s%w", flags(err), err)
		}
		return answer, err
	}
}

// flags are the errors that a ceremony asks for.
func flags(err error) string {
	var list string
	for name, is := range map[string]error{"gone": ceremony.ErrGone, "full": ceremony.ErrFull, "foreign": ceremony.ErrForeign,
		"in-use": usb.ErrInUse, "read-only": usb.ErrReadOnly, "blank": usb.ErrNoFileSystem, "no-boot": ceremony.ErrNoBootDrive,
		"permission": fs.ErrPermission, "not-exist": fs.ErrNotExist, "capacity": usb.ErrCapacity} {
		if errors.Is(err, is) {
			list += "[" + name + "] "
		}
	}
	return list
}

// table is where the drives are.
type table struct {
	drives  *usb.Real
	volumes [2]ceremony.Volume
}

func (t *table) do(command string, words []string) (string, error) {
	a := words[0]
	switch command {
	case "wait":
		return t.wait(number(a))
	case "format":
		return "formatted", t.drives.Format(context.Background(), t.drive(a), words[1])
	case "open", "read-only":
		v, err := t.drives.Open(context.Background(), t.drive(a), command == "open")
		if err == nil {
			t.volumes[number(a)] = v
		}
		return "opened", err
	case "mounts":
		return mounts()
	case "elsewhere":
		return "mounted", unix.Mount("/dev/"+a, "/mnt", "vfat", 0, "")
	case "nowhere":
		return "unmounted", unix.Unmount("/mnt", 0)
	case "boot":
		return t.boot()
	case "guard":
		return "guarded", t.drives.Guard()
	case "refused":
		return t.refused(number(a))
	case "plugged":
		return "yes", t.until(func() bool { return fmt.Sprint(t.drives.BootPlugged()) == a })
	}
	v := t.volumes[number(a)]
	if v == nil {
		return "", errors.New("what?")
	}
	return onVolume(v, command, words[1], words[2])
}

func onVolume(v ceremony.Volume, command, name, size string) (string, error) {
	switch command {
	case "write":
		return "written", v.WriteFile(name, content(name, number(size)), 0o600)
	case "fill":
		return fill(v, name, number(size))
	case "read":
		data, err := v.ReadFile(name, 64<<20)
		return digest(data), err
	case "list":
		entries, err := v.List()
		var text []string
		for _, e := range entries {
			text = append(text, fmt.Sprintf("%s %v %d;", e.Name, e.Mode, e.Size))
		}
		return strings.Join(text, " "), err
	case "remove":
		return "removed", v.Remove(name)
	case "overwrite":
		return "overwritten", v.Overwrite(name)
	case "sync":
		return "synced", v.Sync()
	case "close":
		return "closed", v.Close()
	}
	return "", errors.New("what?")
}

// fill writes files until that does not work any more.
func fill(v ceremony.Volume, name string, size int) (string, error) {
	for i := range 1000 {
		if err := v.WriteFile(fmt.Sprintf("%s%d", name, i), content(name, size), 0o600); err != nil {
			return "", fmt.Errorf("after %d files: %w", i, err)
		}
	}
	return "never full", nil
}

// wait waits until so many drives are plugged in, and says which.
func (t *table) wait(count int) (string, error) {
	err := t.until(func() bool { return len(t.drives.List()) == count })
	text := fmt.Sprintf("%d drives", count)
	for _, d := range t.drives.List() {
		text += fmt.Sprintf(" [%s|%s|%s|%d|%s|%s]", d.Vendor, d.Model, d.Serial, d.Size, d.FileSystem, d.Label)
	}
	return text, err
}

func (t *table) refused(count int) (string, error) {
	err := t.until(func() bool { return len(t.drives.Refused()) >= count })
	return fmt.Sprintf("refused %q keyboards %q returned %q", t.drives.Refused(), t.drives.Keyboards(), t.drives.Returned()), err
}

// until waits for something that a change of the drives brings about.
func (t *table) until(so func() bool) error {
	late := time.After(time.Minute)
	for {
		changed := t.drives.Changed()
		if so() {
			return nil
		}
		select {
		case <-changed:
		case <-late:
			return fmt.Errorf("it is not so after a minute, with %d drives", len(t.drives.List()))
		}
	}
}

func (t *table) drive(index string) ceremony.Drive {
	if list := t.drives.List(); number(index) < len(list) {
		return list[number(index)]
	}
	return ceremony.Drive{Plugging: "none"}
}

func (t *table) boot() (string, error) {
	pieces := 0
	b, err := t.drives.ReadBoot(context.Background(), func(_, _ int64) { pieces++ })
	return fmt.Sprintf("plugged %v, %d bytes in %d pieces, %s", t.drives.BootPlugged(), b.Size, pieces, b.Digest), err
}

func mounts() (string, error) {
	text, err := os.ReadFile("/proc/self/mounts")
	var list []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "/dev/s") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return fmt.Sprintf("%d mounts %q", len(list), list), err
}

// content is what a file of this name and size holds.
func content(name string, size int) []byte {
	sum := sha256.Sum256([]byte(name))
	return []byte(strings.Repeat(string(sum[:]), size/len(sum)+1)[:size])
}

func digest(data []byte) string { return fmt.Sprintf("%d bytes %x", len(data), sha256.Sum256(data)) }

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
