//go:build !airgap

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// shownFolder is a repository folder as clients may see it. Rules:
//
//   - nothing outside is reached, through links neither (os.Root);
//   - only regular files are opened: opening a pipe waits for ever;
//   - keys/, staged/ and names that begin with a dot are not there, whatever else
//     lies in the folder;
//   - all that is not served is 404: orbit stops at any other status.
type shownFolder struct {
	*os.Root
	name string // as the user named it, with repository/
}

var errNoRepository = errors.New("there is no repository to serve: no repository/ folder, and no root.json")

// openShown opens DIR/repository, or DIR where it is one itself.
func openShown(dir string) (*shownFolder, error) {
	name := filepath.Join(dir, "repository")
	root, err := os.OpenRoot(name)
	if errors.Is(err, fs.ErrNotExist) {
		name = filepath.Clean(dir)
		root, err = os.OpenRoot(dir)
		if err == nil {
			if info, absent := root.Stat("root.json"); absent != nil || !info.Mode().IsRegular() {
				_ = root.Close()
				err = errNoRepository
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("serve %q: %w", dir, err)
	}
	return &shownFolder{root, name}, nil
}

// ServeHTTP implements http.Handler.
func (f *shownFolder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	file, info, err := f.open(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { _ = file.Close() }()
	header := w.Header()
	header.Set("Content-Type", contentType(info.Name()))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache") // it is for trying: what is there now counts
	http.ServeContent(w, r, info.Name(), info.ModTime(), file)
}

func contentType(name string) string {
	if strings.HasSuffix(name, ".json") {
		return "application/json"
	}
	return "application/octet-stream"
}

var errNotShown = errors.New("not for clients")

func (f *shownFolder) open(name string) (*os.File, fs.FileInfo, error) {
	if !mayBeShown(name) {
		return nil, nil, errNotShown
	}
	info, err := f.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errNotShown
	}
	file, err := f.Open(name)
	return file, info, err
}

// mayBeShown looks at a name alone. It is taken as it is: none is cleaned.
func mayBeShown(name string) bool {
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, '\\') {
		return false
	}
	parts := strings.Split(name, "/")
	for _, part := range parts {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	return !strings.EqualFold(parts[0], "keys") && !strings.EqualFold(parts[0], "staged")
}
