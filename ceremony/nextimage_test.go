package ceremony_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// nextWorld has a stick with a next image, and a drive with its digest.
func nextWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{})
	item, ok := ceremony.Find("nextimage")
	if !ok {
		t.Fatal("the menu has no check of the next image")
	}
	for _, label := range item.Sticks {
		if err := w.tray.Add(label); err != nil {
			t.Fatal(err)
		}
	}
	if err := item.Stage(t.Context(), w.env, w.tray); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) checksNext(t testing.TB, answers string) error {
	t.Helper()
	return w.playScript(t, ceremony.CheckNextImage(), answers)
}

// verdict is the last page.
func (w *world) verdict(t testing.TB) string {
	t.Helper()
	pages := w.seen.askedFor("finish")
	if len(pages) == 0 {
		t.Fatal("there is no verdict")
	}
	return text(pages[len(pages)-1])
}

const trusted = "is what was written down or published, to its last byte"

func TestTheNextImageIsCheckedByItsSignedDigest(t *testing.T) {
	w := nextWorld(t)
	stick, drive := w.files(t, "next-image"), w.files(t, "transfer")
	if err := w.checksNext(t, answerFile(t, "nextimage.answers")); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	page, digest := text(w.seen.askedFor("stick.image")[0]), tuf.DigestOf(stick["signer.img"])
	joined := strings.Join(strings.Fields(page), " ")
	for _, want := range []string{digest.Groups(), strings.Join(digest.Words(), " "), "rehearsal 2", "not older than the one that runs"} {
		if !strings.Contains(joined, want) {
			t.Errorf("the page of the image does not say %q:\n%s", want, page)
		}
	}
	if verdict := w.verdict(t); !strings.Contains(verdict, trusted) || !strings.Contains(verdict, "Signed: √ by SHA256:") {
		t.Errorf("the verdict:\n%s", verdict)
	}
	if q := w.seen.askedFor("compare.key")[0]; q.Default != "unknown" {
		t.Errorf("that a key is known is the default: %q", q.Default)
	}
	same := func(label string, before map[string][]byte) {
		if now := w.files(t, label); !maps.EqualFunc(now, before, bytes.Equal) {
			t.Errorf("%s was written", label)
		}
	}
	same("next-image", stick)
	same("transfer", drive)
}

func TestTheNextImageIsComparedWithWhatWasWrittenDown(t *testing.T) {
	w := nextWorld(t)
	digest := tuf.DigestOf(w.files(t, "next-image")["signer.img"])
	for _, typed := range []string{digest.String(), digest.Groups()[:39], strings.Join(digest.Words()[:16], " ")} {
		if err := w.checksNext(t, "compare: typed\ncompare.typed: "+typed+"\n"); err != nil {
			t.Fatal(err)
		}
		if verdict := w.verdict(t); !strings.Contains(verdict, trusted) || !strings.Contains(verdict, "by nobody whose key was recognized") {
			t.Errorf("%s was typed:\n%s", typed, verdict)
		}
	}
	other := tuf.DigestOf([]byte("another image"))
	for typed, want := range map[string]string{other.Groups()[:39]: "this is not the image that was written down", digest.String()[:31]: "too little"} {
		if err := w.checksNext(t, "compare: typed\ncompare.typed: "+typed+"\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s was typed: %v", typed, err)
		}
		if len(w.seen.askedFor("finish")) > 0 {
			t.Error("there is a verdict")
		}
	}
}

func TestNothingIsSaidOfAnImageThatWasNotCompared(t *testing.T) {
	w := nextWorld(t)
	if err := w.checksNext(t, "compare: nothing\n"); err != nil {
		t.Fatal(err)
	}
	if verdict := w.verdict(t); strings.Contains(verdict, trusted) || !strings.Contains(verdict, "nobody knows what is on this stick") {
		t.Errorf("the verdict:\n%s", verdict)
	}
}

// A digest file of another image, a signature that is not good, a key that nobody
// knows: none of them makes an image good.
func TestTheNextImageIsNotWhatTheFileSays(t *testing.T) {
	for _, c := range []struct {
		name    string
		alter   func(files map[string][]byte)
		answers string
		says    string // on the page that leads back
	}{
		{name: "of another image", alter: func(f map[string][]byte) {
			f["signer.img.sha256"] = []byte(tuf.DigestOf([]byte("another")).String() + "  signer.img\n")
		}, says: "the digest of another image"},
		{name: "that is none", alter: func(f map[string][]byte) { f["signer.img.sha256"] = []byte("hello\n") }, says: "as sha256sum writes it"},
		{name: "altered after it was signed", alter: func(f map[string][]byte) {
			f["signer.img.sha256"] = append(f["signer.img.sha256"], f["signer.img.sha256"]...)
		}, says: "no good signature"},
		{name: "with a signature that is none", alter: func(f map[string][]byte) { f["signer.img.sha256.sig"] = []byte("hello\n") }, says: "no good signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := nextWorld(t)
			files := w.files(t, "transfer")
			c.alter(files)
			w.put(t, "transfer", files)
			w.allOut(t)
			if err := w.checksNext(t, "compare: file\ndrive.transfer: insert\ncompare: nothing\n"); err != nil {
				t.Fatalf("%v\n%s", err, w.out.String())
			}
			if page := w.seen.askedFor("compare.wrong"); len(page) != 1 || !strings.Contains(text(page[0]), c.says) {
				t.Errorf("it was not said that %q: %+v", c.says, page)
			}
			if verdict := w.verdict(t); strings.Contains(verdict, trusted) || strings.Contains(verdict, "√") {
				t.Errorf("the verdict:\n%s", verdict)
			}
		})
	}
	w := nextWorld(t)
	if err := w.checksNext(t, "compare: file\ndrive.transfer: insert\ncompare.key: unknown\n"); err != nil {
		t.Fatal(err)
	}
	if verdict := w.verdict(t); !strings.Contains(verdict, "Signed: by nobody whose key was recognized") {
		t.Errorf("the verdict with an unknown key:\n%s", verdict)
	}
}

