//go:build unix

package ceremony_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"signer/ceremony"
)

// TestLinksOnTransferDrives: what is no file is named, and neither opened nor
// followed. A pipe that is opened waits for ever, and so would this test.
func TestLinksOnTransferDrives(t *testing.T) {
	p, r := newPast(t), newRhea(t)
	made := func(name, file string, make func(path string) error, c transferDrive) transferDrive {
		c.name = name
		c.place = func(dir string) error {
			path := filepath.Join(dir, filepath.FromSlash(file))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			return make(path)
		}
		return c
	}
	link := func(to string) func(string) error { return func(path string) error { return os.Symlink(to, path) } }
	pipe := func(path string) error { return syscall.Mkfifo(path, 0o644) }
	folder := func(path string) error { return os.Mkdir(path, 0o755) }
	refused := func(parts ...string) transferDrive {
		return transferDrive{refused: append(parts, "There is neither request.json nor staged/root.json on this drive.")}
	}
	honest := map[string][]byte{ceremony.RequestName: r.request(p.roots[3], nil)}
	outside := filepath.Join(p.days[3], "repository", "repository")
	p.bring(t, r, []transferDrive{
		made("a request that is a folder", "request.json", folder, refused("request.json was not read: not a regular file")),
		made("a request that is a link", "request.json", link("/etc/passwd"), refused("request.json was not read: ")),
		made("a request that is a pipe", "request.json", pipe, refused("request.json was not read: ")),
		made("a staged root that is a link", "staged/root.json", link(filepath.Join(outside, "root.json")), refused("staged/root.json was not read: ")),
		made("a staged root that is a pipe", "staged/root.json", pipe, refused("staged/root.json was not read: ")),
		made("a staged root that is a folder", "staged/root.json", folder, refused("staged/root.json was not read: ")),
		made("a staged folder that is a link", "staged", link(outside), refused("staged was not read: ")),
		made("a staged folder that is a file", "staged", func(path string) error { return os.WriteFile(path, nil, 0o644) },
			refused("staged was not read: a file where a folder belongs")),
		made("a manifest that is a pipe", ceremony.ManifestName, pipe, refused(ceremony.ManifestName+" was not read: ")),
		made("a pipe beside a request", "repository/targets.json", pipe,
			transferDrive{files: honest, noted: []string{"repository/targets.json was not read: "}}),
		made("a link beside a request", "repository/snapshot.json", link("/etc/passwd"),
			transferDrive{files: honest, noted: []string{"repository/snapshot.json was not read: "}}),
		made("a link with a name of sequences", "repository/\x1b[2J\u202egnp.exe", link("/etc/passwd"),
			transferDrive{files: honest, noted: []string{"repository/<1B>[2J<202E>gnp.exe was not read: "}}),
	})
}
