package image

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"signer/image/debian"
	"signer/image/disk"
)

// Options are what an image is built from. The bytes depend on all but Mirror,
// Cache and Log.
type Options struct {
	Arch    string
	Lock    debian.Lock
	Source  string    // the folder of go.mod
	Version string    // "" for the date
	Built   time.Time // zero for the date of the source; also the floor of the appliance's clock
	Mirror  string    // "" for the one of the machine's own apt
	Cache   string    // "" for a folder of the user's
	Log     func(string)
}

// Built is an image and what it is made of.
type Built struct {
	Image           []byte
	Kernel, Initrd  []byte
	KernelVersion   string // as uname -r says it
	Cmdline, Serial string // Serial is the words that ask for a serial console besides
	Disk            string // the GUID of the whole
	Arch            string
	Version         string
	Built           time.Time
	Modules         []Module // in the order of loading
	Packages        []debian.Package
	Files           []Listed
	Parts           []Part
}

// Build makes the image of one architecture.
func Build(ctx context.Context, o Options) (*Built, error) {
	a, err := archNamed(o.Arch)
	if err != nil {
		return nil, err
	}
	if o, err = o.complete(); err != nil {
		return nil, err
	}
	p, err := gather(ctx, o, a)
	if err != nil {
		return nil, err
	}
	return p.assemble(o, a)
}

// complete fills in what may be left out.
func (o Options) complete() (Options, error) {
	var err error
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.Built.IsZero() {
		if o.Built, err = SourceDate(o.Source); err != nil {
			return o, err
		}
	}
	o.Built = o.Built.UTC().Truncate(time.Second)
	o.Version = cmp.Or(o.Version, o.Built.Format("2006-01-02"))
	o.Cache, err = CacheFolder(o.Cache)
	return o, err
}

// CacheFolder is where packages are kept between builds.
func CacheFolder(folder string) (string, error) {
	if folder != "" {
		return folder, nil
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w\nhint: --cache DIR says where packages are kept", err)
	}
	return filepath.Join(user, "signer-image"), nil
}

// assemble joins the parts. Ids come from the files that hold none, then the files
// that hold ids are made.
func (p parts) assemble(o Options, a arch) (*Built, error) {
	about := about{Name: "Signer", Version: o.Version, Built: o.Built, Arch: a.name, Kernel: p.kernel.version}
	entries := initramfs(p.program, p.kernel, p.console)
	id := identify(about, append(listEntries(entries), listESP(p.esp)...))
	about.Disk = id.guid("disk").String()
	info, err := about.entry()
	if err != nil {
		return nil, err
	}
	entries = append(entries, info)
	initrd, err := compress(archive(entries, o.Built))
	if err != nil {
		return nil, fmt.Errorf("compress the initramfs: %w", err)
	}
	esp := append(p.esp, a.bootFiles(info, id, initrd)...)
	image, err := layOut(esp, id, o.Built)
	if err != nil {
		return nil, err
	}
	if int64(len(image)) > a.limit {
		return nil, fmt.Errorf("the image has %d bytes, and %d is the limit for %s", len(image), a.limit, a.name)
	}
	b := &Built{Image: image, Kernel: p.kernel.image, KernelVersion: p.kernel.version, Initrd: initrd,
		Cmdline: cmdline(), Serial: a.serialWord(), Disk: about.Disk, Arch: a.name, Version: o.Version, Built: o.Built,
		Modules: p.kernel.modules, Packages: p.packages, Files: append(listESP(esp), listEntries(entries)...)}
	b.Parts = b.parts()
	return b, nil
}

// bootFiles are the files of the ESP that hold ids.
func (a arch) bootFiles(info entry, id identity, initrd []byte) []espFile {
	config := []byte(a.grubConfig())
	return []espFile{
		{"initrd", initrd, thisSource, true},
		{".disk/info", fmt.Appendf(nil, "Signer %x\n", id), thisSource, true}, // by which Debian's GRUB knows a DVD
		{"image.json", info.data, thisSource, false},                          // for the appliance before this one, which checks its successor
		{"boot/grub/grub.cfg", config, thisSource, true},
		{"EFI/debian/grub.cfg", config, thisSource, true}, // where GRUB looks on a DVD in a drive on USB (measured)
	}
}

// espFile is a file of the EFI System Partition.
type espFile struct {
	name   string
	data   []byte
	origin string
	dvd    bool // seen on a DVD too
}

func layOut(esp []espFile, id identity, date time.Time) ([]byte, error) {
	m := disk.Image{Label: "SIGNER", Disk: id.guid("disk"), Partition: id.guid("partition"), Serial: id.serial(), Date: date}
	for _, f := range esp {
		m.Files = append(m.Files, disk.File{Name: f.name, Data: f.data})
		if f.dvd {
			m.ISO = append(m.ISO, f.name)
		}
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write the image: %w", err)
	}
	return b.Bytes(), nil
}

// SHA256 is the digest that people compare.
func (b *Built) SHA256() [sha256.Size]byte { return sha256.Sum256(b.Image) }
