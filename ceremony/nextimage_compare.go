package ceremony

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// compareNextImage compares the digest with what came on another way.
func compareNextImage(ctx context.Context, s *Session) error {
	return s.Part(ctx, "compare", func(ctx context.Context) error {
		way, err := s.choose(ctx, Question{ID: "compare", Title: "Compare the digest", Default: "typed", Prompt: "With what is it compared?",
			Text: []Block{Para("What is compared must not come from the stick alone: whoever could write the one could write the other."),
				Lines(groupsOf(s.State.Next.seen.Digest.Groups(), 8))},
			Options: []Option{{Key: "typed", Label: "With what was written down, which I type"}, {Key: "file", Label: "With a digest file on a drive"},
				{Key: "nothing", Label: "With nothing: there is nothing at hand"}}})
		switch {
		case err != nil:
			return err
		case way == "typed":
			return s.compareTyped(ctx)
		case way == "file":
			return s.compareFile(ctx)
		}
		s.note("the digest of the image was compared with nothing")
		return nil
	})
}

// Of a digest at least half is typed: whoever can swap the image can also look for
// one whose digest begins like the right one, and finds 32 bits within minutes.
const (
	leastHex   = 32
	leastWords = 16
)

// compareTyped has the beginning of the digest typed from paper.
func (s *Session) compareTyped(ctx context.Context) error {
	digest := s.State.Next.seen.Digest
	how := ""
	_, err := s.ask(ctx, Question{ID: "compare.typed", Kind: Type, Title: "What was written down",
		Text:   []Block{Para(fmt.Sprintf("Type it from paper, not from this screen: at least the first %d digits, or the first %d words.", leastHex, leastWords))},
		Prompt: "The digest begins with:"}, func(a Answer) error {
		var matches bool
		how, matches = beginsWith(digest, a.Text)
		switch {
		case how == "":
			return remarkf("That is too little, or no digest: at least %d digits of 0 to 9 and a to f, or %d words.", leastHex, leastWords)
		case !matches:
			s.trouble("what was typed is not how the digest of the image begins")
			return remark("The digest of this image does not begin like that. Look for a slip; if there is none, this is not the image that was written down: do not use it.")
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.State.Next.compared, s.State.Next.typed = "with "+how+" that were typed", true
	s.did("the digest begins with the %s that were typed", how)
	return nil
}

// beginsWith compares a digest with what somebody typed of it: digits in any
// groups, or words. how says what it was; "" that it was neither, or too little.
func beginsWith(d tuf.Digest, typed string) (how string, matches bool) {
	fields := strings.Fields(strings.ToLower(typed))
	digits := strings.Join(fields, "")
	if strings.Trim(digits, "0123456789abcdef") == "" {
		if len(digits) < leastHex || len(digits) > len(d.String()) {
			return "", false
		}
		return fmt.Sprintf("%d digits", len(digits)), strings.HasPrefix(d.String(), digits)
	}
	words := d.Words()
	if len(fields) < leastWords || len(fields) > len(words) {
		return "", false
	}
	same := slices.EqualFunc(fields, words[:len(fields)], strings.EqualFold)
	return fmt.Sprintf("%d words", len(fields)), same
}

// What a drive with a digest may have, and what is read of it.
const (
	digestSuffix    = ".img.sha256"
	signatureSuffix = ".sig"
	mostDigestFile  = 4 << 10
	mostDigestFiles = 8
)

// digestFile is a file that names digests, as sha256sum writes it.
type digestFile struct {
	drive     Drive
	name      string
	data      []byte
	signature []byte // of a file beside it; nil without one
}

// compareFile looks for a digest file on the drives that are plugged in, and asks
// for a drive until there is one.
func (s *Session) compareFile(ctx context.Context) error {
	for {
		drives := s.env.Drives.List()
		found, err := s.findDigests(ctx, drives)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return s.compareWith(ctx, s.State.Next.bestOf(found))
		}
		way, err := s.askUntilDrives(ctx, Question{ID: "compare.drive", Kind: Wait, Title: "The digest file", Motion: Motion{Move: Insert, Label: transferLabel},
			Prompt:  "Insert the drive with signer.img.sha256",
			Text:    []Block{Para("It may have signer.img.sha256.sig beside it. The stick with the image may stay in, or be taken out: it was read.")},
			Options: []Option{{Key: "typed", Label: "Type the digest instead"}}},
			func(now []Drive) bool { return !slices.Equal(now, drives) })
		if err != nil {
			return err
		}
		if way == "typed" {
			return s.compareTyped(ctx)
		}
	}
}

// bestOf prefers what is not on the stick itself, and then what names this image:
// a drive may have the digests of several.
func (n nextImage) bestOf(found []digestFile) digestFile {
	if i := slices.IndexFunc(found, func(f digestFile) bool { return !f.drive.Same(n.seen.Drive) }); i >= 0 {
		found = slices.DeleteFunc(slices.Clone(found), func(f digestFile) bool { return f.drive.Same(n.seen.Drive) })
	}
	for _, f := range found {
		if listed, err := parseDigests(f.data); err == nil && slices.Contains(listed, n.seen.Digest) {
			return f
		}
	}
	return found[0]
}

// findDigests reads the digest files of all drives, while the screen says so. A
// drive that cannot be read has none.
func (s *Session) findDigests(ctx context.Context, drives []Drive) (found []digestFile, err error) {
	_, err = s.askBeside(ctx, Question{ID: "compare.reading", Kind: Wait, Title: "The digest file", NoBack: true, Prompt: "Looking for a digest file"},
		func(ctx context.Context) error {
			found = nil
			for _, d := range drives {
				found = append(found, s.digestsOn(ctx, d)...)
			}
			return ctx.Err()
		})
	return found, err
}

func (s *Session) digestsOn(ctx context.Context, d Drive) (found []digestFile) {
	if d.FileSystem == "" {
		return nil
	}
	vol, err := s.env.Drives.Open(ctx, d, false)
	if err != nil {
		return nil
	}
	defer func() { _ = vol.Close() }()
	entries, err := vol.List()
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if !strings.HasSuffix(path.Base(e.Name), digestSuffix) || strings.Contains(e.Name, "/") || len(found) == mostDigestFiles {
			continue
		}
		data, err := vol.ReadFile(e.Name, mostDigestFile)
		if err != nil {
			continue
		}
		signature, err := vol.ReadFile(e.Name+signatureSuffix, mostSignature)
		if err != nil {
			signature = nil
		}
		found = append(found, digestFile{drive: d, name: e.Name, data: data, signature: signature})
	}
	return found
}

// compareWith compares the image with what the file says, and the file with its
// signature.
func (s *Session) compareWith(ctx context.Context, f digestFile) error {
	listed, err := parseDigests(f.data)
	if err == nil && !slices.Contains(listed, s.State.Next.seen.Digest) {
		err = errOtherImage
	}
	if err != nil {
		s.trouble("%s: %v", Foreign(f.name), err)
		return s.notThisImage(ctx, Foreign(f.name)+": "+Foreign(err.Error())+".")
	}
	s.State.Next.compared = "with the file " + Foreign(f.name) + " on the drive " + Foreign(f.drive.Serial)
	if f.drive.Same(s.State.Next.seen.Drive) {
		s.State.Next.compared = "with the file " + Foreign(f.name) + " on the stick itself: the copy is whole"
	}
	s.did("the digest is the one of the file %s on the drive with serial %s", Foreign(f.name), Foreign(f.drive.Serial))
	if f.signature == nil {
		s.note("%s has no signature beside it", Foreign(f.name))
		return s.read(ctx, Question{ID: "compare.unsigned", Title: "The digest file has no signature", Prompt: "Enter goes on.",
			Text: []Block{Para("The image is the one that this file names. Who wrote the file, nobody knows: there is no " + Foreign(f.name) + signatureSuffix + " beside it."),
				Para("It proves as much as the way on which the file came.")}})
	}
	return s.compareSigner(ctx, f)
}

var errOtherImage = errors.New("it names the digest of another image, and not of the one on the stick")

// notThisImage ends the comparison badly, and leads back to it.
func (s *Session) notThisImage(ctx context.Context, why string) error {
	err := s.read(ctx, Question{ID: "compare.wrong", Title: "This is not the image", Prompt: "Enter leads back.",
		Text: []Block{Warn(why), Para("Do not use the stick, until you know why. Nothing was written to it.")}})
	if err == nil {
		s.asked = max(s.asked, 2)
		delete(s.recall, "compare") // the same file would say the same
		err = ErrBack
	}
	return err
}

// compareSigner has the key recognized that signed the digest file.
func (s *Session) compareSigner(ctx context.Context, f digestFile) error {
	key, err := verifySSHSIG(f.signature, f.data)
	if err != nil {
		s.State.Next.compared = ""
		s.trouble("%s%s: %v", Foreign(f.name), signatureSuffix, err)
		return s.notThisImage(ctx, Foreign(f.name)+signatureSuffix+" is no good signature: "+Foreign(err.Error())+".")
	}
	way, err := s.choose(ctx, Question{ID: "compare.key", Title: "Who signed the digest", Default: "unknown", Prompt: "Do you know this key?",
		Text: []Block{Para("The signature of the digest file is good. It was made with this Ed25519 key:"), Lines(key.Fingerprint()),
			Para("Compare the fingerprint with one that you have from elsewhere: `ssh-keygen -l -f KEY.pub` shows it. A key that came with the file proves nothing.")},
		Options: []Option{{Key: "known", Label: "Yes, I compared it: it is the key I know"}, {Key: "unknown", Label: "No, or I cannot tell"}}})
	if err != nil {
		return err
	}
	if way == "known" {
		s.State.Next.signed = "by " + key.Fingerprint()
		s.did("the digest is signed by %s, which was recognized", key.Fingerprint())
		return nil
	}
	s.note("the digest is signed by %s, which nobody here knows", key.Fingerprint())
	return nil
}

// parseDigests reads the lines that sha256sum writes: 64 digits, a space, a space
// or a star, a name.
func parseDigests(b []byte) ([]tuf.Digest, error) {
	if len(b) > mostDigestFile {
		return nil, fmt.Errorf("read digests: %w", ErrTooLarge)
	}
	var all []tuf.Digest
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		digits, name, ok := strings.Cut(line, " ")
		d, err := tuf.ParseDigest(digits)
		if err != nil || !ok || len(strings.TrimLeft(name, " *")) == 0 {
			return nil, errors.New("read digests: a line is not as sha256sum writes it")
		}
		all = append(all, d)
	}
	if len(all) == 0 {
		return nil, errors.New("read digests: there is none")
	}
	return all, nil
}
