package oracle

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"testing"
)

// Serve publishes a repository folder as storage does, on the loopback
// interface, until the test ends. What is absent is 404: clients look for the
// next root until they see it, and take any other status for an error.
func Serve(t testing.TB, dir string) string {
	t.Helper()
	files := os.DirFS(dir)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := fs.ReadFile(files, strings.TrimPrefix(path.Clean(r.URL.Path), "/"))
		if errors.Is(err, fs.ErrNotExist) {
			http.NotFound(w, r)
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Write(b)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
