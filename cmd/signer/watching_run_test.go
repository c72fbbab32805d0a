//go:build unix && !airgap

package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// timestampHost is a published repository, the host that signs its timestamps,
// and this program on its PATH.
type timestampHost struct {
	bin, server, folder, root, url string
	key                            string // as export-timestamp-key prints it
	env                            []string
}

func newTimestampHost(t *testing.T) *timestampHost {
	t.Helper()
	dir := t.TempDir()
	h := &timestampHost{bin: filepath.Join(dir, "bin"), server: filepath.Join(dir, "server"), folder: filepath.Join(dir, "host"), root: filepath.Join(dir, "root.json")}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var env []string
	for _, role := range allRoles() {
		env = append(env, fmt.Sprintf("FLEET_%s_PASSPHRASE=winnow tarpaulin %s", strings.ToUpper(string(role)), role))
	}
	releaser := filepath.Join(dir, "releaser")
	signer := func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, stdio{in: strings.NewReader(""), out: &out, err: &errs, env: env}); code != exitGood {
			t.Fatalf("%q: exit %d\n%s%s", args, code, &out, &errs)
		}
		return out.String()
	}
	signer("updates", "init", "--path", releaser)
	signer("publish", releaser, h.server)
	h.key = signer("updates", "export-timestamp-key", "--path", releaser)
	b, err := os.ReadFile(filepath.Join(releaser, "repository", "root.json"))
	for _, err := range []error{err, os.Mkdir(h.bin, 0o755), os.Symlink(program, filepath.Join(h.bin, "signer")), os.WriteFile(h.root, b, 0o644), os.MkdirAll(filepath.Join(h.folder, "keys"), 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	h.url = oracle.Serve(t, h.server)
	h.env = []string{"PATH=" + h.bin + ":" + os.Getenv("PATH"), "FLEET_TIMESTAMP_PASSPHRASE=winnow tarpaulin timestamp", "HOME=" + dir, "TMPDIR=" + dir}
	return h
}

// published says which timestamp clients find.
func (h *timestampHost) published(t *testing.T) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"watch", "--root", h.root, h.url}, stdio{out: &out, err: &errs}); code != exitGood {
		t.Errorf("exit %d\n%s%s", code, &out, &errs)
	}
	for line := range strings.Lines(out.String()) {
		if fields := strings.Fields(line); fields[0] == "timestamp" {
			return fields[1]
		}
	}
	return "none"
}

// TestWatchingSignsTimestamps: the script of docs/watching.md, with a folder in
// place of the bucket, again after a run that signed and could not publish.
func TestWatchingSignsTimestamps(t *testing.T) {
	h := newTimestampHost(t)
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(h.key))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.folder, "keys", "timestamp.json"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	script := func(command string, args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), "sh", append([]string{"-c", command}, args...)...)
		c.Env = h.env
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	job := watchingFile(t, "/usr/local/bin/sign-timestamp")
	for _, want := range []string{"2", "3"} {
		if script(job, "job", h.server, h.folder, h.root); h.published(t) != want {
			t.Errorf("timestamp %s is published, want %s", h.published(t), want)
		}
	}
	script(`signer updates timestamp --quiet --path "$1"`, "job", h.folder) // and then the network fails
	if script(job, "job", h.server, h.folder, h.root); h.published(t) != "5" {
		t.Errorf("timestamp %s is published, want 5", h.published(t))
	}
}

// lambda is the part of AWS that a bootstrap speaks to: it has one piece of work,
// and then sends it away.
type lambda struct {
	handed bool
	said   chan string
}

func (l *lambda) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch name := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime/invocation/"); {
	case name == "next" && !l.handed:
		l.handed = true
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536")
		_, _ = w.Write([]byte("{}"))
	case name == "next":
		w.WriteHeader(http.StatusGone)
	default:
		b, _ := io.ReadAll(r.Body)
		l.said <- name + " " + string(b)
	}
}

// TestWatchingRunsOnLambda: the bootstrap of docs/watching.md.
func TestWatchingRunsOnLambda(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		oracle.Missing(t, "curl is not there")
	}
	h := newTimestampHost(t)
	bootstrap := filepath.Join(h.bin, "bootstrap")
	root, err := os.ReadFile(h.root)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"bootstrap": []byte(watchingFile(t, "bootstrap")), "root.json": root} {
		if err := os.WriteFile(filepath.Join(h.bin, name), b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ handler, url, want string }{
		{"watch", h.url, `8476a536/response {"status": 0}`},
		{"timestamp", h.url, `8476a536/response {"status": 0}`},
		{"watch", "ftp://x.test", `8476a536/error {"errorType": "signer", "errorMessage": "watch ended with status 1: see the log"}`},
		{"other", h.url, `8476a536/error {"errorType": "signer", "errorMessage": "other ended with status 2: see the log"}`},
	} {
		l := &lambda{said: make(chan string, 8)}
		api := httptest.NewServer(l)
		bash := exec.CommandContext(t.Context(), "bash", bootstrap)
		bash.Env = append(h.env, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"), "LAMBDA_TASK_ROOT="+h.bin, "_HANDLER="+c.handler,
			"UPDATES_URL="+c.url, "UPDATES_BUCKET="+h.server, "TIMESTAMP_KEY="+strings.TrimSpace(h.key))
		var log bytes.Buffer
		bash.Stdout, bash.Stderr = &log, &log
		if err := bash.Start(); err != nil {
			t.Fatal(err)
		}
		_ = bash.Wait() // it ends because it was sent away
		api.Close()
		select {
		case said := <-l.said:
			if said != c.want {
				t.Errorf("%s: %s", c.handler, said)
			}
		default:
			t.Errorf("%s: it says nothing", c.handler)
		}
		if t.Failed() {
			t.Fatalf("%s", &log)
		}
	}
	if got := h.published(t); got != "2" {
		t.Errorf("timestamp %s is published, want 2", got)
	}
}
