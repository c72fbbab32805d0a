package ceremony

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// CheckNextImage is the ceremony that looks at the stick with the next image of
// the appliance, before it is trusted with keys: the image that runs today is the
// one that people have reason to believe.
func CheckNextImage() Script {
	return Script{
		Name:  "nextimage",
		Title: "Check the next image",
		Intro: "Reads the stick with the next image of this appliance, compares its digest with what was written down or published, and checks a signature of that. Nothing is written.",
		Leave: "Nothing was written, and nothing is known yet of the stick with the next image.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: nextImageNeed,
				Help: "A stick is as good as what was written onto it. This computer reads it whole and shows its digest; another computer, the one that made the stick, could show anything."},
			{ID: "stick", Title: "The stick", Do: readNextImage,
				Help:    "Every byte of the image is read, from the first of the stick to the last of the image. What the image says of its version and its date is part of these bytes, so the digest vouches for that, too. An image older than the one that runs may have faults that were mended since.",
				Witness: "Copy the first words of the digest."},
			{ID: "compare", Title: "Compare", Do: compareNextImage,
				Help:    "A digest that came on the same way as the image proves only that the copy is whole. One that came on another way (read out on the telephone, printed, signed with a key you know) proves whose image it is. A signature is one that `ssh-keygen -Y sign -n file` makes over the digest file, with an Ed25519 key.",
				Witness: "What was typed was read from paper, and not from this screen. The key's fingerprint was compared with a known one."},
			{ID: "finish", Title: "Finish", Do: finishNextImage,
				Help:    "What was found out about the stick. Nothing was written to it.",
				Witness: "The stick is marked as checked, or put aside."},
		},
	}
}

// nextImage is what is known of the stick.
type nextImage struct {
	seen     SeenImage
	info     ImageInfo
	age      string // against the image that runs
	compared string // with what; "" when with nothing
	typed    bool   // from paper, and not read from a file
	signed   string // by whom; "" when by nobody who is known
}

func nextImageNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the stick with the next image"},
		{"To compare", "its digest, written down or printed; or a drive with signer.img.sha256"},
		{"Time", "about 3 minutes"},
	})
}

// nextLabel is the stick of a rehearsal.
const nextLabel = "next-image"

// imageReader is how images are read here; nil where they cannot be.
func imageReader(env Env) ImageReader {
	if r, ok := env.Drives.(ImageReader); ok {
		return r
	}
	if env.Rehearsal {
		return folderImages{env.Drives}
	}
	return nil
}

// readNextImage waits for the stick, reads it, and shows what it is.
func readNextImage(ctx context.Context, s *Session) error {
	return s.Part(ctx, "stick", func(ctx context.Context) error {
		if reader := imageReader(s.env); reader != nil {
			s.env.Drives = reader.Images() // for this ceremony, which writes to none
		}
		seen, err := s.awaitImage(ctx)
		if err != nil {
			return err
		}
		next := &s.State.Next
		*next = nextImage{seen: seen}
		next.age, err = s.judgeAge(ctx)
		if err != nil {
			return err
		}
		s.tell(Event{Kind: Did, Text: fmt.Sprintf("image read: %s, digest %s", Foreign(seen.title()), seen.Digest.Groups()[:9]),
			Data: map[string]string{"image_sha256": seen.Digest.String()}})
		return s.read(ctx, Question{ID: "stick.image", Title: "The next image", Prompt: "Enter goes on to comparing it.",
			Text: append(imageBlocks(seen.BootDrive), Para(capital(next.age)+"."))})
	})
}

// awaitImage waits until exactly one drive is plugged in, with an image on it.
func (s *Session) awaitImage(ctx context.Context) (SeenImage, error) {
	v := visit{id: "stick", title: "The next image", label: nextLabel, prompt: "Insert the stick with the next image",
		text: []Block{Para("It is read and not written. Leave it in until this computer says so.")}}
	for {
		drives := s.env.Drives.List()
		if len(drives) != 1 {
			if _, err := s.awaitDrive(ctx, v, len(drives)); err != nil {
				return SeenImage{}, err
			}
			continue
		}
		seen, wrong, err := s.readImage(ctx, drives[0])
		if err != nil || wrong == "" {
			return seen, err
		}
		if _, err := s.turnAway(ctx, v, drives[0], wrong); err != nil {
			return SeenImage{}, err
		}
	}
}

