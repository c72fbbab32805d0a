//go:build !airgap

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// servedFolder has a repository, keys beside it, and what nobody should see.
func servedFolder(t *testing.T) (string, *remotetest.Repository) {
	t.Helper()
	dir, r := t.TempDir(), remotetest.New(t, 1, false)
	files := map[string][]byte{
		"keys/root.json": []byte("secret"), "staged/root.json": []byte("secret"), ".signer/new/a": []byte("secret"), "outside": []byte("secret"),
		"repository/.signer-tmp-1": []byte("secret"), "repository/.git/config": []byte("secret"), "repository/targets/.a/b": []byte("secret"),
		"repository/keys/root.json": []byte("secret"), "repository/staged/a": []byte("secret"),
		"repository/targets/orbit/linux/1/orbit": []byte("0123456789"), "repository/targets/a b/ü": []byte("x"),
	}
	for name, b := range r.Files(t) {
		files["repository"+name] = b
	}
	for name, b := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out": "../outside", "absolute": filepath.Join(dir, "outside"), "in": "root.json", "up": "../keys"} {
		if err := os.Symlink(to, filepath.Join(dir, "repository", link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, r
}

// serve runs the command until the test ends, or until it is stopped for its log,
// and sees that it ends well.
func serve(t *testing.T, args ...string) (url string, stop func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	page, out := io.Pipe()
	logs := new(bytes.Buffer)
	ended := make(chan int, 1)
	c := serveCommand()
	go func() {
		ended <- c.start(ctx, "signer serve", append(args, "--listen", "127.0.0.1:0"), stdio{out: out, err: logs})
		_ = out.Close()
	}()
	lines := bufio.NewScanner(page)
	for url == "" && lines.Scan() {
		url = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`).FindString(lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, page) }()
	stop = sync.OnceValue(func() string {
		cancel()
		if code := <-ended; code != exitGood {
			t.Errorf("exit %d\n%s", code, logs)
		}
		return logs.String()
	})
	t.Cleanup(func() { stop() })
	if url == "" {
		t.Fatal("it says no address")
	}
	return url, stop
}

func get(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response, string(b)
}

// TestServeShowsWhatClientsAskFor: and nothing else, by whatever name.
func TestServeShowsWhatClientsAskFor(t *testing.T) {
	dir, r := servedFolder(t)
	url, _ := serve(t, dir)
	if _, err := remote.Walk(t.Context(), remote.NewClient(), url, r.Roots[0], remote.WalkOptions{Notice: func(s string) { t.Error(s) }}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/root.json": 200, "/1.root.json": 200, "/2.root.json": 404, "/in": 200, "/targets/a%20b/%C3%BC": 200, "/targets/orbit/linux/1/orbit": 200,
		"/": 404, "/targets": 404, "/targets/": 404, "/root.json/": 404, "//root.json": 404, "/targets/../root.json": 404, "/%2e%2e/keys/root.json": 404,
		"/../keys/root.json": 404, "/..%2fkeys/root.json": 404, `/..%5ckeys%5croot.json`: 404, "/keys/root.json": 404, "/KEYS/root.json": 404, "/staged/a": 404,
		"/.signer-tmp-1": 404, "/.git/config": 404, "/targets/.a/b": 404, "/out": 404, "/absolute": 404, "/up/root.json": 404, "/root.json%00": 404,
	} {
		response, body := get(t, "GET", url+path)
		if response.StatusCode != want || strings.Contains(body, "secret") {
			t.Errorf("%s: %d, want %d: %q", path, response.StatusCode, want, body)
		}
	}
	inside, _ := serve(t, filepath.Join(dir, "repository"))
	for _, path := range []string{"/root.json", "/keys/root.json", "/.git/config"} {
		if response, body := get(t, "GET", inside+path); (response.StatusCode == 200) != (path == "/root.json") || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %q", path, response.StatusCode, body)
		}
	}
}

// TestServeSpeaksHTTP: types, ranges, HEAD, no other methods, and a log.
func TestServeSpeaksHTTP(t *testing.T) {
	dir, _ := servedFolder(t)
	url, stop := serve(t, dir)
	if response, body := get(t, "GET", url+"/targets/orbit/linux/1/orbit", "Range", "bytes=2-4"); response.StatusCode != http.StatusPartialContent || body != "234" {
		t.Errorf("a range: %d %q", response.StatusCode, body)
	}
	if response, body := get(t, "HEAD", url+"/root.json"); response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" || response.ContentLength < 100 || body != "" {
		t.Errorf("HEAD: %d %q", response.StatusCode, body)
	}
	if response, _ := get(t, "GET", url+"/targets/orbit/linux/1/orbit"); response.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("a target: %v", response.Header)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		if response, _ := get(t, method, url+"/root.json"); response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, response.StatusCode)
		}
	}
	get(t, "GET", url+"/nothing%1b%5b31m")
	if logs := stop(); !strings.Contains(logs, " GET /nothing<1B>[31m 404 19\n") || !strings.Contains(logs, " GET /targets/orbit/linux/1/orbit 206 3\n") {
		t.Errorf("the log: %q", logs)
	}
}

// TestServeStaysOnThisComputer: unless it is told otherwise.
func TestServeStaysOnThisComputer(t *testing.T) {
	for listen, code := range map[string]int{":0": exitUsage, "0.0.0.0:0": exitUsage, "[::]:0": exitUsage, "192.0.2.1:0": exitUsage, "8080": exitUsage, "127.0.0.1:x": exitUsage} {
		var out, errs bytes.Buffer
		c := serveCommand()
		if got := c.start(t.Context(), "signer serve", []string{"--listen", listen, t.TempDir()}, stdio{out: &out, err: &errs}); got != code || !strings.Contains(errs.String(), "hint: ") {
			t.Errorf("%s: exit %d\n%s", listen, got, &errs)
		}
	}
	for _, args := range [][]string{{}, {"a", "b"}} {
		var errs bytes.Buffer
		c := serveCommand()
		if got := c.start(t.Context(), "signer serve", args, stdio{out: io.Discard, err: &errs}); got != exitUsage {
			t.Errorf("%q: exit %d\n%s", args, got, &errs)
		}
	}
	s := serving{listen: "0.0.0.0:0", public: true}
	if wrong := s.wrong(); wrong != "" {
		t.Error(wrong)
	}
	var errs bytes.Buffer
	c := serveCommand()
	if got := c.start(t.Context(), "signer serve", []string{t.TempDir()}, stdio{out: io.Discard, err: &errs}); got != exitFailed || !strings.Contains(errs.String(), "no repository to serve") {
		t.Errorf("an empty folder: exit %d\n%s", got, &errs)
	}
}

// TestShellQuoted: what is printed to be copied does nothing else.
func TestShellQuoted(t *testing.T) {
	for s, want := range map[string]string{"a/b-1.json": "a/b-1.json", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(rm)": "'$(rm)'"} {
		if got := shellQuoted(s); got != want {
			t.Errorf("%q: %s", s, got)
		}
	}
}
