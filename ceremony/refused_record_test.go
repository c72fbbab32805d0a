package ceremony

import (
	"strings"
	"testing"
)

// TestARefusalDoesNotGiveAnAnswerAway: what was typed into the wrong field is not
// in the record, also when a device is refused in the very moment.
func TestARefusalDoesNotGiveAnAnswerAway(t *testing.T) {
	const slip = "correct horse battery staple"
	r := NewRecord(&play{answers: []string{slip}})
	if _, err := r.Ask(t.Context(), Question{ID: "root-1.holder", Kind: Type}); err != nil {
		t.Fatal(err)
	}
	r.Tell(Event{Kind: Alarm, Time: testEnv().Now(), Text: "refused: Evil keyboard"})
	r.refuse()
	text := string(r.Bytes())
	if strings.Contains(text, slip) || !strings.Contains(text, "Evil keyboard") || !strings.Contains(text, refusedAnswer) {
		t.Errorf("the record is\n%s", text)
	}
	if _, _, err := ReadRecord(r.Bytes()); err != nil {
		t.Error(err)
	}
}
