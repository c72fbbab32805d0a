package secret

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	s := Bytes("hunter2")
	holder := struct{ P Bytes }{s}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "p", s)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%T%v"} {
		for _, v := range []any{s, &s, holder, &holder, []Bytes{s}, map[string]Bytes{"k": s}} {
			args := []any{v}
			if verb == "%T%v" {
				args = []any{v, v}
			}
			if out := fmt.Sprintf(verb, args...); strings.Contains(out, "hunter2") ||
				strings.Contains(strings.ToLower(out), "68756e74657232") || strings.Contains(out, "104 117") {
				t.Errorf("%s of %T prints %q", verb, v, out)
			}
		}
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("slog prints %q", log.String())
	}
}

func TestSecretIsNeverMarshalled(t *testing.T) {
	for _, v := range []any{Bytes("hunter2"), struct{ P Bytes }{Bytes("hunter2")}, map[string]Bytes{"k": Bytes("hunter2")}} {
		if out, err := json.Marshal(v); err == nil {
			t.Errorf("JSON of %T is %s", v, out)
		}
	}
	if err := gob.NewEncoder(&bytes.Buffer{}).Encode(struct{ P Bytes }{Bytes("hunter2")}); err == nil {
		t.Error("gob takes a secret")
	}
}

func TestWipe(t *testing.T) {
	s := Bytes("hunter2")
	kept := s.Clone()
	s.Wipe()
	if !bytes.Equal(s, make([]byte, 7)) {
		t.Error("wiped secret still reads")
	}
	if !kept.Equal(Bytes("hunter2")) || kept.Equal(s) {
		t.Error("the copy is another secret")
	}
}
