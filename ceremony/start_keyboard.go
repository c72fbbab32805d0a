package ceremony

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// begin has the drivers loaded, while the first screen is shown.
func (f *firstScreens) begin(ctx context.Context, s *Session) {
	if f.ready != nil {
		return
	}
	if f.machine == nil {
		f.machine = rehearsed{s.env.Drives}
	}
	f.ready = make(chan error, 1)
	go func() { f.ready <- guarded(ctx, f.machine.Ready) }()
}

// keyboard has the layout chosen and tried, and closes the doors then.
func (f *firstScreens) keyboard(ctx context.Context, s *Session) error {
	f.begin(ctx, s)
	if err := s.Part(ctx, "keyboard", func(ctx context.Context) error { return f.chooseLayout(ctx, s) }); err != nil {
		return err
	}
	return s.Part(ctx, "keyboard.guard", func(ctx context.Context) error { return f.closeDoors(ctx, s) })
}

func (f *firstScreens) chooseLayout(ctx context.Context, s *Session) error {
	layouts := usFirst(f.machine.Layouts())
	q := Question{ID: "keyboard", Kind: Choose, Title: "The keyboard", Prompt: "Which keyboard is it?"}
	for _, l := range layouts {
		q.Options = append(q.Options, Option{Key: l.Name, Label: l.Title})
	}
	if len(layouts) > 0 {
		q.Default = layouts[0].Name
	}
	a, err := s.ask(ctx, q, func(a Answer) error {
		if err := f.machine.UseLayout(a.Text); err != nil {
			return remarkf("That layout cannot be used: %v.", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.layout = layouts[slices.IndexFunc(layouts, func(l Layout) bool { return l.Name == a.Text })]
	if err := f.awaitDrivers(ctx, s); err != nil {
		return err
	}
	return f.tryKeyboard(ctx, s)
}

// usFirst puts the layout first that most keyboards have.
func usFirst(all []Layout) []Layout {
	out := slices.Clone(all)
	if i := slices.IndexFunc(out, func(l Layout) bool { return l.Name == "us" }); i > 0 {
		us := out[i]
		out = slices.Insert(slices.Delete(out, i, i+1), 0, us)
	}
	return out
}

// awaitDrivers waits until they are loaded. One that could not be is told, and
// what does without it goes on.
func (f *firstScreens) awaitDrivers(ctx context.Context, s *Session) error {
	_, err := s.askBeside(ctx, Question{ID: "keyboard.drivers", Kind: Wait, Title: "The keyboard", NoBack: true,
		Prompt: "Loading the drivers"}, func(ctx context.Context) error {
		select {
		case err := <-f.ready:
			f.ready <- nil // for who comes back
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	if err == nil || errors.Is(err, ErrStop) || ctx.Err() != nil {
		return err
	}
	f.drivers = err.Error()
	s.trouble("not all drivers were loaded: %v", err)
	return nil
}

// trial has the letters that layouts differ in.
const trial = "z y - / @ ä"

// tryKeyboard lets the operator type. What is typed is for nobody.
func (f *firstScreens) tryKeyboard(ctx context.Context, s *Session) error {
	_, err := s.ask(ctx, Question{ID: "keyboard.test", Kind: Type, Optional: true, Title: "Try the keyboard: " + f.layout.Title,
		Text: []Block{
			Table(keyboardRows(f.machine.Keyboards())...),
			Para("If other letters appear than those on the keys, Esc leads back to the list. No passphrase belongs here."),
			Para("After this screen only drives are admitted, and the keyboards named above."),
		}, Prompt: "Type here to try: " + trial}, nil)
	delete(s.recall, "keyboard.test")
	return err
}

func keyboardRows(plugged []string) []Row {
	if len(plugged) == 0 {
		return []Row{{"Plugged in", keyboardsText(nil)}}
	}
	var rows []Row
	for i, name := range plugged {
		label := "Plugged in"
		if i > 0 {
			label = ""
		}
		rows = append(rows, Row{label, Foreign(name)})
	}
	return rows
}

// closeDoors admits nothing but drives from now on. A computer that cannot be
// told so is used only by who says so.
func (f *firstScreens) closeDoors(ctx context.Context, s *Session) error {
	for !f.guarded {
		err := f.machine.Guard()
		if err == nil {
			f.guarded, f.guard = true, "only drives are admitted from then on, beside "+keyboardsText(f.machine.Keyboards())
			if s.env.Rehearsal {
				f.guard += " (not in a rehearsal, which refuses nothing)"
			}
			s.did("from now on only drives are admitted")
			break
		}
		s.trouble("devices that are plugged in cannot be refused: %v", err)
		way, err := s.choose(ctx, Question{ID: "keyboard.open", Title: "Any device would be admitted", Default: "again", Prompt: "What now?",
			Text: []Block{Warn("USB devices are not refused: " + Foreign(err.Error()) + ". A device that says it is a keyboard could type."),
				Para("Unplug all that is not needed, or plug in another keyboard, and try again. If you go on, watch what is plugged in; the record says that nothing was refused.")},
			Options: []Option{{Key: "again", Label: "Try again"}, {Key: "on", Label: "Go on, and watch every plug"}}})
		if err != nil {
			return err
		}
		if way == "on" {
			f.guard = "DEVICES WERE NOT REFUSED: this computer could not be told to"
			s.note("devices are not refused")
			break
		}
	}
	return nil
}

func keyboardsText(names []string) string {
	if len(names) == 0 {
		return "no keyboard that says its name"
	}
	return strings.Join(names, ", ")
}
