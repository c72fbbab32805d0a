package ceremony

import (
	"fmt"
	"slices"
	"strings"
)

// pageWidth is that of the smallest screen.
const pageWidth = 80

// Text is the report as a page of plain text.
func (r Report) Text() string {
	p := &reportPage{}
	p.line(r.title())
	if r.Drive != nil {
		p.line(fmt.Sprintf("Written by the ceremony %s of %s", r.Drive.Ceremony, when(r.Drive.Began)))
	}
	p.line("Checked " + when(r.Checked))
	p.verdict(r)
	p.chain(r)
	p.roles(r.Roles)
	p.keys(r.ListedKeys)
	p.keyFiles(r.KeyFiles)
	p.files(r)
	p.clients(r.Clients)
	p.tools(r.Fleetctl)
	return p.b.String()
}

func (r Report) title() string {
	switch {
	case r.Drive != nil && r.Drive.Rehearsal:
		return fmt.Sprintf("REHEARSAL drive %s: %s", r.Drive.Label, r.Drive.Role)
	case r.Drive != nil:
		return fmt.Sprintf("Drive %s: %s", r.Drive.Label, r.Drive.Role)
	}
	return map[TreeKind]string{
		KindDrive:      "A drive that does not say what it is",
		KindTree:       "A folder of tuf or fleetctl",
		KindRepository: "A repository folder",
		KindTray:       "A tray of drives",
		KindUnknown:    "An unknown folder",
	}[r.Kind]
}

// reportPage is a page being written.
type reportPage struct{ b strings.Builder }

// line writes wrapped text; what follows the first line stands below it.
func (p *reportPage) line(text string) { p.row("", "", text) }

