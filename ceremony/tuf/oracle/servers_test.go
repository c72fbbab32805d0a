package oracle_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// TestServers: what is there is served as it is, what is absent is 404, and a
// client follows: a repository is judged by nothing that the server does.
func TestServers(t *testing.T) {
	made := repository(t, false)
	published := filepath.Join(made, "repository")
	root := filepath.Join(published, "1.root.json")
	servers := map[string]func(t *testing.T) string{
		"nginx": func(t *testing.T) string { return oracle.Nginx(t, published) },
		"S3": func(t *testing.T) string {
			storage := oracle.S3(t)
			if err := os.CopyFS(storage.Folder(storage.Bucket), os.DirFS(published)); err != nil {
				t.Fatal(err)
			}
			return storage.URL(storage.Bucket)
		},
	}
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			url := start(t)
			if status, body := get(t, url+"/root.json"); status != http.StatusOK || body != read(t, root) {
				t.Errorf("root.json: %d, %d bytes", status, len(body))
			}
			for _, absent := range []string{"/2.root.json", "/targets/none", "/keys/root.json"} {
				if status, body := get(t, url+absent); status != http.StatusNotFound {
					t.Errorf("%s: %d %s", absent, status, body)
				}
			}
			at := oracle.Device{URL: url, Root: root, Memory: t.TempDir()}
			for _, c := range []oracle.Client{oracle.Clients()[0], oracle.Clients()[3]} {
				t.Run(c.Name, func(t *testing.T) { trusts(t, c, at, 1) })
			}
		})
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}
