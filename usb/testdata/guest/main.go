// Command guest is PID 1 of the machine in which the tests of package usb use
// real drives. It loads the modules of /modules/order, and does on the first
// serial console what it is told there: a command in words gives one line, which
// begins with "= ".
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"signer/ceremony"
	"signer/usb"
)

func main() {
	for _, m := range [][2]string{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}, {"tmpfs", "/run"}, {"tmpfs", "/mnt"}} {
		_ = os.Mkdir(m[1], 0o755)
		_ = unix.Mount(m[0], m[1], m[0], 0, "")
	}
	line, err := os.OpenFile("/dev/ttyS0", os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	load(line)
	g := &guest{line: line}
	if err := g.start(); err != nil {
		fmt.Fprintln(line, "= error:", err)
	}
	fmt.Fprintln(line, "= ready")
	commands := bufio.NewScanner(line)
	for commands.Scan() {
		words := strings.Fields(commands.Text())
		if len(words) == 0 {
			continue
		}
		began := time.Now()
		answer, err := g.do(words[0], append(words[1:], "", "", ""))
		if err != nil {
			answer = "error:" + flags(err) + " " + err.Error()
		}
		fmt.Fprintf(line, "= %s (%d ms)\n", answer, time.Since(began).Milliseconds())
	}
}

func load(line *os.File) {
	order, _ := os.ReadFile("/modules/order")
	for entry := range strings.Lines(string(order)) {
		name, parameters, _ := strings.Cut(strings.TrimSpace(entry), " ")
		f, err := os.Open("/modules/" + name)
		if err == nil {
			err = unix.FinitModule(int(f.Fd()), parameters, unix.MODULE_INIT_COMPRESSED_FILE)
		}
		if err != nil {
			fmt.Fprintf(line, "module %s: %v\n", name, err)
		}
	}
}

// flags are the errors that a ceremony asks for.
func flags(err error) string {
	var list string
	for name, is := range map[string]error{"gone": ceremony.ErrGone, "full": ceremony.ErrFull, "foreign": ceremony.ErrForeign,
		"in-use": usb.ErrInUse, "read-only": usb.ErrReadOnly, "blank": usb.ErrNoFileSystem, "no-boot": ceremony.ErrNoBootDrive,
		"permission": fs.ErrPermission, "not-exist": fs.ErrNotExist, "capacity": usb.ErrCapacity} {
		if errors.Is(err, is) {
			list += " [" + name + "]"
		}
	}
	return list
}

type guest struct {
	line    *os.File
	drives  *usb.Real
	volumes [2]ceremony.Volume
}

func (g *guest) start() (err error) {
	g.drives, err = usb.OpenReal(usb.RealOptions{Disk: os.Getenv("BOOTDISK"), Log: func(s string) { fmt.Fprintln(g.line, "log:", s) }})
	return err
}

func (g *guest) do(command string, words []string) (string, error) {
	a := words[0]
	switch command {
	case "wait":
		return g.wait(number(a))
	case "format":
		return "formatted", g.drives.Format(context.Background(), g.drive(a), words[1])
	case "open", "read-only":
		v, err := g.drives.Open(context.Background(), g.drive(a), command == "open")
		if err == nil {
			g.volumes[number(a)] = v
		}
		return "opened", err
	case "mounts":
		return mounts()
	case "elsewhere":
		return "mounted", unix.Mount("/dev/"+a, "/mnt", "vfat", 0, "")
	case "nowhere":
		return "unmounted", unix.Unmount("/mnt", 0)
	case "boot":
		return g.boot()
	case "guard":
		return "guarded", g.drives.Guard()
	case "refused":
		return g.refused(number(a))
	case "plugged":
		return "yes", g.until(func() bool { return fmt.Sprint(g.drives.BootPlugged()) == a })
	case "off":
		return "", unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
	v := g.volumes[number(a)]
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
func (g *guest) wait(count int) (string, error) {
	err := g.until(func() bool { return len(g.drives.List()) == count })
	text := fmt.Sprintf("%d drives", count)
	for _, d := range g.drives.List() {
		text += fmt.Sprintf(" [%s|%s|%s|%d|%s|%s]", d.Vendor, d.Model, d.Serial, d.Size, d.FileSystem, d.Label)
	}
	return text, err
}

func (g *guest) refused(count int) (string, error) {
	err := g.until(func() bool { return len(g.drives.Refused()) >= count })
	return fmt.Sprintf("refused %q keyboards %q returned %q", g.drives.Refused(), g.drives.Keyboards(), g.drives.Returned()), err
}

// until waits for something that a change of the drives brings about.
func (g *guest) until(so func() bool) error {
	late := time.After(10 * time.Second)
	for {
		changed := g.drives.Changed()
		if so() {
			return nil
		}
		select {
		case <-changed:
		case <-late:
			return fmt.Errorf("it is not so after 10 s, with %d drives", len(g.drives.List()))
		}
	}
}

func (g *guest) drive(index string) ceremony.Drive {
	if list := g.drives.List(); number(index) < len(list) {
		return list[number(index)]
	}
	return ceremony.Drive{Plugging: "none"}
}

func (g *guest) boot() (string, error) {
	pieces := 0
	b, err := g.drives.ReadBoot(context.Background(), func(_, _ int64) { pieces++ })
	return fmt.Sprintf("plugged %v, %d bytes in %d pieces, %s", g.drives.BootPlugged(), b.Size, pieces, b.Digest), err
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
