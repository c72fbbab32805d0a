// Package device is what the client programs of this folder have in common: a
// computer in the field, which was packaged with a root.json and updates from a
// repository.
//
//	PROGRAM [-now 2027-11-22T00:00:00Z] MEMORY URL ROOT [TARGET]
//
// As orbit does it, the packaged ROOT is believed once, while the folder MEMORY
// has no root.json; ever after it is what the client itself put there. What the
// client trusts now is printed as JSON, with the content of TARGET.
//
// It is a module of its own, without requirements, since each program pins the
// version of go-tuf that it is there to run.
package device

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Device is where a client starts from.
type Device struct {
	Memory string    // the folder where the client keeps <role>.json
	URL    string    // of the repository
	Root   []byte    // what the client is to believe first
	Now    time.Time // zero: by the clock
}

// Client is a TUF client at work on a device.
type Client interface {
	Update() (files []string, err error)
	Download(target string) ([]byte, error)
}

// refusal is exit status 3: the client said no. No test may take a program
// that does not run for one that refuses.
const refusal = 3

// Main runs the program.
func Main(start func(Device) (Client, error)) {
	now := flag.String("now", "", "the time that the client is to believe, RFC 3339")
	flag.Parse()
	d, err := device(*now, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	seen, err := d.run(start, flag.Arg(3))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(refusal)
	}
	if err := d.print(seen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func device(now string, args []string) (d Device, err error) {
	if len(args) != 3 && len(args) != 4 {
		return d, errors.New("usage: PROGRAM [-now TIME] MEMORY URL ROOT [TARGET]")
	}
	d.Memory, d.URL = args[0], args[1]
	if now != "" {
		if d.Now, err = time.Parse(time.RFC3339, now); err != nil {
			return d, err
		}
	}
	d.Root, err = os.ReadFile(filepath.Join(d.Memory, "root.json"))
	if errors.Is(err, os.ErrNotExist) {
		d.Root, err = os.ReadFile(args[2])
	}
	return d, err
}

// seen is what the client trusts after an update.
type seen struct {
	Versions map[string]int64 `json:"versions"`
	Files    []string         `json:"files"`
	Content  []byte           `json:"content"`
}

func (d Device) run(start func(Device) (Client, error), target string) (s seen, err error) {
	client, err := start(d)
	if err != nil {
		return s, fmt.Errorf("start: %w", err)
	}
	if s.Files, err = client.Update(); err != nil {
		return s, fmt.Errorf("update: %w", err)
	}
	if target == "" {
		return s, nil
	}
	if s.Content, err = client.Download(target); err != nil {
		return s, fmt.Errorf("download: %w", err)
	}
	return s, nil
}

// print adds the versions, which go-tuf v0 keeps to itself but writes to memory.
func (d Device) print(s seen) error {
	s.Versions = make(map[string]int64)
	for _, role := range []string{"root", "targets", "snapshot", "timestamp"} {
		b, err := os.ReadFile(filepath.Join(d.Memory, role+".json"))
		if err != nil {
			return err
		}
		var file struct{ Signed struct{ Version int64 } }
		if err := json.Unmarshal(b, &file); err != nil {
			return fmt.Errorf("%s.json: %w", role, err)
		}
		s.Versions[role] = file.Signed.Version
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}
