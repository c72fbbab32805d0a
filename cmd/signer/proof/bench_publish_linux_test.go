package proof_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// BenchmarkPublish brings 10,000 small targets to S3 storage, and then nothing
// that is new, with this program and with those that releasers use. Each has a
// server of its own.
func BenchmarkPublish(b *testing.B) {
	made := filled(b, 10_000)
	published := filepath.Join(made, "repository")
	for _, with := range []struct {
		name string
		args func(s oracle.Storage) []string
	}{
		{"signer", func(s oracle.Storage) []string {
			return []string{signer(b), "publish", "--quiet", made, "s3://" + s.Bucket}
		}},
		{"aws s3 sync", func(s oracle.Storage) []string {
			return []string{"aws", "s3", "sync", "--only-show-errors", "--endpoint-url", s.Endpoint, published, "s3://" + s.Bucket}
		}},
		{"rclone copy", func(s oracle.Storage) []string { return rclone(s, published) }},
		{"rclone copy --transfers 16", func(s oracle.Storage) []string { return append(rclone(s, published), "--transfers", "16") }},
	} {
		if _, err := exec.LookPath(strings.Fields(with.name)[0]); err != nil && with.name != "signer" {
			b.Logf("%s is not here", with.name)
			continue
		}
		for range b.N {
			storage := oracle.S3(b)
			for _, what := range []string{"all", "again"} {
				b.Run(with.name+" "+what, func(b *testing.B) {
					if b.N > 1 {
						b.Skip("run it with -benchtime 1x")
					}
					c := sent(b, storage, with.args(storage))
					b.ReportMetric(c.time.Seconds(), "s/command")
					b.ReportMetric(float64(c.memory)/1e6, "MB-peak")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}

func rclone(s oracle.Storage, published string) []string {
	return []string{"rclone", "copy", "--config", "", published,
		fmt.Sprintf(`:s3,provider=Other,env_auth=true,endpoint="%s":%s`, s.Endpoint, s.Bucket)}
}

func sent(b *testing.B, storage oracle.Storage, args []string) cost {
	b.Helper()
	var said bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr, cmd.Env = &said, storage.Environ()
	return timed(b, cmd, &said)
}
