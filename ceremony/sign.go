package ceremony

import (
	"context"
	"encoding/hex"
	"fmt"

	"signer/ceremony/tuf"
)

// signAll signs what was reviewed, and plays a client's update on the result
// before any of it can reach a drive.
func signAll(ctx context.Context, s *Session) error {
	return s.Part(ctx, "sign", func(ctx context.Context) error {
		var shown tuf.Simulation
		_, err := s.askBeside(ctx, Question{ID: "sign.working", Kind: Wait, Title: "Signing", Prompt: "Signing, and trying it as a client would"},
			func(context.Context) (err error) {
				shown, err = s.signAndSimulate()
				return err
			})
		if err != nil {
			return err
		}
		s.tellSignatures()
		text := []Block{Para(fmt.Sprintf("Root 1 is signed by %d of %d root keys, and targets, snapshot and timestamp by theirs.",
			len(s.State.Root.Signatures), len(s.State.keysOf(tuf.RoleRoot))))}
		for _, sentence := range shown.Passed {
			text = append(text, Para("√ "+sentence))
		}
		for _, sentence := range shown.Shown {
			text = append(text, Para("! "+sentence))
		}
		return s.read(ctx, Question{ID: "sign", Title: "Signed, and tried as a client would", Text: text,
			Prompt: "Next, the drives that carry it out are written."})
	})
}

func (s *Session) signAndSimulate() (tuf.Simulation, error) {
	var signers []*tuf.PrivateKey
	for _, k := range s.State.Keys {
		key, err := s.Keys.Key(k.Key.ID)
		if err != nil {
			return tuf.Simulation{}, err
		}
		signers = append(signers, key)
	}
	roots := len(s.State.keysOf(tuf.RoleRoot))
	root, err := tuf.Sign(s.State.Reviewed, signers[:roots]...)
	if err != nil {
		return tuf.Simulation{}, err
	}
	published, err := tuf.SignOnline(s.State.Reviewed, root, signers[roots:]...)
	if err != nil {
		return tuf.Simulation{}, err
	}
	shown, err := tuf.Simulate(published, s.State.Now)
	if err != nil {
		return tuf.Simulation{}, fmt.Errorf("clients would refuse what was just signed: %w", err)
	}
	s.State.Root, s.State.Published = root, published
	return shown, nil
}

func (s *Session) tellSignatures() {
	data := signatureData("root", s.State.Root.Signatures)
	data["repository"] = tuf.DigestOf(s.State.Root.Raw).String() // by which every later record names it
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("root 1 signed by %d root keys; a client accepts it", len(s.State.Root.Signatures)), Data: data})
	for _, role := range tuf.OnlineRoles() {
		env, err := s.State.Published.Envelope(role)
		if err != nil {
			continue // SignOnline parsed it a moment ago
		}
		s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s 1 signed", role), Data: signatureData(string(role), env.Signatures)})
	}
}

func signatureData(file string, signatures []tuf.Signature) map[string]string {
	d := map[string]string{"signed": file}
	for _, sig := range signatures {
		d["sig."+sig.KeyID.String()] = hex.EncodeToString(sig.Bytes)
	}
	return d
}
