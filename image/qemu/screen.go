package qemu

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Screenshot is what the machine's screen shows.
func (m *Machine) Screenshot(ctx context.Context) (image.Image, error) {
	dir, err := os.MkdirTemp("", "shot")
	if err != nil {
		return nil, fmt.Errorf("screenshot: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "screen.ppm") // packing a PNG would hold the machine up
	if err := m.Do(ctx, "screendump", map[string]any{"filename": file}, nil); err != nil {
		return nil, fmt.Errorf("screenshot: %w", err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("screenshot: %w", err)
	}
	return decodePPM(data)
}

// decodePPM reads the binary form of a portable pixmap as QEMU writes it: a line
// each for the kind, the size and the brightest value, then red, green and blue.
func decodePPM(data []byte) (image.Image, error) {
	var width, height, brightest int
	head := data[:min(len(data), 32)]
	if _, err := fmt.Sscanf(string(head), "P6\n%d %d\n%d\n", &width, &height, &brightest); err != nil {
		return nil, fmt.Errorf("screenshot: no portable pixmap: %w", err)
	}
	body := data[len(fmt.Sprintf("P6\n%d %d\n%d\n", width, height, brightest)):]
	if brightest != 255 || width <= 0 || height <= 0 || len(body) != 3*width*height {
		return nil, fmt.Errorf("screenshot: a pixmap of %d by %d with %d bytes", width, height, len(body))
	}
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		copy(picture.Pix[4*i:], body[3*i:3*i+3])
		picture.Pix[4*i+3] = 255
	}
	return picture, nil
}

// SaveScreen writes what the screen shows to a PNG file.
func (m *Machine) SaveScreen(ctx context.Context, name string) error {
	picture, err := m.Screenshot(ctx)
	if err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("screenshot: %w", err)
	}
	defer f.Close()
	if err := png.Encode(f, picture); err != nil {
		return fmt.Errorf("screenshot: %w", err)
	}
	return f.Close()
}

// ErrNoFonts is the answer of a machine whose Config has no Fonts.
var ErrNoFonts = errors.New("no font to read the screen with")

// ScreenText is what the screen shows, read as text with the font that fits best.
func (m *Machine) ScreenText(ctx context.Context) ([]string, error) {
	if len(m.fonts) == 0 {
		return nil, ErrNoFonts
	}
	picture, err := m.Screenshot(ctx)
	if err != nil {
		return nil, err
	}
	return Read(picture, m.fonts...), nil
}

// WaitScreen waits until the screen shows a text on one line.
func (m *Machine) WaitScreen(ctx context.Context, text string) error {
	_, err := m.WaitScreenText(ctx, func(lines []string) bool {
		return strings.Contains(strings.Join(lines, "\n"), text)
	})
	if err != nil {
		return m.Explain(fmt.Errorf("wait for %q on the screen: %w", text, err))
	}
	return nil
}

// WaitScreenText waits until what the screen shows is right, and returns it. With an
// error it returns what was shown last: a machine that has ended shows nothing more.
func (m *Machine) WaitScreenText(ctx context.Context, right func(lines []string) bool) (lines []string, err error) {
	ctx, cancel := patient(ctx)
	defer cancel()
	for {
		began := time.Now()
		now, err := m.ScreenText(ctx)
		if err != nil {
			return lines, err
		}
		if lines = now; right(lines) {
			return lines, nil
		}
		select {
		case <-time.After(max(200*time.Millisecond, 2*time.Since(began))): // its timers stand still while the screen is taken
		case <-ctx.Done():
			return lines, context.Cause(ctx)
		}
	}
}
