package tuf

import (
	"bytes"
	"encoding/json"
	"testing"
)

// Two programs that write another canonical form of one file do not verify each
// other's signatures: ours is that of the library which go-tuf v0.5.2 and
// go-tuf/v2 use.
func sameCanonical(t *testing.T, text []byte) {
	t.Helper()
	v, err := scan(text, MaxTargetsSize)
	if err != nil {
		return
	}
	want, err := Canonical(json.RawMessage(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if got := canonicalOf(v); !bytes.Equal(got, want) {
		t.Errorf("of %q\n%q\nand the library has\n%q", text, got, want)
	}
}

// canonicalTexts have what a canonical form changes, and what it must leave.
var canonicalTexts = []string{
	`{"b":1,"a":{"d":[],"e":{}},"C":[1,{"z":"","y":false}]}`,
	` [ -1 , 9007199254740991 , true ,"x" ] `,
	`{"\u0061b":1,"aa":2,"a\"":3,"a\\":4,"a":5}`,
	`"\"\\\/\b\f\n\r\t\u0000\u001f\u007f"`,
	`"<script> & \u2028\u2029 \ud83d\ude00 é \u00e9"`,
	`{"ÿ":1,"\ud83d\ude00":2,"\uffff":3,"z":4}`,
	`{"signatures":null,"signed":{}}`,
	`0`, `""`, `{}`, `[]`, `[[],[[]],{"a":[{}]}]`,
}

func TestCanonicalFormIsTheLibrarys(t *testing.T) {
	for _, text := range canonicalTexts {
		if _, err := scan([]byte(text), MaxRootSize); err != nil {
			t.Errorf("%s is not compared: %v", text, err)
		}
		sameCanonical(t, []byte(text))
	}
}

func TestCanonicalFormOfRealHistory(t *testing.T) {
	for _, b := range sigstore(t) {
		sameCanonical(t, b)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, text := range canonicalTexts {
		f.Add([]byte(text))
	}
	f.Add(inked(f, rootSigned(1, 2, pens(1, 2, 3)...), pens(1, 2)...))
	f.Fuzz(sameCanonical)
}
