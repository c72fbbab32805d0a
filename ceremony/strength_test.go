package ceremony

import (
	"testing"

	"signer/ceremony/secret"
)

// TestNamesAreNoPassphrases: those of holders are public, and stand beside the
// keys on every drive.
func TestNamesAreNoPassphrases(t *testing.T) {
	s := &Session{env: Env{Rehearsal: false}}
	s.State.Plan.Releaser = "Team Oppenheimer"
	s.State.Keys = []HeldKey{{Name: "root-1", Holder: "Marie Sklodowska"}, {Name: "root-2", Holder: "Wilhelmina"}}
	for pass, weak := range map[string]bool{"marie sklodowska": true, "Wilhelmina Oppenheimer 2026": true,
		"correct horse battery staple": false, "plover sextant marmalade": false} {
		if err := s.strength(s.State.Keys[0], secret.Bytes(pass)); (err != nil) != weak {
			t.Errorf("%q: %v", pass, err)
		}
	}
}
