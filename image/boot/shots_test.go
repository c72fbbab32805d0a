package boot_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	goimage "image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signer/image/qemu"
)

// The handbook shows the main screens as a computer's own screen does, font and
// all. TestShots goes through them on a running image; with -update it takes the
// pictures, and without it compares what the stored ones say with what the screens
// say today.

var update = flag.Bool("update", false, "take the handbook's pictures anew")

const (
	appliancePage = "../../docs/handbook/appliance.md"
	shotsFolder   = "../../docs/handbook/shots"
)

// shot is a picture of the handbook.
type shot struct {
	name, title, text string
}

// shots are the pictures in the order of the page.
var shots = []shot{
	{"keyboard", "The first screen", "It is there some seconds after the kernel starts, before the drivers are. A keyboard on USB is heard a moment later."},
	{"try", "Try the keyboard", "Type the letters that are named, and look whether they are what your keys say. After this page only drives are admitted, and the keyboards that the page names."},
	{"boot", "What this computer runs", "The digest of the whole image, read again from the boot drive, in hex and in words. Compare it with what was written down when the drive was verified on another computer."},
	{"out", "Take the boot drive out", "The page waits until the drive is out. From here on the computer runs from its memory alone."},
	{"date", "Date and time", "What the clock chip says, in UTC and as clocks show it elsewhere. The line of your place has to be what your watch says."},
	{"home", "Home", "All ceremonies, and the drives that are plugged in: here one that is blank."},
	{"refused", "A device that is refused", "A network card was plugged in. It gets no driver; its name is on the screen at once, counted in the last line, and goes into the record of every ceremony that follows."},
	{"why", "Why", "The question mark opens what a page is about, on every page; any key closes it."},
	{"passphrase", "A passphrase", "Dots stand for what is typed. On a page with a field, Ctrl+G opens what the question mark opens elsewhere."},
	{"large", "A screen of high density", "From 1280 by 768 pixels on, the letters are twice as large."},
}

// TestShots goes through the screens of all pictures.
func TestShots(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	a.isAwake()
	a.shows("keyboard")
	a.presses("ret")
	a.tells("Type here to try")
	a.presses("z", "y")
	a.tells("zy")
	a.shows("try")
	a.presses("ret")
	a.tells("What this computer runs")
	a.shows("boot")
	a.goesOn("Take the boot drive out now")
	a.shows("out")
	a.must(a.UnplugStick(a.ctx, "boot"))
	a.tells("Is that the date")
	a.shows("date")
	a.presses("ret")
	a.tells("What is to be done?")
	stick := filepath.Join(t.TempDir(), "stick")
	a.must(qemu.NewDrive(stick, 4<<30))
	a.must(a.PlugStick(a.ctx, qemu.Stick{Name: "stick", File: stick, Vendor: "SanDisk", Product: "Cruzer Blade", Serial: "4C530001"}))
	a.tells("serial 4C530001 blank", "1 drive")
	a.shows("home")
	a.plugs(qemu.Device{Name: "net", Driver: "usb-net", Port: "5"})
	a.tells("1 refused")
	a.shows("refused")
	a.goesToAPassphrase()
}

// goesToAPassphrase begins a creation.
func (a *appliance) goesToAPassphrase() {
	a.t.Helper()
	a.hearsKey("home", "► Create a repository")
	a.goesOn("Before you begin")
	a.goesOn("Is the date right?")
	a.goesOn("The plan")
	a.must(a.Type(a.ctx, "?"))
	a.tells("The root keys decide who may sign updates")
	a.shows("why")
	a.presses("esc")
	a.hearsKey("home", "► Go on with this plan")
	a.goesOn("Who will hold this key?")
	a.must(a.Type(a.ctx, "Ada\n"))
	a.tells("How shall the passphrase be made?")
	a.goesOn("Passphrase root 1:")
	a.must(a.Type(a.ctx, "plover sextant marmalade quorum"))
	a.tells(strings.Repeat("•", len("plover sextant marmalade quorum")))
	a.shows("passphrase")
}

// TestLargeShot: the letters of a screen with many pixels can be read.
func TestLargeShot(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *qemu.Config) { c.Append = " vga=0x37a" }) // 1280 by 800, as QEMU's video BIOS counts
	a.isAwake()
	a.shows("large")
}

