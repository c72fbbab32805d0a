package oracle

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Nginx publishes a repository folder with nginx on the loopback interface,
// until the test ends, as a releaser's web server does: what is absent is 404.
func Nginx(t testing.TB, dir string) string {
	t.Helper()
	notShort(t)
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil { // not on everybody's PATH
			Missing(t, "nginx is not here: "+err.Error())
		}
	}
	for range 5 { // another program may take a free port first
		if url, err := nginx(t, program, dir); err == nil {
			return url
		} else {
			t.Log(err)
		}
	}
	t.Fatal("nginx does not start")
	return ""
}

func nginx(t testing.TB, program, dir string) (string, error) {
	t.Helper()
	prefix, port := t.TempDir(), freePort(t)
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("PREFIX", prefix, "PORT", port, "DIR", dir).Replace(nginxConfig)
	if err := os.WriteFile(filepath.Join(prefix, "nginx.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(program, "-p", prefix, "-c", "nginx.conf", "-e", "stderr")
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := func() {
		cmd.Process.Kill()
		ended <- <-ended
	}
	url := "http://127.0.0.1:" + port
	for until := time.Now().Add(patience); time.Now().Before(until); {
		if answers(url + prefix) {
			t.Cleanup(stop)
			return url, nil
		}
		select {
		case err := <-ended:
			return "", fmt.Errorf("nginx: %w\n%s", err, said.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	return "", fmt.Errorf("nginx does not answer at %s\n%s", url, said.String())
}

// nginxConfig runs nginx as one process that is the test's own: a worker of the
// usual user could not read the test's folders. The location PREFIX tells this
// nginx from another.
const nginxConfig = `
daemon off;
master_process off;
pid PREFIX/pid;
events { worker_connections 512; }
http {
	access_log off;
	error_log stderr;
	client_body_temp_path PREFIX/body;
	proxy_temp_path PREFIX/proxy;
	fastcgi_temp_path PREFIX/fastcgi;
	uwsgi_temp_path PREFIX/uwsgi;
	scgi_temp_path PREFIX/scgi;
	types { application/json json; }
	default_type application/octet-stream;
	sendfile on;
	server {
		listen 127.0.0.1:PORT;
		root "DIR";
		location / { try_files $uri =404; }
		location ~ /\. { return 404; }
		location ~ ^/(root|targets|snapshot|timestamp)\.json$ { add_header Cache-Control "max-age=60"; }
		location = "PREFIX" { return 204; }
	}
}
`

func answers(url string) bool {
	answer, err := http.Get(url)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusNoContent
}

func freePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
