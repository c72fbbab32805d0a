//go:build !airgap

package main

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"signer/cmd/signer/internal/remote/remotetest"
)

// metricLine is a line of Prometheus's text format with labels.
var metricLine = regexp.MustCompile(`^signer_tuf_[a-z_]+\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+\} -?[0-9]+$`)

// TestWatchWritesMetrics: node_exporter takes the file, each family stands
// together, and a repository that fails is down and not absent.
func TestWatchWritesMetrics(t *testing.T) {
	p := newWatchpost(t)
	metrics := []string{"--prometheus", p.file("tuf.prom"), "--quiet"}
	p.watch(t, metrics...)
	file := p.read(t, "tuf.prom")
	for _, want := range []string{
		`signer_tuf_up{url="` + p.url + `"} 1`, `signer_tuf_exit_status{url="` + p.url + `"} 0`,
		`signer_tuf_last_check_timestamp_seconds{url="` + p.url + `"} 1795356300`,
		`signer_tuf_expires_timestamp_seconds{url="` + p.url + `",role="timestamp"} 1796565900`,
		`signer_tuf_version{url="` + p.url + `",role="root"} 1`, `signer_tuf_threshold{url="` + p.url + `",role="root"} 2`,
		`signer_tuf_keys{url="` + p.url + `",role="root"} 3`, `signer_tuf_targets{url="` + p.url + `"} 0`,
	} {
		if !strings.Contains(file, want+"\n") {
			t.Errorf("%s is not in\n%s", want, file)
		}
	}
	takenByPrometheus(t, file)
	if info, err := os.Stat(p.file("tuf.prom")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("node_exporter cannot read it: %v, %v", info.Mode(), err)
	}
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	p.watch(t, metrics...)
	file = p.read(t, "tuf.prom")
	takenByPrometheus(t, file)
	if !strings.Contains(file, `signer_tuf_up{url="`+p.url+"\"} 0\n") || strings.Contains(file, "role=") {
		t.Errorf("the server fails, and the metrics say\n%s", file)
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) != 2 { // and root.json
		t.Errorf("%v is left, %v", left, err)
	}
}

func takenByPrometheus(t *testing.T, file string) {
	t.Helper()
	family, seen := "", map[string]bool{}
	for line := range strings.Lines(file) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "# HELP "); ok {
			if family, _, _ = strings.Cut(name, " "); seen[family] {
				t.Errorf("%s comes twice", family)
			}
			seen[family] = true
			continue
		}
		if line != "# TYPE "+family+" gauge" && (!metricLine.MatchString(line) || !strings.HasPrefix(line, family+"{")) {
			t.Errorf("nobody takes %q", line)
		}
	}
	if !strings.HasSuffix(file, "\n") || len(seen) < 7 {
		t.Errorf("%d families", len(seen))
	}
}

// TestMetricsEscapeLabels: an address is what somebody typed.
func TestMetricsEscapeLabels(t *testing.T) {
	var b strings.Builder
	metric{name: "up"}.line(&b, 1, "url", "a\"b\\c\nd")
	if got := b.String(); got != `signer_tuf_up{url="a\"b\\c\nd"} 1`+"\n" {
		t.Errorf("%q", got)
	}
}

// TestWatchWritesACalendar: a day to renew each role by, which moves when it was
// renewed, and stays when nobody could look.
func TestWatchWritesACalendar(t *testing.T) {
	p := newWatchpost(t)
	dates := []string{"--ics", p.file("tuf.ics")}
	p.watch(t, dates...)
	first := strings.ReplaceAll(p.read(t, "tuf.ics"), "\r\n ", "")
	uid := regexp.MustCompile(`UID:watch-timestamp-[0-9a-f]{16}@signer\r\n`).FindString(first)
	for _, want := range []string{
		"SUMMARY:TUF: renew timestamp of " + p.url + " by today\r\n", "DTSTART;VALUE=DATE:20261202\r\nSEQUENCE:1\r\n", // 4 days before 6 December
		"DTSTART;VALUE=DATE:20270923\r\n", // 60 days before 22 November
		"DESCRIPTION:timestamp 1 expires on Sun 6 Dec 2026 14:05 UTC. Clients stop then.\r\n", "TRIGGER:PT9H\r\n",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is not in\n%s", want, first)
		}
	}
	p.SignTimestamp(t, p.at.AddDate(0, 0, 20))
	p.watch(t, dates...)
	second := strings.ReplaceAll(p.read(t, "tuf.ics"), "\r\n ", "")
	if uid == "" || !strings.Contains(second, uid) || !strings.Contains(second, "DTSTART;VALUE=DATE:20261208\r\nSEQUENCE:2\r\n") {
		t.Errorf("the event did not move\n%s", second)
	}
	p.handler = remotetest.Serve(nil)
	if code, _, errs := p.watch(t, dates...); code != exitFailed || !strings.Contains(errs, "the file stays as it was") || p.read(t, "tuf.ics") == "" {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// TestWatchSaysWhatItCouldNotWrite: and writes the rest.
func TestWatchSaysWhatItCouldNotWrite(t *testing.T) {
	p := newWatchpost(t)
	code, out, errs := p.watch(t, "--prometheus", p.file("no/such.prom"), "--ics", p.file("tuf.ics"))
	if code != exitFailed || !strings.Contains(errs, "signer: watch: write metrics: ") || !strings.Contains(out, ": good\n") || p.read(t, "tuf.ics") == "" {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// FuzzRemembered: whatever a state file holds, it is refused, or clients are
// played on it.
func FuzzRemembered(f *testing.F) {
	r := remotetest.New(f, 1, false)
	seen := &remembered{Format: rememberedFormat}
	seen.remember("https://x.test", remotetest.Today(), r.Published)
	name := f.TempDir() + "/state"
	if err := seen.write(name); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"format":"signer-watched-v1","repositories":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if seen, err := parseRemembered(b); err == nil {
			_, _ = seen.play("https://x.test", r.Published, remotetest.Today(), func(string) {})
		}
	})
}
