package image

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// buildProgram compiles cmd/signer for the image.
func buildProgram(ctx context.Context, o Options, a arch) ([]byte, error) {
	return compile(ctx, o.Source, a, "./cmd/signer", "-X main.buildDate="+o.Built.UTC().Format(time.RFC3339))
}

// compile compiles a program of this source. Everything that could make its bytes
// differ from those of another machine is fixed here: no cgo, no paths, no version
// control, no flags of the machine, and the Go that go.mod names.
func compile(ctx context.Context, source string, a arch, what, ldflags string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "signer-image-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	version, err := goVersion(source)
	if err != nil {
		return nil, err
	}
	program := filepath.Join(folder, "program")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "airgap",
		"-ldflags", "-s -w "+ldflags, "-o", program, what)
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+a.name, "GOAMD64=v1", "GOARM64=v8.0",
		"GOFLAGS=-mod=readonly", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off", "GODEBUG=", "GOTOOLCHAIN=go"+version)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("build %s by Go %s: %w\n%s", what, version, err, strings.TrimSpace(stderr.String()))
	}
	return os.ReadFile(program)
}

// goVersion is the Go that go.mod names.
func goVersion(source string) (string, error) {
	data, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("%w\nhint: the image is built from this project's source; --source DIR says where it is", err)
	}
	match := regexp.MustCompile(`(?m)^go (1\.[0-9]+\.[0-9]+)$`).FindSubmatch(data)
	if match == nil {
		return "", fmt.Errorf("read %q: it names no version of Go such as 1.26.8", "go.mod")
	}
	return string(match[1]), nil
}

// SourceDate is the date of the source: the one that a program built by hand has.
// It is in the source and not in its history, so an archive of the source builds
// the same image.
func SourceDate(source string) (time.Time, error) {
	name := filepath.Join(source, "cmd", "signer", "built.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		return time.Time{}, fmt.Errorf("date of the source: %w", err)
	}
	for _, decl := range parsed.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			if text, ok := stringNamed(spec.(*ast.ValueSpec), "buildDate"); ok {
				return time.Parse(time.RFC3339, text)
			}
		}
	}
	return time.Time{}, fmt.Errorf("date of the source: %q has no buildDate", name)
}

func stringNamed(spec *ast.ValueSpec, name string) (string, bool) {
	if len(spec.Names) != 1 || spec.Names[0].Name != name || len(spec.Values) != 1 {
		return "", false
	}
	literal, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}
