package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// artifact is what add is to add.
type artifact struct {
	target, name, platform, version string
	tags                            []string
}

func (a *artifact) flags(flags *flag.FlagSet) {
	flags.StringVar(&a.target, "target", "", "")
	flags.StringVar(&a.name, "name", "", "")
	flags.StringVar(&a.platform, "platform", "", "")
	flags.StringVar(&a.version, "version", "", "")
	// The flags library of fleetctl takes several values at a comma.
	tag := func(value string) error {
		for _, tag := range strings.Split(value, ",") {
			a.tags = append(a.tags, strings.TrimSpace(tag))
		}
		return nil
	}
	flags.Func("tag", "", tag)
	flags.Func("t", "", tag)
}

func (a *artifact) complete() bool {
	return a.target != "" && a.name != "" && a.platform != "" && a.version != ""
}

func (c *call) add() error {
	repo, err := c.open()
	if err != nil {
		return err
	}
	if err := c.check("timestamp", "snapshot", "targets"); err != nil {
		return err
	}
	var paths []string
	for _, channel := range append([]string{c.version}, c.tags...) {
		path := c.pathIn(channel)
		if err := stage(c.target, filepath.Join(c.path, "staged", "targets", path)); err != nil {
			return err
		}
		paths = append(paths, path)
	}
	custom, err := json.Marshal(map[string]string{"version": c.version})
	if err != nil {
		return err
	}
	return publish(repo, paths, custom)
}

// pathIn is the path of the target in a channel.
func (a *artifact) pathIn(channel string) string {
	return filepath.Join(a.name, a.platform, channel, a.file())
}

// file is named for the target, with the ending that the source has. Fleet
// Desktop has names of its own, and extensions lie in a folder of theirs.
func (a *artifact) file() string {
	if a.name == "desktop" {
		switch {
		case strings.HasPrefix(a.platform, "windows"):
			return "fleet-desktop.exe"
		case a.platform == "linux", a.platform == "linux-arm64":
			return "desktop.tar.gz"
		}
	}
	name := strings.TrimPrefix(a.name, "extensions/")
	for _, ending := range []string{".ext.exe", ".exe", ".app.tar.gz", ".pkg", ".ext"} {
		if strings.HasSuffix(a.target, ending) {
			return name + ending
		}
	}
	return name
}

// stage copies without cutting off what is there: a longer file that a broken
// add left behind would keep its end.
func stage(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	staged, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(staged, source); err != nil {
		staged.Close()
		return fmt.Errorf("stage %s: %w", from, err)
	}
	return staged.Close()
}