// row writes text after a first column, which is as wide as its indent.
func (p *reportPage) row(first, rest, text string) {
	for _, line := range wrap(text, first, rest, pageWidth) {
		p.b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func (p *reportPage) heading(text string) { p.b.WriteString("\n" + text + "\n") }

func (p *reportPage) verdict(r Report) {
	words := map[Gravity]string{
		Good:    "GOOD: nothing is wrong",
		Soon:    "EXPIRES SOON",
		Expired: "EXPIRED",
		Broken:  "BROKEN",
		Refused: "REFUSED: this is dangerous, or was made to be",
	}
	p.heading(words[r.Verdict])
	for _, f := range r.Findings {
		text := f.Text
		if f.File != "" {
			text = f.File + ": " + text
		}
		p.row(fmt.Sprintf("  %-8s ", f.Gravity), "           ", text)
	}
	if r.LeftOut > 0 {
		p.row("  and ", "      ", fmt.Sprintf("%d more.", r.LeftOut))
	}
}

func (p *reportPage) chain(r Report) {
	c := r.Chain
	if c == nil {
		return
	}
	p.heading("Roots")
	p.row("  ", "  ", c.sentence())
	if c.Repository != nil {
		p.b.WriteString("  repository  " + c.Repository.Groups()[:39] + "\n              " + c.Repository.Groups()[40:] + "\n")
	}
	if c.Latest != nil {
		p.row("  ", "  ", fmt.Sprintf("The digest of root %d in words, for comparing:", c.Verified))
		p.b.WriteString("\n" + indent(numberedWords(c.Latest.Words())) + "\n")
	}
	if c.Consistent {
		p.row("  ", "  ", "Snapshots are consistent.")
	}
	for _, d := range c.Deviations {
		p.row("  differs  ", "           ", d)
	}
}

func (c ChainSeen) sentence() string {
	follow := c.Verified - int(c.First) + 1
	switch {
	case c.Verified == 0:
		return fmt.Sprintf("%d in %s, and the first does not verify.", c.Present, c.Folder)
	case follow == 1 && c.Present == 1:
		return fmt.Sprintf("Root %d in %s has the signatures that it wants.", c.First, c.Folder)
	case follow < c.Present:
		return fmt.Sprintf("Roots %d to %d of %d in %s: what comes after does not follow.", c.First, c.Verified, c.Present, c.Folder)
	}
	return fmt.Sprintf("Roots %d to %d in %s: each has the signatures that it and the one before want.", c.First, c.Verified, c.Folder)
}

func (p *reportPage) roles(roles []RoleSeen) {
	if len(roles) == 0 {
		return
	}
	p.heading(fmt.Sprintf("%-10s %7s  %-26s %6s  %s", "Role", "version", "expires", "days", "signed"))
	for _, r := range roles {
		fmt.Fprintf(&p.b, "%-10s %7d  %-26s %6d  %d of %d, %d wanted\n", r.Role, r.Version, when(r.Expires), r.Days,
			len(r.Signed), r.Listed, r.Threshold)
	}
}

func (p *reportPage) keys(keys []KeySeen) {
	if len(keys) == 0 {
		return
	}
	p.heading(fmt.Sprintf("%-11s %-20s %-24s %s", "Listed key", "type", "role", "holder"))
	for _, k := range keys {
		var roles []string
		for _, role := range k.Roles {
			state := "not signed"
			if slices.Contains(k.Signed, role) {
				state = "signed"
			}
			roles = append(roles, fmt.Sprintf("%s (%s)", role, state))
		}
		first := fmt.Sprintf("%-11s %-20s %-24s ", k.KeyID.Short(), Foreign(k.Type), strings.Join(roles, ", "))
		p.row(clip(first, 58), strings.Repeat(" ", 58), orDash(k.Holder))
	}
}

func (p *reportPage) keyFiles(files []KeyFileSeen) {
	if len(files) == 0 {
		return
	}
	p.heading("Private keys")
	for _, f := range files {
		text := "not locked"
		if f.Locked {
			text = fmt.Sprintf("locked, scrypt N %d", f.Cost)
		}
		if !f.Usual && f.Locked {
			text += ", which no TUF tool opens"
		}
		if f.Holder != "" {
			text += "; " + f.Holder
		}
		p.row(fmt.Sprintf("  %-22s ", f.Name), "      ", text)
	}
}

func (p *reportPage) files(r Report) {
	p.heading("Files")
	text := fmt.Sprintf("%d are here.", r.Files.Present)
	if r.Drive != nil {
		text = fmt.Sprintf("%d are here; the drive lists %d, and %d are as it lists them.", r.Files.Present, r.Files.Listed, r.Files.Matching)
	}
	if !r.Files.ModesJudged {
		text += " Modes were not judged: this file system keeps none."
	}
	p.row("  ", "  ", text)
}

func (p *reportPage) clients(c ClientsSeen) {
	if !c.Played && c.Problem == "" {
		return
	}
	p.heading("Clients")
	for _, s := range c.Passed {
		p.row("  ok     ", "         ", s)
	}
	if c.Problem != "" {
		p.row("  stops  ", "         ", asSentence(c.Problem))
	}
	for _, s := range c.Shown {
		p.row("  note   ", "         ", s)
	}
}

func (p *reportPage) tools(t *ToolsSeen) {
	if t == nil {
		return
	}
	p.heading("fleetctl and tuf v0.5.2, in this folder")
	var can, cannot []string
	for _, c := range []struct {
		name string
		can  bool
	}{{"add", t.Add}, {"timestamp", t.Timestamp}, {"rotate", t.Rotate}} {
		if c.can {
			can = append(can, c.name)
		} else {
			cannot = append(cannot, c.name)
		}
	}
	p.row("  would work      ", "", orDash(strings.Join(can, ", ")))
	p.row("  would not work  ", "", orDash(strings.Join(cannot, ", ")))
	for _, why := range t.WhyNot {
		p.row("  - ", "    ", why)
	}
}

func orDash(s string) string {
	if strings.TrimSpace(s) == "" {
		return "-"
	}
	return s
}

// clip keeps a column in its place.
func clip(s string, width int) string {
	if len(s) > width {
		return s[:width-1] + " "
	}
	return s
}
