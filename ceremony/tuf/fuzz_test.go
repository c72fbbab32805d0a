package tuf

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// What Strict takes, go-tuf/v2 takes too and reads as the same bytes to be
// signed; what either mode takes is read again the same from its own canonical
// form; and nothing panics, whoever asks go-tuf/v2 afterwards.

func FuzzParseRoot(f *testing.F) {
	f.Add(inked(f, rootSigned(1, 2, pens(1, 2, 3)...), pens(1, 2)...))
	f.Add(inked(f, rootSigned(7, 1, newPen(1))))
	for _, c := range refusals {
		signed := rootSigned(1, 2, pens(1, 2, 3)...)
		c.edit(signed)
		f.Add(inked(f, signed, newPen(1)))
	}
	f.Add([]byte(`{"signatures":null,"signed":{"keys":{"ab":null},"roles":{"root":null}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, mode := range []Mode{Strict, History} {
			root, err := ParseRoot(b, mode)
			if err != nil {
				continue
			}
			again := mustRoot(t, rewritten(t, root.Envelope), mode)
			sameSigned(t, root.Envelope, again.Envelope)
			if len(again.Keys) != len(root.Keys) || len(again.Roles) != len(Roles()) {
				t.Errorf("%d keys and %d roles, read again %d and %d", len(root.Keys), len(root.Roles), len(again.Keys), len(again.Roles))
			}
			_, _ = root.VerifyBy(root, RoleRoot)
			_ = Objections052(root)
			if mode == Strict {
				engineReads[metadata.RootType](t, root.Envelope)
			}
		}
		_, _ = Simulate(Published{Roots: [][]byte{b}, Root: b}, today)
	})
}

func FuzzParseOnline(f *testing.F) {
	w := newWorld(f, 1)
	w.targets["targets"] = dict{"a": target(1, hash512), "b/c": target(2, hash512)}
	m := w.publish(f)
	for _, b := range [][]byte{m.Targets, m.Snapshot, m.Timestamp} {
		f.Add(b)
	}
	f.Add([]byte(`{"signatures":null,"signed":{"_type":"timestamp","meta":{"snapshot.json":null}}}`))
	root := mustRoot(f, m.Root, Strict)
	f.Fuzz(func(t *testing.T, b []byte) {
		if online[metadata.TargetsType](t, root, b, ParseTargets, func(f *Targets) Envelope { return f.Envelope }) {
			_, _ = Simulate(Published{Roots: w.roots, Targets: b, Snapshot: m.Snapshot, Timestamp: m.Timestamp}, today)
		}
		if online[metadata.SnapshotType](t, root, b, ParseSnapshot, func(f *Snapshot) Envelope { return f.Envelope }) {
			_, _ = Simulate(Published{Roots: w.roots, Targets: m.Targets, Snapshot: b, Timestamp: m.Timestamp}, today)
		}
		if online[metadata.TimestampType](t, root, b, ParseTimestamp, func(f *Timestamp) Envelope { return f.Envelope }) {
			_, _ = Simulate(Published{Roots: w.roots, Targets: m.Targets, Snapshot: m.Snapshot, Timestamp: b}, today)
		}
	})
}

// online reads a file in both modes, and reports whether one takes it.
func online[T metadata.Roles, F any](t *testing.T, root *Root, b []byte, parse func([]byte, Mode) (F, error), envelope func(F) Envelope) (read bool) {
	t.Helper()
	for _, mode := range []Mode{Strict, History} {
		file, err := parse(b, mode)
		if err != nil {
			continue
		}
		e := envelope(file)
		again, err := parse(rewritten(t, e), mode)
		if err != nil {
			t.Fatalf("the canonical form of what was read is refused: %v", err)
		}
		sameSigned(t, e, envelope(again))
		_, _ = e.VerifyBy(root, e.Role)
		if mode == Strict {
			engineReads[T](t, e)
		}
		read = true
	}
	return read
}

// rewritten is the file in canonical form, without its signatures.
func rewritten(t *testing.T, e Envelope) []byte {
	t.Helper()
	// Canonical JSON leaves control characters as they are, which JSON does not
	// allow: only they are escaped.
	var b bytes.Buffer
	b.WriteString(`{"signatures":[],"signed":`)
	for _, c := range e.Signed {
		if c < ' ' {
			escaped, err := json.Marshal(string(rune(c)))
			if err != nil {
				t.Fatal(err)
			}
			b.Write(bytes.Trim(escaped, `"`))
			continue
		}
		b.WriteByte(c)
	}
	b.WriteString("}")
	return b.Bytes()
}

func sameSigned(t *testing.T, e, again Envelope) {
	t.Helper()
	if !bytes.Equal(e.Signed, again.Signed) || e.Version != again.Version || !e.Expires.Equal(again.Expires) {
		t.Errorf("read\n%s\nread again\n%s", e.Signed, again.Signed)
	}
}

func engineReads[T metadata.Roles](t *testing.T, e Envelope) {
	t.Helper()
	file, err := new(metadata.Metadata[T]).FromBytes(e.Raw)
	if err != nil {
		t.Fatalf("Strict takes it, go-tuf/v2 says %v", err)
	}
	if signed, err := Canonical(file.Signed); err != nil || !bytes.Equal(signed, e.Signed) {
		t.Errorf("go-tuf/v2 would verify (%v)\n%s\nand not\n%s", err, signed, e.Signed)
	}
}
