package ceremony

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// bootDrive reads the whole image again and shows its digest.
func (f *firstScreens) bootDrive(ctx context.Context, s *Session) error {
	return s.Part(ctx, "boot", func(ctx context.Context) error {
		if f.boot == nil && f.machine.BootPlugged() {
			f.noBoot = "" // it came late
		}
		for f.boot == nil && f.noBoot == "" {
			if err := f.readBoot(ctx, s); err != nil {
				return err
			}
		}
		if f.boot == nil {
			return s.read(ctx, noBootPage(f.noBoot))
		}
		return s.read(ctx, bootPage(*f.boot))
	})
}

// readBoot reads it once. What cannot be read again is a finding, and anything
// else that went wrong may go better the next time.
func (f *firstScreens) readBoot(ctx context.Context, s *Session) error {
	var boot BootDrive
	_, err := s.askBeside(ctx, Question{ID: "boot.reading", Kind: Wait, Title: "The boot drive", NoBack: true,
		Prompt: "Reading the boot drive to its last byte. Leave it in."}, func(ctx context.Context) (err error) {
		boot, err = f.machine.ReadBoot(ctx, s.progress("the boot drive"))
		return err
	})
	switch {
	case err == nil:
		f.boot = &boot
		s.tell(Event{Kind: Did, Text: "the boot drive was read to its last byte", Data: map[string]string{"image_sha256": boot.Digest.String()}})
		return nil
	case errors.Is(err, ErrStop), ctx.Err() != nil:
		return err
	case errors.Is(err, ErrNoBootDrive):
		f.noBoot = err.Error()
		s.note("%v", err)
		return nil
	}
	s.trouble("the boot drive: %v", err)
	way, askErr := s.choose(ctx, Question{ID: "boot.again", Title: "The boot drive cannot be read", Default: "again", Prompt: "What now?",
		Text:    []Block{Warn("Reading it ended so: " + Foreign(err.Error()) + "."), Para("If it was taken out already, put it in again.")},
		Options: []Option{{Key: "again", Label: "Read it again"}, {Key: "on", Label: "Go on without its digest"}}})
	if askErr == nil && way == "on" {
		f.noBoot = err.Error()
	}
	return askErr
}

// progress tells how far work is that is counted in bytes.
func (s *Session) progress(what string) func(done, total int64) {
	percent := int64(-1)
	return func(done, total int64) {
		if p := 100 * done / max(1, total); p != percent {
			percent = p
			s.tell(Event{Kind: Progress, Text: what, Done: done, Total: total})
		}
	}
}

// bootPage has the digest in full, as it was written down elsewhere.
func bootPage(b BootDrive) Question {
	return Question{ID: "boot", Title: "What this computer runs", Prompt: "Is it what was written down?",
		Help: "The digest is the SHA-256 of the image, from the first byte of the drive to the last of the image.",
		Text: append(imageBlocks(b), Warn("An image that was swapped can show any digest, also the right one. What counts is that this drive was verified on another computer; docs/image.md says how."),
			Para("Compare with what was written down then: the file signer.img.sha256, or the words beside it. If a digit differs, switch off."))}
}

// imageBlocks show an image: its digest in hex and in words, and what it says of
// itself. On the appliance that is one page.
func imageBlocks(b BootDrive) []Block {
	rows := []Row{{"Drive", Foreign(strings.Join(strings.Fields(b.Drive.Vendor+" "+b.Drive.Model+" "+b.Drive.Serial), " "))},
		{"Image", Foreign(b.Image)}, {"Size", fmt.Sprintf("%.1f MB, %d bytes", float64(b.Size)/1e6, b.Size)}}
	if rows[0].Value == "" {
		rows = rows[1:]
	}
	if b.Image == "" {
		rows = append(rows[:len(rows)-2], rows[len(rows)-1])
	}
	return []Block{Lines(groupsOf(b.Digest.Groups(), 8) + "\n" + wordLines(b.Digest.Words())), Table(rows...)}
}

func noBootPage(why string) Question {
	return Question{ID: "boot", Title: "The boot drive was not read", Prompt: "Go on?",
		Text: []Block{Warn(Foreign(capital(why)) + "."),
			Para("So this computer shows no digest of what it runs. That the image is good rests on the drive or disc having been verified on another computer, before it was put in here; docs/image.md says how."),
			Para("A digest that is shown here could not prove more: an image that was swapped can show any.")}}
}

// imageFact is for records.
func (f *firstScreens) imageFact() string {
	if f.boot == nil {
		return "the boot drive was not read: " + f.noBoot
	}
	return fmt.Sprintf("started from the image %s, of %d bytes with the SHA-256 %s", f.boot.Image, f.boot.Size, f.boot.Digest)
}

// takeOut waits until the boot drive is out. Where there is none that could be
// taken out, nobody is asked for it.
func (f *firstScreens) takeOut(ctx context.Context, s *Session) error {
	if !f.machine.BootPlugged() {
		if f.out == "" {
			f.out = "no boot drive was plugged in that could be taken out"
			s.note("there is no boot drive to take out")
		}
		return nil
	}
	_, err := s.askBeside(ctx, Question{ID: "out", Kind: Wait, NoBack: true, Title: "Take the boot drive out", Prompt: "Take the boot drive out now.",
		Text:   []Block{Para("This computer does not need it any more: what it runs is in its memory. Keep the drive for the next time.")},
		Motion: Motion{Move: Remove, Label: f.bootSticker()}}, func(ctx context.Context) error {
		return s.untilDrives(ctx, func([]Drive) bool { return !f.machine.BootPlugged() })
	})
	if err == nil {
		f.out = "the boot drive was taken out"
		s.did("%s", f.out)
	}
	return err
}

// bootSticker is what a rehearsal's tray calls the drive.
func (f *firstScreens) bootSticker() string {
	if f.boot != nil && f.boot.Drive.Virtual {
		return f.boot.Drive.Label
	}
	return "the boot drive"
}

func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
