package ui

import (
	"strings"

	"rsc.io/qr"
)

// quiet is the light border of a code, in modules. The standard has four; two
// are what telephones were seen to need, and four do not fit.
const quiet = 2

// drawCode draws a text as a QR code, two rows of modules in a line. A light
// module is what is printed, a dark one what is left out, as the screen is dark.
// It does not draw what would not fit.
func drawCode(text string, width, height int) (lines []string, ok bool) {
	code, err := qr.Encode(text, qr.L)
	if err != nil || code.Size+2*quiet > width || (code.Size+2*quiet+1)/2 > height {
		return nil, false
	}
	for y := -quiet; y < code.Size+quiet; y += 2 {
		var line strings.Builder
		for x := -quiet; x < code.Size+quiet; x++ {
			upper := !code.Black(x, y)
			lower := !code.Black(x, y+1) && y+1 < code.Size+quiet
			switch {
			case upper && lower:
				line.WriteRune('█')
			case upper:
				line.WriteRune('▀')
			case lower:
				line.WriteRune('▄')
			default:
				line.WriteRune(' ')
			}
		}
		lines = append(lines, line.String())
	}
	return lines, true
}
