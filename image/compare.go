package image

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"

	"signer/image/disk"
)

// Content is a file found in an image that somebody has.
type Content struct {
	Name string // as in Listed
	Data []byte
}

// Contents reads the files of an image: those of the initramfs, and those of the
// EFI System Partition that it is in.
func Contents(r io.ReaderAt) ([]Content, error) {
	found, err := disk.Files(r)
	if err != nil {
		return nil, err
	}
	var all []Content
	var initrd []byte
	for _, f := range found {
		all = append(all, Content{inESP + f.Name, f.Data})
		if f.Name == "initrd" {
			initrd = f.Data
		}
	}
	if initrd == nil {
		return nil, fmt.Errorf("%w: no initrd", disk.ErrFormat)
	}
	inside, err := initrdContents(initrd)
	return append(inside, all...), err
}

func initrdContents(initrd []byte) ([]Content, error) {
	unpacked, err := decompress(initrd)
	if err != nil {
		return nil, fmt.Errorf("initrd: %w", err)
	}
	entries, err := parseArchive(unpacked)
	if err != nil {
		return nil, fmt.Errorf("initrd: %w", err)
	}
	var all []Content
	for _, e := range entries {
		if e.mode != folderMode {
			all = append(all, Content{inInitrd + e.name, e.data})
		}
	}
	return all, nil
}

// Differences says, in sentences, in what an image is not the one that was built;
// none when it is, byte for byte. Files of the initramfs come first: what differs
// there differs in the file initrd too.
func (b *Built) Differences(other []byte) []string {
	if bytes.Equal(b.Image, other) {
		return nil
	}
	if len(other) > len(b.Image) && bytes.Equal(b.Image, other[:len(b.Image)]) {
		return []string{fmt.Sprintf("it begins with the image, and goes on for %d bytes", len(other)-len(b.Image))}
	}
	theirs, err := Contents(bytes.NewReader(other))
	if err != nil {
		return []string{fmt.Sprintf("its files cannot be read: %s", err), firstDifference("the image", b.Image, other)}
	}
	ours, err := Contents(bytes.NewReader(b.Image))
	if err != nil {
		return []string{fmt.Sprintf("the image that was built cannot be read: %s", err)}
	}
	said := differing(ours, theirs)
	if len(said) == 0 {
		said = []string{"its files are the same, in the same order; what holds them is not"}
	}
	return append(said, firstDifference("the image", b.Image, other))
}

func differing(ours, theirs []Content) (said []string) {
	have := map[string][]byte{}
	for _, c := range theirs {
		have[c.Name] = c.Data
	}
	for _, c := range ours {
		data, there := have[c.Name]
		delete(have, c.Name)
		switch {
		case !there:
			said = append(said, fmt.Sprintf("%s is not in it", c.Name))
		case sha256.Sum256(data) != sha256.Sum256(c.Data):
			said = append(said, firstDifference(c.Name, c.Data, data))
		}
	}
	for _, c := range theirs { // in its order
		if _, more := have[c.Name]; more {
			said = append(said, fmt.Sprintf("%s is in it, and should not be", c.Name))
		}
	}
	return said
}

func firstDifference(name string, ours, theirs []byte) string {
	at := 0
	for at < min(len(ours), len(theirs)) && ours[at] == theirs[at] {
		at++
	}
	text := fmt.Sprintf("%s differs from byte %d on", name, at)
	if len(ours) != len(theirs) {
		text += fmt.Sprintf(", and has %d bytes instead of %d", len(theirs), len(ours))
	}
	return text
}

// ArchOf tells what an image is for by the program that the firmware starts, ""
// when there is none.
func ArchOf(contents []Content) string {
	for _, a := range arches() {
		for _, c := range contents {
			if c.Name == inESP+a.chain()[0].name {
				return a.name
			}
		}
	}
	return ""
}
