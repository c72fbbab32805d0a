package tuf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// noSignatures ends a file that nobody has signed.
const noSignatures = `,"signatures":[]}`

// signTargets writes targets.json with the additions in it. What is signed is what
// a reader makes of the bytes that go out, and not what they were made from. It
// also says how snapshot.json lists the file.
func (s releasing) signTargets() (file []byte, meta map[string]fileMetaForm, err error) {
	collect(len(s.targets.text))
	if file, err = s.unsignedTargets(); err != nil {
		return nil, nil, err
	}
	l, err := s.readAgain(file)
	if err != nil {
		return nil, nil, err
	}
	signatures, err := signaturesOver(l.Signed, RoleTargets, keysFor(s.root, RoleTargets, s.keys), []*Root{s.root})
	if err != nil {
		return nil, nil, err
	}
	if file, err = filled(file, signatures); err != nil {
		return nil, nil, err
	}
	both(func() { err = l.signedBy(s.root, file) },
		func() { meta = metaOf(RoleTargets, file, l.Version) })
	return file, meta, err
}

// unsignedTargets is the whole file, but for the signatures.
func (s releasing) unsignedTargets() ([]byte, error) {
	head, err := json.Marshal(targetsForm{s.common(RoleTargets), json.RawMessage("{}")})
	if err != nil {
		return nil, fmt.Errorf("write targets.json: %w", err)
	}
	head = bytes.TrimSuffix(head, []byte("}}"))
	size := len(head) + len(s.targets.text) + 1<<12 // for what stands around
	for _, a := range s.add {
		size += len(a.text) + 1
	}
	b := append(make([]byte, 0, size), `{"signed":`...)
	b = s.targets.appendEdited(append(b, head...), s.add)
	return append(append(b, "}}"...), noSignatures...), nil
}

// readAgain wants the file to list what was listed and what was added, and to be
// as strict as before.
func (s releasing) readAgain(file []byte) (*targetList, error) {
	l, err := readTargets(file)
	if err != nil {
		return nil, err
	}
	if l.Mode != Strict {
		if err := s.asStrict(file); err != nil {
			return nil, err
		}
	}
	return l, l.continues(s.targets, s.add)
}

// asStrict says what the additions bring in that was not there: a path that
// differs from another only in case is all that they can.
func (s releasing) asStrict(file []byte) error {
	if s.targets.Mode == Strict {
		_, err := listTargets(file, Strict)
		return err
	}
	added := map[string]string{}
	for _, a := range s.add {
		added[fold(a.path)] = a.path
	}
	for _, old := range s.targets.entries {
		path := s.targets.path(old)
		if other, ok := added[fold(path)]; ok && other != path {
			return fmt.Errorf("the targets %s and %s differ only in case", quote(path), quote(other))
		}
	}
	return nil
}

// filled puts them where there were none.
func filled(file []byte, signatures []Signature) ([]byte, error) {
	none, err := signedFile([]byte("{}"), signatures)
	if err != nil {
		return nil, err
	}
	file = bytes.TrimSuffix(file, []byte(noSignatures))
	return append(file, bytes.TrimPrefix(none, []byte(`{"signed":{}`))...), nil
}

// signedBy verifies the signatures of the file that was made of the list.
func (l *targetList) signedBy(root *Root, file []byte) error {
	v, err := scan(append([]byte(`{"signed":{}`), file[len(l.Raw)-len(noSignatures):]...), MaxRootSize)
	if err != nil {
		return err
	}
	r := &reader{mode: Strict}
	top, err := r.object(v, "signed", "signatures")
	if err != nil {
		return err
	}
	e := l.Envelope
	if e.Signatures, err = r.signatures(top); err != nil {
		return err
	}
	_, err = e.count(root, RoleTargets)
	return err
}

// both does two things at once.
func both(a, b func()) {
	var other sync.WaitGroup
	other.Go(a)
	b()
	other.Wait()
}
