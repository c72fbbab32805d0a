package usb_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"signer/image/qemu"
)

// TestRealDrives boots one machine, and does to drives in it what people do.
func TestRealDrives(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a virtual machine")
	}
	image, digest := bootImage(t)
	m := startMachine(t, func(c *qemu.Config) {
		c.Append += "BOOTDISK=" + bootGUID
		c.Boot, c.BootAs = &qemu.Stick{Name: "dvd", File: image}, qemu.USBDisc
	})
	m.do("plugged true", "yes")
	m.do("wait 0", "0 drives")
	m.do("boot", "plugged true, 8388608 bytes in 8 pieces, "+digest)
	m.must(m.Do(m.ctx, "device_del", map[string]any{"id": "dvd-usb"}, nil))
	m.do("plugged false", "yes")
	t.Run("a blank drive is formatted, written and read back", func(t *testing.T) { m.on(t).written() })
	t.Run("pulled while it is written", func(t *testing.T) { m.on(t).pulled() })
	t.Run("pulled while it is formatted", func(t *testing.T) { m.on(t).pulledFormatting() })
	t.Run("losing what it was not told to keep", func(t *testing.T) { m.on(t).forgetful() })
	t.Run("in use by the computer's own system", func(t *testing.T) { m.on(t).inUse() })
	t.Run("write-protected", func(t *testing.T) { m.on(t).locked() })
	t.Run("full", func(t *testing.T) { m.on(t).full() })
	t.Run("exFAT, in a GPT, beside another drive", func(t *testing.T) { m.on(t).two() })
	t.Run("a drive that holds less than it says", func(t *testing.T) { m.on(t).lying() })
	t.Run("drives without a serial number", func(t *testing.T) { m.on(t).nameless() })
	t.Run("the drive that the computer started from", func(t *testing.T) { m.on(t).boot(image, digest) })
	t.Run("a file system that is not for us", func(t *testing.T) { m.on(t).foreign() })
	t.Run("nothing but drives", func(t *testing.T) { m.on(t).guarded() })
	m.do("mounts", "0 mounts []")
}

func (m *machine) written() {
	file := drive(m.T, 2*gib)
	stick := qemu.Stick{Name: "a", File: file, Serial: "SN0001", Vendor: "ACME", Product: "Thumb"}
	m.plug(stick)
	m.do("wait 1", "1 drives [QEMU|USB HARDDRIVE|SN0001|2147483648||]")
	m.do("open 0", "[blank]")
	m.do("format 0 root-backup-1", "formatted")
	m.do("open 0", "opened")
	m.do("open 0", "mounted already")
	m.do("write 0 keys/root1.json 900", "written")
	m.do("write 0 keys/root1.json 1000", "written")
	m.do("write 0 repository/targets.json 100000", "written")
	m.do("write 0 KEYS/root2.json 1000", "capital letters")
	m.do("write 0 gone 10", "written")
	m.do("remove 0 gone", "removed")
	m.do("sync 0", "synced")
	m.do("mounts", "nosuid,nodev,noexec")
	m.do("close 0", "closed")
	m.unplug("a")
	m.do("wait 0", "0 drives")
	m.plug(stick)
	m.do("wait 1", "|SN0001|2147483648|FAT32|ROOT-BKUP-1]")
	m.do("read-only 0", "opened")
	m.do("mounts", "vfat ro,dirsync,nosuid,nodev,noexec")
	m.do("list 0", "keys drwx------ 4096; keys/root1.json -rw------- 1000; repository drwx------ 4096; repository/targets.json -rw------- 100000;")
	m.do("read 0 keys/root1.json", "1000 bytes "+digestOf("keys/root1.json", 1000))
	m.do("write 0 x 10", "[permission]")
	m.do("close 0", "closed")
	m.unplug("a")
	m.do("wait 0", "0 drives")
	m.checked(file)
}

// checked has the file system checked by another program.
func (m *machine) checked(file string) {
	m.Helper()
	f, err := os.Open(file)
	m.must(err)
	defer f.Close()
	part := partitionOf(m.T, f, mib, 64*mib, 2*gib-mib)
	run(m.T, "fsck.vfat", "-n", part)
	if keys := run(m.T, "mdir", "-i", part, "::keys"); !strings.Contains(keys, "root1") {
		m.Errorf("mdir: %s", keys)
	}
}

func (m *machine) pulled() {
	disk, written := m.slow(drive(m.T, 256*mib, "mkfs.vfat", "-F", "32", "-n", "SIGNING"), 30)
	stick := qemu.Stick{Name: "a", Disk: disk}
	m.plug(stick)
	m.do("wait 1", "|268435456|FAT32|SIGNING]")
	m.do("open 0", "opened")
	m.do("write 0 a 10", "written")
	m.do("sync 0", "synced")
	m.send("fill 0 f 300000")
	m.waits(written)
	m.unplug("a")
	m.answers("fill", "[gone]")
	m.do("wait 0", "0 drives")
	m.do("list 0", "[gone]")
	m.do("read 0 a", "[gone]")
	m.do("sync 0", "[gone]")
	m.do("mounts", "0 mounts")
	m.plug(stick)
	m.do("wait 1", "FAT32|SIGNING")
	m.do("sync 0", "[gone]")
	m.do("close 0", "[gone]")
	m.do("open 0", "opened")
	m.do("read 0 a", "10 bytes")
	m.unplug("a")
	m.do("wait 0", "0 drives")
	m.do("close 0", "[gone]")
}

