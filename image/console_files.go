package image

import (
	"fmt"

	"signer/image/console"
)

// takeConsole makes the two fonts and the keymaps.
func (g *gathering) takeConsole() error {
	fonts := []struct{ from, name string }{
		{"usr/share/consolefonts/Uni2-Terminus16.psf.gz", "console/16.psf"},
		{"usr/share/consolefonts/Uni2-Terminus32x16.psf.gz", "console/32.psf"}, // for 1280 x 768 dots and more
	}
	for _, f := range fonts {
		found, p, err := g.named(g.arch.fonts(), f.from)
		if err != nil {
			return err
		}
		font, err := console.ParseFont(found[f.from])
		if err == nil {
			font, err = font.ForScreens()
		}
		if err != nil {
			return fmt.Errorf("%s: %q: %w", p, f.from, err)
		}
		g.got.console = append(g.got.console, entry{f.name, fileMode, font.PSF(), originOf(p)})
	}
	return nil
}
