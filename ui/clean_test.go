package ui

import (
	"reflect"
	"testing"

	"signer/ceremony"
)

const hostile = "a\x1b[2J\u202e\u200b\x07\r\xff"

// fill puts hostile text into every string that there is, now and when somebody
// adds a field.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(hostile + "\n" + hostile)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(hostile))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	}
}

// Nothing that comes from outside reaches the terminal as a command. (robot
// looks at every frame for what is no plain text.)
func TestForeignTextCommandsNothing(t *testing.T) {
	tray := &fakeTray{}
	fill(reflect.ValueOf(&tray.sticks).Elem())
	r := newRobot(t, Options{Tray: tray})
	for _, kind := range []ceremony.EventKind{ceremony.Began, ceremony.StepAt, ceremony.Note, ceremony.Did, ceremony.Trouble, ceremony.Ended, ceremony.Progress} {
		var e ceremony.Event
		fill(reflect.ValueOf(&e).Elem())
		e.Kind, e.Done, e.Total = kind, 1, 2
		r.tell(e)
	}
	for _, kind := range []ceremony.Kind{ceremony.Read, ceremony.Choose, ceremony.Type, ceremony.Number, ceremony.Date, ceremony.Passphrase, ceremony.Wait} {
		for _, block := range []ceremony.BlockKind{ceremony.Paragraph, ceremony.Caution, ceremony.Facts, ceremony.Verbatim, ceremony.QRCode} {
			var q ceremony.Question
			fill(reflect.ValueOf(&q).Elem())
			q.Kind, q.Motion.Move = kind, ceremony.Insert
			for i := range q.Text {
				q.Text[i].Kind = block
			}
			a := r.ask(q)
			r.shows("<1B>[2J")
			r.input("a", "\t", pageDown, down, ctrlG, pageDown, "x", "1")
			for _, o := range q.Options {
				o.Disabled = ""
				r.send(relisted{a, []ceremony.Option{o}})
			}
		}
	}
}

func TestCleaningLeavesTheAnswerAlone(t *testing.T) {
	r := newRobot(t, Options{})
	a := r.ask(ceremony.Question{Kind: ceremony.Choose, Options: []ceremony.Option{{Key: "k\u202e", Label: "\u202e"}}})
	r.shows("<202E>")
	r.input(enter)
	if got := a.answer(t).answer.Text; got != "k\u202e" {
		t.Errorf("the option's key came back as %q", got)
	}
}