// anyOrder is the lines of a screen without their order: an alarm stands below what
// came after it until somebody has answered, and how long that takes differs.
func anyOrder(screen string) string {
	lines := strings.Split(screen, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// shows takes a picture, or compares the one that there is.
func (a *appliance) shows(name string) {
	a.t.Helper()
	file := filepath.Join(shotsFolder, name+".png")
	if *update {
		picture, err := a.Screenshot(a.ctx)
		a.must(err)
		var packed bytes.Buffer
		a.must((&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&packed, fewColours(picture)))
		a.must(os.WriteFile(file, packed.Bytes(), 0o644))
		return
	}
	data, err := os.ReadFile(file)
	a.must(err)
	picture, err := png.Decode(bytes.NewReader(data))
	a.must(err)
	was := lasting(qemu.Read(picture, a.medium.Fonts...))
	ctx, cancel := context.WithTimeout(a.ctx, soon)
	defer cancel()
	is, err := a.WaitScreenText(ctx, func(lines []string) bool { return anyOrder(lasting(lines)) == anyOrder(was) })
	if err != nil {
		a.t.Errorf("%s is not what the screen shows today; take it anew with -update.\nThe picture, without what changes:\n%s\nThe screen:\n%s", file, was, lasting(is))
	}
}

// fewColours is a picture with a palette: letters on a console have few colours,
// and it takes a tenth of the room.
func fewColours(picture goimage.Image) goimage.Image {
	var palette color.Palette
	b := picture.Bounds()
	index := map[color.Color]uint8{}
	out := goimage.NewPaletted(b, nil)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := picture.At(x, y)
			i, ok := index[c]
			if !ok {
				if len(palette) == 256 {
					return picture
				}
				i = uint8(len(palette))
				index[c], palette = i, append(palette, c)
			}
			out.SetColorIndex(x, y, i)
		}
	}
	out.Palette = palette
	return out
}

// lasting is what a screen says today and tomorrow: without dates, times, what
// turns while something is waited for, and what differs from image to image.
func lasting(lines []string) string {
	text := strings.Join(lines, "\n")
	for _, change := range changing {
		text = change.what.ReplaceAllString(text, change.to)
	}
	return text
}

var changing = []struct {
	what *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`(?s)((?:[0-9a-f]{4} ){7}[0-9a-f]{4}).*(\n +Size +)[^\n]*`), "(digest, words and name of the image)"},
	{regexp.MustCompile(`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +\d+ \w{3} \d{4}`), "(date)"},
	{regexp.MustCompile(`\d\d:\d\d(?: (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)| {4})?`), "(time)"},
	{regexp.MustCompile(`[-|/\\] (waiting|working)`), "$1"},
}

// TestAppliancePage: the page shows every picture that there is, and no other.
func TestAppliancePage(t *testing.T) {
	page := appliancePageText()
	if *update {
		if err := os.WriteFile(appliancePage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if stored, err := os.ReadFile(appliancePage); err != nil || string(stored) != page {
		t.Errorf("%s is not what this test has written (%v); write it anew with -update", appliancePage, err)
	}
	there, err := os.ReadDir(shotsFolder)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, s := range shots {
		want = append(want, s.name+".png")
	}
	for _, e := range there {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(want, got) {
		t.Errorf("pictures of the page: %v; in the folder: %v", want, got)
	}
}

func appliancePageText() string {
	var b strings.Builder
	b.WriteString("# The appliance on a screen\n\n" +
		"What a computer shows that was started from the image: the screens before the first ceremony, and some of those that follow. " +
		"How the image gets onto a stick, and how a computer is started from it, is in [docs/image.md](../image.md); every page of the first screens is in [start.md](start.md).\n\n" +
		"The pictures are of a virtual machine. `go test ./image/boot -run 'Shot|AppliancePage' -update` takes them anew, and a test fails when they say something else than the screens of today, " +
		"but for dates, times and the digest.\n")
	for _, s := range shots {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n![%s](shots/%s.png)\n", s.title, s.text, s.title, s.name)
	}
	return b.String()
}
