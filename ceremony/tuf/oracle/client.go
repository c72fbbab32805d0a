package oracle

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Client is a program that updates from a repository as computers in the field
// do.
type Client struct {
	Name    string // "go-tuf v0.5.2"
	command func(testing.TB) []string
}

// Clients are all the clients that must accept what this program writes.
func Clients() []Client {
	return []Client{
		{"go-tuf v0.5.2", goProgram{Module: "v0"}.command},
		{"go-tuf v0.7.0", goProgram{Module: "v0", ModFile: "v070.mod"}.command},
		{"go-tuf v2.4.2", goProgram{Module: "v2"}.command},
		{"tuf-js 5.0.1", tufJS},
	}
}

// Ready is the client with its program found and built, for a test that asks it
// many times, or measures it.
func (c Client) Ready(t testing.TB) Client {
	t.Helper()
	program := c.command(t)
	c.command = func(testing.TB) []string { return slices.Clone(program) }
	return c
}

// Device is a computer in the field.
type Device struct {
	URL    string    // of the repository, as Serve returns it
	Root   string    // the root.json that the client was packaged with
	Memory string    // a folder; each client has one of its own below it
	Now    time.Time // zero: by the clock
}

// Trusted is what a client trusts after an update.
type Trusted struct {
	Versions map[string]int64 `json:"versions"` // by role
	Files    []string         `json:"files"`    // the targets, sorted
	Content  []byte           `json:"content"`  // of the target that was downloaded
}

// Update is one update on the device: a second one starts from what the first
// one remembered.
func (c Client) Update(t testing.TB, d Device) (Trusted, error) {
	t.Helper()
	return c.run(t, d)
}

// Download updates and fetches a target.
func (c Client) Download(t testing.TB, d Device, target string) ([]byte, error) {
	t.Helper()
	seen, err := c.run(t, d, target)
	return seen.Content, err
}

func (c Client) run(t testing.TB, d Device, target ...string) (seen Trusted, err error) {
	t.Helper()
	memory := filepath.Join(d.Memory, c.Name)
	// Mode 0700: go-tuf v0 refuses a memory that others can write to.
	if err := os.MkdirAll(memory, 0o700); err != nil {
		t.Fatal(err)
	}
	args := c.command(t)
	if !d.Now.IsZero() {
		args = append(args, "-now", d.Now.UTC().Format(time.RFC3339))
	}
	args = append(append(args, memory, d.URL, d.Root), target...)
	out, err := ask(t, args)
	if err != nil {
		return seen, err
	}
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("%s answered %q: %v", c.Name, out, err)
	}
	return seen, nil
}

// tufJS needs the modules that npm puts beside the script.
func tufJS(t testing.TB) []string {
	t.Helper()
	notShort(t)
	node, err := exec.LookPath("node")
	if err != nil {
		Missing(t, "tuf-js needs node: "+err.Error())
	}
	folder := filepath.Join(source(t), "tufjs")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "tuf-js")); err != nil {
		Missing(t, "tuf-js is not here: run npm ci in ceremony/tuf/oracle/tufjs")
	}
	return []string{node, filepath.Join(folder, "client.mjs")}
}
