package ceremony_test

import (
	"strings"
	"testing"

	"signer/usb"
)

// TestARefusedAnswerIsNotKept: a passphrase typed into the field of a name, and
// refused there, must not be read by whoever runs the web server.
func TestARefusedAnswerIsNotKept(t *testing.T) {
	slip := strings.Repeat("correct horse battery ", 4)
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, "root-1.holder: "+slip+"\n"+answersFor(3)); err != nil {
		t.Fatal(err)
	}
	refused := false
	for _, label := range []string{"root-backup-1", "root-backup-2", "signing", "repository"} {
		for name, b := range w.files(t, label) {
			if strings.Contains(string(b), "correct horse") {
				t.Errorf("%s on %s has the refused answer", name, label)
			}
			refused = refused || strings.Contains(string(b), `"kind":"refused"`)
		}
	}
	if !refused {
		t.Error("the record does not say that an answer was refused")
	}
}
