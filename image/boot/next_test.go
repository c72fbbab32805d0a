package boot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf"
	"signer/image/disk"
	"signer/image/qemu"
)

// made is the image with other dates, laid out anew: another image, as far as a
// digest tells.
func made(t *testing.T, m medium, built time.Time) []byte {
	t.Helper()
	files, err := disk.Files(bytes.NewReader(m.data))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for i, f := range files {
		if f.Name != "image.json" {
			continue
		}
		found = true
		var told map[string]any
		if err := json.Unmarshal(f.Data, &told); err != nil {
			t.Fatal(err)
		}
		told["built"], told["version"] = built, built.Format("2006-01-02")
		if files[i].Data, err = json.Marshal(told); err != nil {
			t.Fatal(err)
		}
	}
	if !found {
		t.Fatal("the image does not say what it is where another appliance looks for that")
	}
	var image bytes.Buffer
	if _, err := (disk.Image{Label: "SIGNER", Disk: disk.GUID{1}, Partition: disk.GUID{2}, Date: built, Files: files, ISO: []string{".disk/info"}}).WriteTo(&image); err != nil {
		t.Fatal(err)
	}
	return image.Bytes()
}

// burn writes an image onto a stick of 64 MiB, on which something was before.
func burn(t *testing.T, drives *table, label string, image []byte) {
	t.Helper()
	file := drives.sticks[label].File
	stick := append(bytes.Clone(image), bytes.Repeat([]byte("left over "), 1<<20/10)...)
	if err := os.WriteFile(file, stick, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 64<<20); err != nil {
		t.Fatal(err)
	}
}

// nextRules answer the check of the stick that is in: the sticks are put in one
// after the other, and each image is to be shown as it is.
func nextRules(sticks []string, images map[string][]byte, compares ...*rule) []*rule {
	in := -1
	return append(compares,
		reads(`Before you begin .*?Ready\?`, len(images)),
		asks(`Insert the stick with the next image\n`, anyNumber, func(p *player, _ question) string {
			in++
			p.table.plug(p, sticks[min(in, len(sticks)-1)])
			return notTyped
		}),
		asks(`(There is no image of this appliance on this drive\. It was not touched\. Take it out|Take all drives out\. Nothing was written to them)\.`, anyNumber, func(p *player, _ question) string {
			p.table.unplug(p)
			return notTyped
		}),
		hints(`Enter goes on to comparing it\.`, len(images), func(p *player, q question) string {
			image := images[sticks[in]]
			shown := strings.Join(strings.Fields(q.page), " ")
			for _, want := range []string{tuf.DigestOf(image).Groups(), strings.Join(tuf.DigestOf(image).Words(), " "), fmt.Sprintf("%d bytes", len(image))} {
				if !strings.Contains(shown, want) {
					p.fails("the page of the image does not have %q", want)
				}
			}
			return ""
		}),
		reads(`Enter ends the check\.`, len(images)),
	)
}

// TestNextImage: the appliance reads the sticks with a next image, an older one and
// a copy of its own, and a drive that has none; it compares digests with what is
// typed, and writes nothing.
func TestNextImage(t *testing.T) {
	t.Parallel()
	m := theImage(t)
	drives := lay(t, drive{"other", "OTH-1111", 64}, drive{"newer", "NEW-2222", 64}, drive{"older", "OLD-3333", 64}, drive{"same", "SAM-4444", 64})
	images := map[string][]byte{"newer": made(t, m, time.Now().AddDate(1, 0, 0)), "older": made(t, m, time.Date(2021, 3, 4, 0, 0, 0, 0, time.UTC)), "same": m.data}
	for label, image := range images {
		burn(t, drives, label, image)
	}
	before := map[string]tuf.Digest{}
	for label, stick := range drives.sticks {
		before[label] = digestOf(t, stick.File)
	}
	newer, same := tuf.DigestOf(images["newer"]), tuf.DigestOf(m.data)
	typed := []string{strings.Repeat("0", 32), newer.String()[:32], strings.Join(same.Words()[:16], " ")}
	types := func(*player, question) string {
		next := typed[0]
		typed = typed[1:]
		return next
	}
	p := plays(startLines(t, nil), drives, home("Check the next image", "Check the next image", "Check the next image"),
		nextRules([]string{"other", "newer", "older", "same"}, images,
			chooses(`With what is it compared\?`, 3, "With what was written down", "With nothing", "With what was written down"),
			asks(`^\s*1 What was written down Type it .* The digest begins with:\n`, 2, types),
			hints(`does not begin like that\. .* The digest begins with:`, 1, types),
			asks(`To go on with it, type: go back\n`, 1, func(*player, question) string { return "go back" }),
		))
	p.tolerates = []string{"Trouble: what was typed", "Not taken: The digest of this image does not begin like that", "Trouble: the image was made on 4 March 2021"}
	p.play("")
	if end, err := p.Wait(p.ctx); err != nil || end != qemu.PoweredOff {
		t.Errorf("%s, %v", end, err)
	}
	p.ended(t)
	said := strings.Join(strings.Fields(p.heard), " ")
	for _, text := range []string{"There is no image of this appliance on this drive", "does not begin like that", "made on 4 March 2021", "It is the image that this computer runs now",
		"The image on this stick is what was written down or published, to its last byte", "nobody knows what is on this stick"} {
		if !strings.Contains(said, text) {
			t.Errorf("nobody said %q", text)
		}
	}
	for label, stick := range drives.sticks {
		if digestOf(t, stick.File) != before[label] {
			t.Errorf("%s was written", label)
		}
	}
	t.Logf("%.0f s\n%s", time.Since(p.began).Seconds(), strings.Join(p.steps, "\n"))
}

func digestOf(t *testing.T, file string) tuf.Digest {
	t.Helper()
	data, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	return tuf.DigestOf(data)
}
