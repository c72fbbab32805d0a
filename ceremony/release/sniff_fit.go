package release

import (
	"fmt"
	"slices"
	"strings"
)

// objection says why a file that looks like this is not published for the
// platform under a name with this ending; empty when nothing speaks against it.
// What is no program and no archive fits everywhere: text and data are targets
// too.
func (p platform) objection(l looks, file string) string {
	if l.kind == empty {
		return "it is empty"
	}
	if l.damaged != nil {
		return fmt.Sprintf("it is a damaged archive: %v", l.damaged)
	}
	if p.only != "" && !strings.HasSuffix(file, p.only) {
		return fmt.Sprintf("it is %s, and %s wants a file named *%s", l, p.name, p.only)
	}
	if wrong := againstEnding(l, file); wrong != "" {
		return wrong
	}
	switch l.kind {
	case elf, pe, machO, dos:
		return p.againstProgram(l)
	case script:
		if p.program == pe {
			return fmt.Sprintf("it is %s, which Windows does not run", l)
		}
	case xar:
		if p.program != machO {
			return fmt.Sprintf("it is %s", l)
		}
	case tarball:
		return p.againstArchive(l)
	}
	return ""
}

// againstEnding compares with what the name promises.
func againstEnding(l looks, file string) string {
	switch {
	case strings.HasSuffix(file, ".exe") && l.kind != pe:
		return fmt.Sprintf("it is %s, and .exe is for programs for Windows", l)
	case strings.HasSuffix(file, ".pkg") && l.kind != xar:
		return fmt.Sprintf("it is %s, and .pkg is for a Mac's installer packages (xar)", l)
	case strings.HasSuffix(file, ".tar.gz") && l.kind != tarball:
		return fmt.Sprintf("it is %s, and .tar.gz is for archives", l)
	case strings.HasSuffix(file, ".app.tar.gz") && !l.app:
		return "no .app folder begins in the first 4 MiB of the archive"
	}
	return ""
}

func (p platform) againstProgram(l looks) string {
	if l.kind == p.program && l.system == "" && l.runsOn(p.machines) {
		return ""
	}
	return fmt.Sprintf("it is %s, and %s", l, p.wants())
}

// againstArchive wants that one of the programs found runs here: archives hold
// some for elsewhere as well, such as installers that Python brings along.
func (p platform) againstArchive(l looks) string {
	if l.app && p.program != machO {
		return "it is an archive of a Mac's application (.app)"
	}
	fits := func(inside looks) bool { return p.againstProgram(inside) == "" }
	if len(l.programs) == 0 || slices.ContainsFunc(l.programs, fits) {
		return ""
	}
	return fmt.Sprintf("it is an archive with %s, and %s", l.programs[0], p.wants())
}

// wants is what runs on the platform: linux is for Linux on amd64.
func (p platform) wants() string {
	l := looks{kind: p.program, machines: p.machines[:1]}
	if p.program == machO {
		l.machines = p.machines
	}
	return fmt.Sprintf("%s is for %s", p.name, l.purpose())
}
