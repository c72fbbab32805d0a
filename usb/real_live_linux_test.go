package usb

import (
	"reflect"
	"testing"
)

// A live system's own stick stays in, and must not be one drive too many; a drive
// that the desktop has mounted is still one, whose use is then refused with a hint.
func TestTheStickOfALiveSystemIsNoDrive(t *testing.T) {
	for name, c := range map[string]struct {
		kind, mounts string
		used         bool
		want         []string
	}{
		"nothing mounted":             {kindISO, "22 1 0:21 / / rw - overlay overlay rw\n", false, []string{"sda-1", "sdb-2"}},
		"a hybrid image":              {kindISO, "", true, []string{"sdb-2"}},
		"its partition, Debian live":  {"FAT32", "30 22 8:1 / /run/live/medium ro,noatime shared:2 - vfat /dev/sda1 ro\n", true, []string{"sdb-2"}},
		"its partition, as root":      {"ext4", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", true, []string{"sdb-2"}},
		"the whole, Ubuntu":           {"unknown", "30 22 8:0 / /cdrom ro - iso9660 /dev/sda ro\n", true, []string{"sdb-2"}},
		"mounted by a desktop":        {"FAT32", "30 22 8:1 / /media/user/KEYS rw - vfat /dev/sda1 rw\n", true, []string{"sda-1", "sdb-2"}},
		"mounted by another desktop":  {"FAT32", "30 22 8:1 / /run/media/user/KEYS rw - vfat /dev/sda1 rw\n", true, []string{"sda-1", "sdb-2"}},
		"mounted by a person":         {"FAT32", "30 22 8:1 / /mnt rw - vfat /dev/sda1 rw\n", true, []string{"sda-1", "sdb-2"}},
		"what is no list of mounts":   {"FAT32", "8:1\n30 22 8:1\n\n", true, []string{"sda-1", "sdb-2"}},
		"another computer's own disk": {"FAT32", "30 22 259:1 / / rw - ext4 /dev/nvme0n1p1 rw\n", true, []string{"sda-1", "sdb-2"}},
	} {
		m := newSysfs(t)
		m.device(nil)
		m.disk(port+"/1-1:1.0", "sda", 1, 4096, nil)
		m.write("block/sda", map[string]string{"dev": "8:0\n"})
		m.write("block/sda/sda1", map[string]string{"dev": "8:1\n", "start": "2048\n"})
		m.disk(port+"/1-1:1.1", "sdb", 2, 4096, nil) // whose number cannot be read
		r := madeUpDrives(t, m)
		r.plugged[0].found, r.plugged[0].wrong = Found{Kind: c.kind}, nil
		r.ownDisks(func(p *plugged) bool { return c.used }, c.mounts)
		if got := pluggings(r); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: the drives are %v, not %v", name, got, c.want)
		}
	}
}
