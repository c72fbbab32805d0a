//go:build !airgap

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// metric is one family of Prometheus's text format, version 0.0.4. All lines of a
// family stand together.
type metric struct{ name, help string }

// metricsOf are gauges for node_exporter's textfile collector. A repository that
// could not be read has no dates: alert on signer_tuf_up as well.
func metricsOf(sights []sight) []byte {
	var b strings.Builder
	each := func(m metric, value func(sight) int64) {
		m.head(&b)
		for _, s := range sights {
			m.line(&b, value(s), "url", s.URL)
		}
	}
	each(metric{"up", "1 when the repository could be read and is to be trusted, else 0."}, sight.up)
	each(metric{"exit_status", "What signer watch ends with for it: 0 good, 1 cannot be read, 3 not to be trusted, 4 expired or soon to be."},
		func(s sight) int64 { return int64(exitFor(s.Verdict)) })
	each(metric{"last_check_timestamp_seconds", "When it was looked at."}, func(s sight) int64 { return s.Checked.Unix() })
	for _, m := range []struct {
		metric
		value func(ceremony.RoleSeen) int64
	}{
		{metric{"expires_timestamp_seconds", "When the metadata of the role expires."}, func(r ceremony.RoleSeen) int64 { return r.Expires.Unix() }},
		{metric{"version", "The version of the role's metadata."}, func(r ceremony.RoleSeen) int64 { return r.Version }},
		{metric{"threshold", "How many keys of the role must sign."}, func(r ceremony.RoleSeen) int64 { return int64(r.Threshold) }},
		{metric{"keys", "How many keys the role has."}, func(r ceremony.RoleSeen) int64 { return int64(r.Listed) }},
	} {
		m.head(&b)
		for _, s := range sights {
			for _, r := range s.Roles {
				m.line(&b, m.value(r), "url", s.URL, "role", string(r.Role))
			}
		}
	}
	metric{"targets", "How many targets it lists."}.head(&b)
	for _, s := range sights {
		if len(s.Roles) > 0 {
			metric{name: "targets"}.line(&b, int64(s.Targets), "url", s.URL)
		}
	}
	return []byte(b.String())
}

func (s sight) up() int64 {
	if s.Verdict == ceremony.Broken || s.Verdict == ceremony.Refused {
		return 0
	}
	return 1
}

func (m metric) head(b *strings.Builder) {
	_, _ = fmt.Fprintf(b, "# HELP signer_tuf_%s %s\n# TYPE signer_tuf_%[1]s gauge\n", m.name, m.help)
}

// line writes a sample with its labels: name, value, name, value.
func (m metric) line(b *strings.Builder, value int64, labels ...string) {
	var pairs []string
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	for i := 0; i < len(labels); i += 2 {
		pairs = append(pairs, fmt.Sprintf(`%s="%s"`, labels[i], escape.Replace(labels[i+1])))
	}
	_, _ = fmt.Fprintf(b, "signer_tuf_%s{%s} %d\n", m.name, strings.Join(pairs, ","), value)
}

// writeWhole puts a file in place of another at once: who reads it meanwhile has
// the old one or the new one, and after a power cut it is one of them.
func writeWhole(name string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), tuf.TemporaryPrefix+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(0o644) // node_exporter runs as another user
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