// pulledFormatting pulls a drive out while it is formatted.
func (m *machine) pulledFormatting() {
	disk, written := m.slow(drive(m.T, 256*mib), 30)
	m.plug(qemu.Stick{Name: "a", Disk: disk, Serial: "SN0011"})
	m.do("wait 1", "1 drives")
	m.send("format 0 signing")
	m.waits(written)
	m.unplug("a")
	m.answers("format", "[gone]")
	m.do("wait 0", "0 drives")
}

func (m *machine) waits(until <-chan struct{}) {
	m.Helper()
	select {
	case <-until:
	case <-m.ctx.Done():
		m.Fatal("nothing is written")
	}
}

// forgetful is a drive that loses with its power what it was not told to flush:
// what was there at the last Sync is there again.
func (m *machine) forgetful() {
	disk, err := qemu.Serve(qemu.Contents{File: drive(m.T, 40*mib, "mkfs.vfat"), Forgets: true})
	m.must(err)
	defer disk.Close()
	stick := qemu.Stick{Name: "a", Disk: disk, Serial: "SN0012"}
	m.plug(stick)
	m.do("wait 1", "FAT16")
	m.do("open 0", "opened")
	m.do("write 0 keys/root1.json 900", "written")
	m.do("write 0 keys/root2.json 900", "written")
	m.do("sync 0", "synced")
	m.do("write 0 keys/root1.json 1000", "written")
	lost, err := disk.LosePower(nil)
	m.must(err)
	writes, flushes := disk.Writes()
	m.Logf("%d writes, %d flushes, %d sectors lost", writes, flushes, lost)
	if flushes < 3 {
		m.Error("the drive is not told to keep what it was given")
	}
	m.unplug("a")
	m.do("wait 0", "0 drives")
	m.plug(stick)
	m.do("wait 1", "FAT16")
	m.do("read-only 0", "opened")
	m.do("list 0", "keys/root2.json -rw------- 900;")
	m.do("read 0 keys/root2.json", "900 bytes "+digestOf("keys/root2.json", 900))
	m.do("read 0 keys/root1.json", "00 bytes ") // the old one or the new one, whole
	m.do("close 0", "closed")
	m.unplug("a")
	m.do("wait 0", "0 drives")
}

// digestOf is that of what the guest writes into a file.
func digestOf(name string, size int) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%x", sha256.Sum256(bytes.Repeat(sum[:], size/len(sum)+1)[:size]))
}

func (m *machine) inUse() {
	m.plug(qemu.Stick{Name: "a", File: drive(m.T, 40*mib, "mkfs.vfat"), Serial: "SN0002"})
	m.do("wait 1", "FAT16")
	m.do("elsewhere sda", "mounted")
	m.do("open 0", "[in-use]")
	m.do("format 0 transfer", "[in-use]")
	m.do("nowhere", "unmounted")
	m.do("open 0", "opened")
	m.do("elsewhere sda", "mounted")
	m.do("close 0", "[in-use]")
	m.do("nowhere", "unmounted")
	m.do("open 0", "opened")
	m.do("close 0", "closed")
	m.unplug("a")
	m.do("wait 0", "0 drives")
}

func (m *machine) locked() {
	m.plug(qemu.Stick{Name: "a", File: drive(m.T, 40*mib, "mkfs.vfat", "-n", "LOCKED"), Serial: "SN0003", Locked: true})
	m.do("wait 1", "FAT16|LOCKED")
	m.do("format 0 transfer", "[read-only]")
	m.do("open 0", "[read-only]")
	m.do("read-only 0", "opened")
	m.do("close 0", "closed")
	m.unplug("a")
	m.do("wait 0", "0 drives")
}

func (m *machine) full() {
	m.plug(qemu.Stick{Name: "a", File: drive(m.T, 4*mib, "mkfs.vfat"), Serial: "SN0004"})
	m.do("wait 1", "FAT12")
	m.do("open 0", "opened")
	m.do("fill 0 f 900000", "after 4 files: write \"f4\": the drive is full")
	if got := m.do("list 0", ""); strings.Count(got, ";") != 4 {
		m.Errorf("a full drive has %s", got)
	}
	m.do("write 0 small 1000", "written")
	m.do("overwrite 0 small", "overwritten")
	m.do("read 0 small", "1000 bytes 541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53") // of zeros
	m.do("close 0", "closed")
	m.unplug("a")
	m.do("wait 0", "0 drives")
}

