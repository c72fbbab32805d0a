package ceremony_test

import (
	"errors"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// looksReal is a tray whose drives do not say that they are of a rehearsal.
type looksReal struct{ *usb.Virtual }

func (l looksReal) List() []ceremony.Drive {
	list := l.Virtual.List()
	for i := range list {
		list[i].Virtual = false
	}
	return list
}

// TestARealDriveIsNamedBeforeItIsFormatted: a stick that holds nothing looks like
// any other, also like the one with the photographs.
func TestARealDriveIsNamedBeforeItIsFormatted(t *testing.T) {
	play := func(more string) (*world, error) {
		w := newWorld(t, usb.VirtualOptions{})
		w.env.Rehearsal, w.env.Drives = false, looksReal{w.tray}
		return w, w.play(t, answersFor(3)+more)
	}
	if _, err := play(""); !errors.Is(err, ceremony.ErrUnanswered) || !strings.Contains(err.Error(), "root-backup-1.erase") {
		t.Errorf("a blank drive is formatted without a word: %v", err)
	}
	if _, err := play("root-backup-1.erase: 0000\n"); err == nil || !strings.Contains(err.Error(), "not what the page asks for") {
		t.Errorf("a wrong word formats a drive: %v", err)
	}
	var words strings.Builder
	for _, label := range []string{"root-backup-1", "root-backup-2", "signing", "repository"} {
		words.WriteString(label + ".erase: {shown}\n")
	}
	if w, err := play(words.String()); err != nil {
		t.Errorf("%v\n%s", err, w.out.String())
	}
}
