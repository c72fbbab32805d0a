package oracle

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Storage is a running server of the S3 protocol.
type Storage struct {
	Endpoint             string // http://127.0.0.1:…
	Region               string
	AccessKey, SecretKey string
	Bucket               string // where updates are published; everybody may read it
	Staging              string // a second bucket like it
	folder               string
}

// S3 is versitygw on the loopback interface with two empty buckets, until the
// test ends. It needs nothing but Go.
func S3(t testing.TB) Storage {
	t.Helper()
	s := Storage{
		Region:    "us-east-1",
		AccessKey: "AKIASIGNERTESTS", SecretKey: "only-for-tests-on-loopback",
		Bucket: "updates", Staging: "updates-staging",
	}
	program := goProgram{Module: "s3"}.command(t)[0]
	for range 5 { // another program may take a free port first
		s.folder = t.TempDir()
		endpoint, err := daemon(t, exec.Command(program, s.folder, s.AccessKey, s.SecretKey, s.Bucket, s.Staging))
		if err == nil {
			s.Endpoint = endpoint
			return s
		}
		t.Log(err)
	}
	t.Fatal("versitygw does not start")
	return s
}

// URL is where computers in the field read a bucket.
func (s Storage) URL(bucket string) string { return s.Endpoint + "/" + bucket }

// Folder is where the server keeps the objects of a bucket as files.
func (s Storage) Folder(bucket string) string { return filepath.Join(s.folder, "buckets", bucket) }

// Environ is the environment in which programs find the storage by themselves,
// and no other account of whoever runs the tests.
func (s Storage) Environ() []string {
	nothing := filepath.Join(s.folder, "no-such-file")
	others := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	return append(others,
		"AWS_ACCESS_KEY_ID="+s.AccessKey, "AWS_SECRET_ACCESS_KEY="+s.SecretKey,
		"AWS_REGION="+s.Region, "AWS_DEFAULT_REGION="+s.Region, "AWS_ENDPOINT_URL="+s.Endpoint,
		"AWS_CONFIG_FILE="+nothing, "AWS_SHARED_CREDENTIALS_FILE="+nothing, "AWS_EC2_METADATA_DISABLED=true")
}

// daemon runs a server that prints its address in one line, until the test
// ends: it ends itself when its input does.
func daemon(t testing.TB, cmd *exec.Cmd) (string, error) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		input.Close()
		cmd.Process.Kill() // what it keeps is the test's, and is deleted
		cmd.Wait()
	})
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		cmd.Wait()
		return "", fmt.Errorf("%s: %w\n%s", cmd.Path, err, said.String())
	}
	return strings.TrimSpace(address), nil
}
