package ui

import "charm.land/lipgloss/v2"

// Colour repeats what words and glyphs say. Only colours 1 and 2 of a console's
// eight are used, on the console's own background: 8 is barely readable there,
// and bright backgrounds blink.

func bold(s string) string    { return lipgloss.NewStyle().Bold(true).Render(s) }
func good(s string) string    { return lipgloss.NewStyle().Foreground(lipgloss.Green).Render(s) }
func bad(s string) string     { return lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Red).Render(s) }
func flagged(s string) string { return lipgloss.NewStyle().Bold(true).Reverse(true).Render(s) }
func cursor(s string) string  { return lipgloss.NewStyle().Reverse(true).Render(s) }

// modules is a line of a code: light on dark, whatever the terminal's colours.
func modules(s string) string {
	return lipgloss.NewStyle().Foreground(lipgloss.White).Background(lipgloss.Black).Render(s)
}
