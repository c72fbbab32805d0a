package ceremony

import (
	"context"
	"fmt"
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// bootLabel is the drive of the tray that a rehearsed computer starts from.
const bootLabel = "boot"

// rehearsed is the made-up computer of a rehearsal: it starts from a virtual drive,
// and what it is told to do to the real one, it does not.
type rehearsed struct{ drives Drives }

// Ready puts the drive in that it starts from.
func (r rehearsed) Ready(context.Context) error {
	tray, ok := r.drives.(Tray)
	if !ok || r.BootPlugged() {
		return nil
	}
	return tray.Plug(bootLabel)
}

// Layouts are some of those that the image has: which one is chosen changes
// nothing here.
func (rehearsed) Layouts() []Layout {
	return []Layout{{"us", "English (US)"}, {"us-intl", "English (US, international, dead keys)"}, {"uk", "English (UK)"}, {"dvorak", "English (Dvorak)"},
		{"be", "Belgian"}, {"dk", "Danish"}, {"nl", "Dutch"}, {"fi", "Finnish"}, {"fr", "French"}, {"ch-fr", "French (Switzerland)"},
		{"de", "German"}, {"ch-de", "German (Switzerland)"}, {"it", "Italian"}, {"no", "Norwegian"}, {"pl", "Polish"}, {"pt", "Portuguese"},
		{"br", "Portuguese (Brazil)"}, {"es", "Spanish"}, {"se", "Swedish"}}
}

func (rehearsed) UseLayout(string) error { return nil }
func (rehearsed) Keyboards() []string {
	return []string{"your own, whose layout a rehearsal does not change"}
}
func (rehearsed) Guard() error { return nil }

// SetClock leaves the clock alone: the rehearsal counts from the time that was given.
func (rehearsed) SetClock(now time.Time) error { return nil }

func (r rehearsed) BootPlugged() bool { _, ok := r.boot(); return ok }

func (r rehearsed) boot() (Drive, bool) {
	all := r.drives.List()
	i := slices.IndexFunc(all, func(d Drive) bool { return d.Label == bootLabel })
	if i < 0 {
		return Drive{}, false
	}
	return all[i], true
}

func (r rehearsed) ReadBoot(ctx context.Context, progress func(done, total int64)) (BootDrive, error) {
	d, ok := r.boot()
	if !ok {
		return BootDrive{}, fmt.Errorf("%w: no drive %s is plugged in", ErrNoBootDrive, bootLabel)
	}
	seen, err := folderImages(r).ReadImage(ctx, d, progress)
	return seen.BootDrive, err
}

// folderImages reads the image of a virtual drive, which has it as a file.
type folderImages struct{ drives Drives }

// imageName is the image as a file, and mostImage what a rehearsal reads of one.
const (
	imageName = "signer.img"
	mostImage = 128 << 20
)

func (f folderImages) Images() Drives { return f.drives }

func (f folderImages) ReadImage(ctx context.Context, d Drive, progress func(done, total int64)) (SeenImage, error) {
	seen := SeenImage{BootDrive: BootDrive{Drive: d}}
	vol, err := f.drives.Open(ctx, d, false)
	if err != nil {
		return seen, err
	}
	defer func() { _ = vol.Close() }()
	image, err := vol.ReadFile(imageName, mostImage)
	if err != nil {
		return seen, fmt.Errorf("%w: %w", ErrNoImage, err)
	}
	seen.Size, seen.Digest = int64(len(image)), tuf.DigestOf(image)
	progress(seen.Size, seen.Size)
	seen.Info, err = vol.ReadFile(infoName, mostInfo)
	if err == nil {
		seen.Image = imageTitle(seen.Info)
	}
	return seen, nil
}

// madeUpImage stands for an image where none is at hand.
func madeUpImage(built time.Time, version string) []tuf.File {
	text := "This stands for the image of the appliance in a rehearsal, and starts nothing.\nPut a real signer.img in its place to rehearse with that.\n" + version + "\n"
	info := fmt.Sprintf(`{"name":"signer","version":%q,"built":%q,"arch":"","kernel":"none","disk":"none"}`+"\n", version, built.UTC().Format(time.RFC3339))
	return []tuf.File{{Name: imageName, Data: append([]byte(text), make([]byte, 1<<20-len(text))...), Perm: 0o644},
		{Name: infoName, Data: []byte(info), Perm: 0o644}}
}

// stageBoot makes the drive that a rehearsed computer starts from, and leaves it
// in.
func stageBoot(ctx context.Context, env Env, tray Tray) error {
	if err := stageFiles(ctx, env, tray, bootLabel, madeUpImage(env.Built, "rehearsal")...); err != nil {
		return err
	}
	return tray.Plug(bootLabel)
}
