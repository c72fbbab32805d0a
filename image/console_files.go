package image

import (
	"fmt"
	"strings"

	"signer/image/console"
)

// takeConsole makes the fonts and the keymaps.
func (g *gathering) takeConsole() error {
	fonts := []struct{ from, name string }{
		{"usr/share/consolefonts/Uni2-Terminus16.psf.gz", "console/16.psf"},
		{"usr/share/consolefonts/Uni2-Terminus32x16.psf.gz", "console/32.psf"}, // for 1280 x 768 dots and more
	}
	found, p, err := g.named(g.arch.fonts(), fonts[0].from, fonts[1].from)
	if err != nil {
		return err
	}
	for _, f := range fonts {
		font, err := console.ParseFont(found[f.from])
		if err == nil {
			font, err = font.ForScreens()
		}
		if err != nil {
			return fmt.Errorf("%s: %q: %w", p, f.from, err)
		}
		g.got.console = append(g.got.console, entry{f.name, fileMode, font.PSF(), originOf(p)})
	}
	return g.takeKeymaps()
}

const (
	xkbFolder = "usr/share/X11/xkb/"
	keysymdef = "usr/include/X11/keysymdef.h"
)

func (g *gathering) takeKeymaps() error {
	p, err := g.pick(g.arch.keyboards())
	if err != nil {
		return err
	}
	xkb, err := g.store.unpack(g.ctx, p, "symbols and keycodes", only(func(name string) bool {
		rest, ok := strings.CutPrefix(name, xkbFolder)
		return ok && (strings.HasPrefix(rest, "symbols/") || strings.HasPrefix(rest, "keycodes/"))
	}))
	if err != nil {
		return err
	}
	symbols, _, err := g.named(g.arch.keysyms(), keysymdef)
	if err != nil {
		return err
	}
	keymaps, err := console.Keymaps(func(name string) ([]byte, error) {
		data, ok := xkb[xkbFolder+name]
		if !ok {
			return nil, fmt.Errorf("%s has no file %q", p, xkbFolder+name)
		}
		return data, nil
	}, symbols[keysymdef])
	if err != nil {
		return fmt.Errorf("keyboard layouts of %s: %w", p, err)
	}
	return g.addKeymaps(keymaps, originOf(p))
}

func (g *gathering) addKeymaps(keymaps []console.Keymap, origin string) error {
	for _, k := range keymaps {
		data, err := k.MarshalBinary()
		if err != nil {
			return fmt.Errorf("keyboard layout %s: %w", k.Name, err)
		}
		g.got.console = append(g.got.console, entry{"console/keymaps/" + k.Name, fileMode, data, origin})
	}
	g.got.console = append(g.got.console, entry{"console/keymaps/list", fileMode, console.List(keymaps), thisSource})
	return nil
}