// A digest on the stick itself says that the copy is whole; one on another drive
// goes before it.
func TestADigestOnTheStickItself(t *testing.T) {
	w := nextWorld(t)
	stick := w.files(t, "next-image")
	stick["signer.img.sha256"] = []byte(tuf.DigestOf(stick["signer.img"]).String() + "  signer.img\n")
	w.put(t, "next-image", stick)
	w.allOut(t)
	if err := w.checksNext(t, "compare: file\n"); err != nil {
		t.Fatal(err)
	}
	if verdict := w.verdict(t); !strings.Contains(verdict, "on the stick itself") {
		t.Errorf("the verdict:\n%s", verdict)
	}
}

func TestAnOlderImageIsNotTakenUnasked(t *testing.T) {
	w := nextWorld(t)
	w.env.Built = noon.AddDate(0, 1, 0)
	if err := w.checksNext(t, "stick.older: yes\n"); err == nil || len(w.seen.askedFor("compare")) > 0 {
		t.Errorf("an older image was taken: %v", err)
	}
	page := text(w.seen.askedFor("stick.older")[0])
	if !strings.Contains(page, "22 November 2026") || !strings.Contains(page, "22 December 2026") {
		t.Errorf("an older image:\n%s", page)
	}
	if err := w.checksNext(t, "stick.older: go back\ncompare: file\ndrive.transfer: insert\ncompare.key: known\n"); err != nil {
		t.Fatal(err)
	}
	if verdict := w.verdict(t); strings.Contains(verdict, trusted) || !strings.Contains(verdict, "older than the image that runs") {
		t.Errorf("the verdict:\n%s", verdict)
	}
}

func TestTheImageThatRunsIsRecognized(t *testing.T) {
	w := nextWorld(t)
	w.env.Built = noon.AddDate(0, 1, 0) // which does not count then
	w.env.Image = &ceremony.BootDrive{Digest: tuf.DigestOf(w.files(t, "next-image")["signer.img"])}
	if err := w.checksNext(t, "compare: nothing\n"); err != nil {
		t.Fatal(err)
	}
	if page := text(w.seen.askedFor("stick.image")[0]); !strings.Contains(page, "It is the image that this computer runs now.") {
		t.Errorf("the page of the image:\n%s", page)
	}
}

func TestADriveWithoutAnImageIsTurnedAway(t *testing.T) {
	w := nextWorld(t)
	if err := w.checksNext(t, "need: ready\ndrive.transfer: insert\ndrive.transfer: remove\ndrive.next-image: insert\ncompare: nothing\n"); err != nil {
		t.Fatal(err)
	}
	if !w.seen.told(ceremony.Note, "There is no image of this appliance on this drive") {
		t.Error("nobody was told that there is no image")
	}
}

// Esc and Ctrl+C at any question lose nothing.
func TestTheCheckOfTheNextImageTakesEscAndCtrlC(t *testing.T) {
	for _, id := range []string{"need", "stick", "stick.reading", "stick.older", "stick.image", "compare", "compare.drive", "compare.reading", "compare.key", "finish", "finish.out"} {
		for _, slip := range []error{ceremony.ErrBack, ceremony.ErrStop} {
			t.Run(fmt.Sprint(id, " ", slip), func(t *testing.T) {
				w := nextWorld(t)
				w.env.Built = noon.AddDate(0, 1, 0)
				slipped, asked := false, 0
				op := &robot{tray: w.tray, choices: map[string]string{"compare": "file", "compare.key": "known"}}
				w.seen = watcher{op: op, refused: func(q ceremony.Question) error {
					if asked++; asked > 60 {
						return fmt.Errorf("going round in circles at %s", q.ID)
					}
					if q.ID == "compare.drive" && slipped {
						_ = w.tray.Plug("transfer")
					}
					if q.ID != id || slipped {
						return nil
					}
					slipped = true
					return slip
				}}
				if err := ceremony.Run(t.Context(), ceremony.CheckNextImage(), w.env, &w.seen); err != nil {
					t.Fatal(err)
				}
				if !slipped || (len(w.seen.askedFor("stop")) > 0) != (slip == ceremony.ErrStop) {
					t.Errorf("slipped %v; whether to stop was asked %d times", slipped, len(w.seen.askedFor("stop")))
				}
				if verdict := w.verdict(t); !strings.Contains(verdict, "Signed: √ by SHA256:") {
					t.Errorf("the verdict:\n%s", verdict)
				}
			})
		}
	}
}

// Where drives cannot be read below their file systems, the menu says so.
func TestHomeSaysThatImagesCannotBeRead(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.env.Rehearsal = false
	if err := w.atHome(t, "home: off\n"); err != nil {
		t.Fatal(err)
	}
	options := w.seen.askedFor("home")[0].Options
	if i := slices.IndexFunc(options, func(o ceremony.Option) bool { return o.Key == "nextimage" }); i < 0 || options[i].Disabled == "" {
		t.Errorf("the menu is %+v", options)
	}
}