// readImage reads one while the screen says so. What is wrong is a sentence.
func (s *Session) readImage(ctx context.Context, d Drive) (seen SeenImage, wrong string, err error) {
	reader := imageReader(s.env)
	if reader == nil {
		return seen, "", errors.New("the drives of this computer cannot be read below their file systems")
	}
	_, err = s.askBeside(ctx, Question{ID: "stick.reading", Kind: Wait, Title: "The next image", NoBack: true, Prompt: "Reading the image to its last byte"},
		func(ctx context.Context) (err error) {
			seen, err = reader.ReadImage(ctx, d, s.progress("the next image"))
			seen.Image = imageTitle(seen.Info)
			return err
		})
	switch {
	case err == nil:
		return seen, "", nil
	case errors.Is(err, ErrStop), ctx.Err() != nil:
		return seen, "", err
	case errors.Is(err, ErrNoImage):
		return seen, "There is no image of this appliance on this drive. It was not touched.", nil
	}
	return seen, "This drive cannot be read: " + Foreign(err.Error()) + ".", nil
}

func (i SeenImage) title() string {
	if i.Image == "" {
		return "an image that does not say what it is"
	}
	return i.Image
}

// goBackWord is what who goes back to an older image has to type.
const goBackWord = "go back"

// judgeAge compares the image with the one that runs. An older one is a step back
// that somebody may have an interest in.
func (s *Session) judgeAge(ctx context.Context) (string, error) {
	next := &s.State.Next
	info, err := ParseImageInfo(next.seen.Info)
	running := s.env.Built.UTC().Format("2 January 2006")
	switch {
	case s.env.Image != nil && s.env.Image.Digest == next.seen.Digest:
		return "it is the image that this computer runs now", nil
	case err != nil:
		s.note("the image does not say its version: %v", err)
		return "it does not say its version and date, so nobody knows whether it is newer than the one that runs", nil
	case !info.Built.Before(s.env.Built):
		next.info = info
		return "it is not older than the one that runs, of " + running, nil
	}
	next.info = info
	made := info.Built.UTC().Format("2 January 2006")
	s.trouble("the image was made on %s, before the one that runs (%s)", made, running)
	err = s.typedFreely(ctx, Question{ID: "stick.older", Title: "This image is older", Shown: goBackWord,
		Text: []Block{Warn("The image on this stick was made on " + made + ", and this computer runs one of " + running + ". An older image may have faults that were mended since, and who wants to use them would hand you this stick."),
			Para("Do not use it, unless going back was decided. Esc: another stick.")},
		Prompt: "To go on with it, type: " + goBackWord})
	if errors.Is(err, ErrBack) {
		s.asked = max(s.asked, 2) // the stick is asked for once more, not what came before
		if err := s.takeAway(ctx, "stick.other", "Take this stick out. It was not touched."); err != nil {
			return "", err
		}
	}
	if err != nil {
		return "", err
	}
	s.did("going back to an older image was decided")
	return "IT IS OLDER than the one that runs, of " + running + "; going back was decided", nil
}

// takeAway has the drives taken out that are plugged in.
func (s *Session) takeAway(ctx context.Context, id, text string) error {
	label := nextLabel
	for _, d := range s.env.Drives.List() {
		label = stickerOf(d, label)
	}
	return s.awaitDrives(ctx, Question{ID: id, Kind: Wait, NoBack: true, Title: "The next image", Prompt: text, Motion: Motion{Move: Remove, Label: label}},
		func(now []Drive) bool { return len(now) == 0 })
}

// finishNextImage says what is known, and what is not.
func finishNextImage(ctx context.Context, s *Session) error {
	err := s.Part(ctx, "finish", func(ctx context.Context) error {
		next := s.State.Next
		q := Question{ID: "finish", Title: "Checked: the next image", Prompt: "Enter ends the check.",
			Text: []Block{Table(Row{"Image", Foreign(next.seen.title())}, Row{"Digest", groupsOf(next.seen.Digest.Groups(), 8)[:39] + " ..."},
				Row{"Compared", next.comparedText()}, Row{"Signed", next.signedText()}, Row{"Age", next.age})}}
		switch {
		case next.compared == "":
			q.Text = append(q.Text, Warn("Its digest was compared with nothing, so nobody knows what is on this stick. Do not use it for keys."))
		case strings.HasPrefix(next.age, "IT IS OLDER"):
			q.Text = append(q.Text, Warn("It is what was written down or published, and it is older than the image that runs."))
		case next.signed == "" && !next.typed:
			q.Text = append(q.Text, Para("The image on this stick is what the digest file says. It is as good as the way on which that file came: nobody signed it whose key is known."))
		default:
			q.Text = append(q.Text, Para("The image on this stick is what was written down or published, to its last byte. Mark the stick with today's date."))
		}
		return s.read(ctx, q)
	})
	if err != nil || len(s.env.Drives.List()) == 0 {
		return err
	}
	return s.takeAway(ctx, "finish.out", "Take all drives out. Nothing was written to them.")
}

func (n nextImage) comparedText() string {
	if n.compared == "" {
		return "with nothing"
	}
	return "√ " + n.compared
}

func (n nextImage) signedText() string {
	if n.signed == "" {
		return "by nobody whose key was recognized"
	}
	return "√ " + n.signed
}