func (m *machine) two() {
	other := drive(m.T, 40*mib, "mkfs.vfat", "-n", "PLAIN", "-i", "1234ABCD")
	one := partitioned(m.T, 128*mib, true, part{2048, 204800, "0700", []string{"mkfs.exfat", "-L", "Jahre"}})
	m.plug(qemu.Stick{Name: "a", File: one.Name(), Serial: "SN0005"})
	m.do("wait 1", "exFAT|Jahre]")
	m.plug(qemu.Stick{Name: "b", File: other})
	m.do("wait 2", "FAT16|PLAIN]")
	m.do("open 0", "opened")
	m.do("open 1", "opened")
	m.do("write 0 keys/x 1000", "written")
	m.do("write 1 keys/x 1000", "written")
	m.do("list 0", "keys/x -rw------- 1000;")
	m.unplug("b")
	m.do("wait 1", "exFAT")
	m.do("list 1", "[gone]")
	m.do("sync 0", "synced")
	m.do("close 0", "closed")
	m.do("read-only 0", "opened")
	m.do("read 0 keys/x", "1000 bytes")
	m.do("close 0", "closed")
	m.do("close 1", "[gone]")
	m.unplug("a")
	m.do("wait 0", "0 drives")
}

func (m *machine) foreign() {
	file := sparse(m.T, 40*mib)
	noise(m.T, file, 0, 4*mib)
	m.plug(qemu.Stick{Name: "a", File: file.Name(), Serial: "SN0007"})
	m.do("wait 1", "|unknown|]")
	m.do("read-only 0", "[foreign]")
	m.do("format 0 signing", "formatted")
	m.do("open 0", "opened")
	m.do("close 0", "closed")
	m.unplug("a")
	m.do("wait 0", "0 drives")
}

// lying plugs in a drive that says 1 GB, holds 64 MB and begins again at its
// start.
func (m *machine) lying() {
	disk, err := qemu.Serve(qemu.Contents{File: drive(m.T, 64*mib), Size: 1 << 30, Holds: 64 << 20, Wraps: true})
	m.must(err)
	defer disk.Close()
	m.plug(qemu.Stick{Name: "liar", Disk: disk, Serial: "SN0008"})
	m.do("wait 1", "|1073741824|")
	m.do("format 0 signing", "[capacity]")
	m.unplug("liar")
	m.do("wait 0", "0 drives")
}

var identity = regexp.MustCompile(`\|(volume [0-9A-F]{4}-[0-9A-F]{4})\|`)

// nameless drives say a serial number of zeros: they are told apart all the same,
// and known again when they come back.
func (m *machine) nameless() {
	stick := qemu.Stick{Name: "a", File: drive(m.T, 40*mib), Serial: "0000"}
	m.plug(stick)
	first := identity.FindString(m.do("wait 1", "1 drives"))
	m.do("format 0 signing", "formatted")
	m.unplug("a")
	m.do("wait 0", "0 drives")
	m.plug(stick)
	again := identity.FindString(m.do("wait 1", "1 drives"))
	m.plug(qemu.Stick{Name: "b", File: drive(m.T, 40*mib), Serial: "0000"})
	if both := identity.FindAllString(m.do("wait 2", "2 drives"), -1); first == "" || first != again || len(both) != 2 || both[0] == both[1] {
		m.Errorf("%q became %q, beside %q", first, again, both)
	}
	m.unplug("a")
	m.unplug("b")
	m.do("wait 0", "0 drives")
}

const bootGUID = "11111111-2222-4333-8444-555555555555"

// bootImage is a drive with 8 MiB in its partition table.
func bootImage(t *testing.T) (file, digest string) {
	t.Helper()
	f := sparse(t, 8*mib)
	run(t, "sgdisk", "--disk-guid", bootGUID, "--new", "1:2048:0", "--typecode", "1:EF00", f.Name())
	noise(t, f, mib, 2*mib)
	data, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return f.Name(), fmt.Sprintf("%x", sha256.Sum256(data))
}

// noise writes what is no file system.
func noise(t *testing.T, f *os.File, at, size int64) {
	t.Helper()
	if _, err := io.CopyN(io.NewOffsetWriter(f, at), chance(1), size); err != nil {
		t.Fatal(err)
	}
}

// boot plugs that in on a larger drive: its digest is that of the image, and it is
// no drive of a ceremony.
func (m *machine) boot(file, digest string) {
	m.must(os.Truncate(file, 16*mib))
	m.do("boot", "[no-boot]")
	stick := qemu.Stick{Name: "boot", File: file, Serial: "SN0009"}
	for range 2 {
		m.plug(stick)
		m.do("plugged true", "yes")
		m.do("wait 0", "0 drives")
		m.do("boot", "plugged true, 8388608 bytes in 8 pieces, "+digest)
		m.unplug("boot")
		m.do("plugged false", "yes")
	}
}

// guarded lets nothing in but drives.
func (m *machine) guarded() {
	m.do("guard", "guarded")
	m.plug(qemu.Stick{Name: "a", File: drive(m.T, 40*mib), Serial: "SN0010"})
	m.do("wait 1", "SN0010")
	m.must(m.Plug(m.ctx, qemu.Device{Name: "net", Driver: "usb-net"}))
	m.do("refused 1", "RNDIS")
	m.unplug("a")
	m.do("wait 0", "0 drives")
}
