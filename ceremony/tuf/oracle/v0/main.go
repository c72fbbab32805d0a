// Command v0 is a client of go-tuf v0.5.2, which fleetctl and orbit pin, or of
// v0.7.0: the module has two go.mod files, as one cannot hold both versions.
// go.mod has v0.5.2, v070.mod has v0.7.0, each with its tuf command as a tool. The
// same source is built with either (go build -modfile=v070.mod).
package main

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/theupdateframework/go-tuf/client"
	store "github.com/theupdateframework/go-tuf/client/filejsonstore"
	"github.com/theupdateframework/go-tuf/verify"

	"signer/ceremony/tuf/oracle/device"
)

func main() { device.Main(start) }

type orbit struct{ *client.Client }

func start(d device.Device) (device.Client, error) {
	if !d.Now.IsZero() {
		verify.IsExpired = func(expires time.Time) bool { return !expires.After(d.Now) }
	}
	remote, err := client.HTTPRemoteStore(d.URL, nil, nil)
	if err != nil {
		return nil, err
	}
	memory, err := store.NewFileJSONStore(d.Memory)
	if err != nil {
		return nil, err
	}
	o := orbit{client.NewClient(memory, remote)}
	remembered, err := memory.GetMeta()
	if err != nil || remembered["root.json"] != nil {
		return o, err
	}
	return o, o.Init(d.Root)
}

// Update asks for the targets too: v0.5.2 can report an update as done and then
// have "no snapshot stored locally".
func (o orbit) Update() ([]string, error) {
	if _, err := o.Client.Update(); err != nil {
		return nil, err
	}
	files, err := o.Targets()
	return slices.Sorted(maps.Keys(files)), err
}

func (o orbit) Download(target string) ([]byte, error) {
	var content destination
	err := o.Client.Download(target, &content)
	return content.Bytes(), err
}

// destination is where go-tuf writes a target, and deletes what it refuses.
type destination struct{ bytes.Buffer }

func (d *destination) Delete() error {
	d.Reset()
	return nil
}
