package qemu

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// stroke is how long a key is down, and how long all are up before the next one:
// a USB keyboard is asked every 8 ms, and the emulated one holds back 16 events.
const stroke = 15 * time.Millisecond

// Key presses one key by QEMU's name for it: "ret", "esc", "down", "f1", "a".
func (m *Machine) Key(ctx context.Context, name string) error { return m.press(ctx, m.keys, name) }

// Press presses keys together: "ctrl-c", "ctrl-alt-delete", "shift-tab".
func (m *Machine) Press(ctx context.Context, combination string) error {
	return m.press(ctx, m.keys, strings.Split(combination, "-")...)
}

// Type types a text as on a keyboard with the American layout; a line's end is
// the return key.
func (m *Machine) Type(ctx context.Context, text string) error { return m.typeOn(ctx, m.keys, text) }

// TypeOther types on the keyboard that was plugged in besides the machine's own.
func (m *Machine) TypeOther(ctx context.Context, text string) error { return m.typeOn(ctx, "", text) }

func (m *Machine) typeOn(ctx context.Context, screen, text string) error {
	for _, r := range text {
		keys, ok := american(r)
		if !ok {
			return fmt.Errorf("type: no key for %q on an American keyboard", r)
		}
		if err := m.press(ctx, screen, keys...); err != nil {
			return fmt.Errorf("type: %w", err)
		}
	}
	return nil
}

// press puts keys down in their order and lets them go in the opposite one.
func (m *Machine) press(ctx context.Context, screen string, keys ...string) error {
	for i := range keys {
		if err := m.key(ctx, screen, keys[i], true); err != nil {
			return err
		}
	}
	for i := range keys {
		if err := m.key(ctx, screen, keys[len(keys)-1-i], false); err != nil {
			return err
		}
	}
	return nil
}

func (m *Machine) key(ctx context.Context, screen, name string, down bool) error {
	event := map[string]any{"type": "key", "data": map[string]any{"down": down, "key": map[string]any{"type": "qcode", "data": name}}}
	arguments := map[string]any{"events": []any{event}}
	if screen != "" {
		arguments["device"] = screen
	}
	if err := m.Do(ctx, "input-send-event", arguments, nil); err != nil {
		return fmt.Errorf("key %s: %w", name, err)
	}
	select {
	case <-time.After(stroke):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("key %s: %w", name, context.Cause(ctx))
	}
}

// american are the keys for a character on an American keyboard.
func american(r rune) ([]string, bool) {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return []string{string(r)}, true
	case r >= 'A' && r <= 'Z':
		return []string{"shift", string(r - 'A' + 'a')}, true
	}
	if i := strings.IndexRune(")!@#$%^&*(", r); i >= 0 {
		return []string{"shift", string(rune('0' + i))}, true
	}
	const plain, shifted = " \n\t\x1b\b-=[]\\;'`,./", "     _+{}|:\"~<>?"
	names := strings.Fields("spc ret tab esc backspace minus equal bracket_left bracket_right backslash semicolon apostrophe grave_accent comma dot slash")
	if i := strings.IndexRune(plain, r); i >= 0 {
		return []string{names[i]}, true
	}
	if i := strings.IndexRune(shifted, r); i >= 0 {
		return []string{"shift", names[i]}, true
	}
	return nil, false
}
