// Command v2 is a client of go-tuf/v2.
package main

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"

	"signer/ceremony/tuf/oracle/device"
)

func main() { device.Main(start) }

type client struct {
	*updater.Updater
	download string // where a target is put
}

func start(d device.Device) (device.Client, error) {
	cfg, err := config.New(d.URL, d.Root)
	if err != nil {
		return nil, err
	}
	cfg.LocalMetadataDir = d.Memory
	cfg.LocalTargetsDir = filepath.Join(d.Memory, "targets")
	u, err := updater.New(cfg)
	if err != nil {
		return nil, err
	}
	if !d.Now.IsZero() {
		u.UnsafeSetRefTime(d.Now)
	}
	return client{u, filepath.Join(cfg.LocalTargetsDir, "download")}, nil
}

func (c client) Update() ([]string, error) {
	if err := c.Refresh(); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(c.GetTopLevelTargets())), nil
}

func (c client) Download(target string) ([]byte, error) {
	info, err := c.GetTargetInfo(target)
	if err != nil {
		return nil, err
	}
	_, content, err := c.DownloadTarget(info, c.download, "")
	return content, err
}
