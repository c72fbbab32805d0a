package oracle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// goProgram is a program of one of the modules below this package.
type goProgram struct {
	Module  string // its folder
	ModFile string // in place of go.mod
	Package string // "" is the module's own
}

// found are the programs that this process has found or built, by goProgram: to
// look for one takes longer than most of what it is asked.
var found sync.Map

// command is the program, built unless that was done before: tests ask for it
// many times, and from several processes at once.
func (p goProgram) command(t testing.TB) []string {
	t.Helper()
	notShort(t)
	if program, known := found.Load(p); known {
		if _, err := os.Stat(program.(string)); err == nil {
			return []string{program.(string)}
		}
	}
	program := p.built(t)
	found.Store(p, program)
	return []string{program}
}

// built is where the program is. A build is named by all that went into it, and
// appears whole under that name.
func (p goProgram) built(t testing.TB) string {
	t.Helper()
	folder, cache := source(t), cache(t)
	program := filepath.Join(cache, p.fingerprint(t, folder))
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if _, err := os.Stat(program); err == nil {
		return program
	}
	building, err := os.MkdirTemp(cache, "build-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(building)
	built := filepath.Join(building, filepath.Base(program))
	p.build(t, filepath.Join(folder, p.Module), built)
	if err := os.Rename(built, program); err != nil {
		t.Fatal(err)
	}
	return program
}

// build leaves versions as the module's go.mod has them: no workspace, and no
// go.mod brought up to date on the way.
func (p goProgram) build(t testing.TB, module, output string) {
	t.Helper()
	args := []string{"build", "-mod=readonly", "-buildvcs=false", "-o", output}
	if p.ModFile != "" {
		args = append(args, "-modfile="+p.ModFile)
	}
	if p.Package != "" {
		args = append(args, p.Package)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %+v: %v\n%s", p, err, out)
	}
}

// fingerprint covers the sources, the versions with their sums, and Go's own.
func (p goProgram) fingerprint(t testing.TB, folder string) string {
	t.Helper()
	h := sha256.New()
	fmt.Fprintf(h, "%+v %s %s %s\n", p, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, pattern := range []string{"device/*.*", p.Module + "/*.*", p.Module + "/*/*.*"} {
		names, err := filepath.Glob(filepath.Join(folder, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(h, "%s %d\n%s\n", filepath.Base(name), len(b), b)
		}
	}
	return p.Module + "-" + hex.EncodeToString(h.Sum(nil)[:12])
}

// cache is where programs stay between test runs.
func cache(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "signer", "oracle")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// source is the folder of this package. The modules in it cannot be embedded,
// being modules.
func source(t testing.TB) string {
	t.Helper()
	folder, err := listed()
	if err != nil {
		t.Fatalf("find the oracles: %v", err)
	}
	return folder
}

var listed = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-find", "-f", "{{.Dir}}", "signer/ceremony/tuf/oracle").Output()
	return strings.TrimSpace(string(out)), err
})
