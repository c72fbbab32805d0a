package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"signer/image/qemu"
)

// table is what is on the person's table: the machine, and the sticks.
type table struct {
	machine *qemu.Machine
	sticks  []qemu.Stick
	out     io.Writer
	plugged []string
}

var errQuit = errors.New("quit")

const commandHelp = `Commands, on the standard input:
  list              the sticks, and what is plugged in
  plug 1            plug stick 1 in; also: plug net, keyboard2, mouse, hub, serial,
                    composite: devices that the appliance must refuse
  unplug 1          pull it out, at once; also: unplug boot, the image's own stick
  screen            what the screen shows, as text
  shot FILE.png     what it shows, as a picture
  type TEXT         type a text and Return on an American keyboard
  key NAME          press a key or several together: esc, down, f1, ctrl-c
  reset             press the reset button
  cut               cut the power, and end
  quit              the same; end of the commands leaves the machine running
`

// do carries out a command line.
func (t *table) do(ctx context.Context, line string) error {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "":
		return nil
	case "list":
		t.list()
		return nil
	case "plug":
		return t.plug(ctx, rest)
	case "unplug":
		return t.unplug(ctx, rest)
	case "screen":
		return t.screen(ctx)
	case "shot":
		return t.machine.SaveScreen(ctx, rest)
	case "type":
		return t.machine.Type(ctx, rest+"\n")
	case "key":
		return t.machine.Press(ctx, rest)
	case "reset":
		return t.machine.Reset(ctx)
	case "quit", "cut", "exit":
		return errQuit
	}
	t.say("%s", commandHelp)
	return nil
}

func (t *table) say(format string, values ...any) { _, _ = fmt.Fprintf(t.out, format, values...) }

func (t *table) list() {
	for i, s := range t.sticks {
		where := "on the table"
		if t.isIn(s.Name) {
			where = "plugged in"
		}
		t.say("%d  %s, serial number %s: %s (%s)\n", i+1, s.Product, s.Serial, where, s.File)
	}
	for _, name := range t.plugged {
		if _, ok := t.stick(name); !ok {
			t.say("%s: plugged in\n", name)
		}
	}
}

func (t *table) isIn(name string) bool {
	for _, other := range t.plugged {
		if name == other {
			return true
		}
	}
	return false
}

// stick finds a stick by its number or name.
func (t *table) stick(word string) (qemu.Stick, bool) {
	for i, s := range t.sticks {
		if word == s.Name || word == strconv.Itoa(i+1) {
			return s, true
		}
	}
	return qemu.Stick{}, false
}

func (t *table) plug(ctx context.Context, word string) error {
	drivers := map[string]string{"net": "usb-net", "keyboard2": "usb-kbd", "mouse": "usb-mouse", "hub": "usb-hub", "serial": "usb-serial"}
	name := word
	if s, ok := t.stick(word); ok {
		name = s.Name
	}
	if t.isIn(name) {
		return fmt.Errorf("%s is plugged in already", name)
	}
	err := fmt.Errorf("plug %q: there is no such thing: see list and help", word)
	if s, ok := t.stick(word); ok {
		err = t.machine.PlugStick(ctx, s)
	} else if word == "composite" {
		err = t.machine.PlugComposite(ctx, qemu.DiskAndKeyboard("composite"))
	} else if drivers[word] != "" {
		err = t.machine.Plug(ctx, qemu.Device{Name: word, Driver: drivers[word]})
	}
	if err == nil {
		t.plugged = append(t.plugged, name)
		t.say("%s is plugged in\n", name)
	}
	return err
}

func (t *table) unplug(ctx context.Context, word string) error {
	if s, ok := t.stick(word); ok {
		word = s.Name
	}
	if err := t.machine.Unplug(ctx, word); err != nil {
		return err
	}
	for i, name := range t.plugged {
		if name == word {
			t.plugged = append(t.plugged[:i], t.plugged[i+1:]...)
			break
		}
	}
	t.say("%s is pulled out\n", word)
	return nil
}

func (t *table) screen(ctx context.Context) error {
	lines, err := t.machine.ScreenText(ctx)
	if err != nil {
		return err
	}
	t.say("%s\n", strings.TrimRight(strings.Join(lines, "\n"), "\n"))
	return nil
}
