package ceremony_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	goTUF   = "github.com/theupdateframework/go-tuf"
	engine  = "signer/ceremony/tuf"
	oracles = "signer/ceremony/tuf/oracle"
	leaks   = "signer/ceremony/secret/leak"
)

// TestCeremoniesAreAlone: what signs is small. A screen, a driver or a network
// stack that reached it would be one more thing to trust with root keys.
func TestCeremoniesAreAlone(t *testing.T) {
	reached := goList(t, "-deps", "signer/ceremony", engine)
	for _, dependency := range reached {
		for _, barred := range []string{"charm.land/", "github.com/charmbracelet/", "signer/ui", "signer/usb", "net/http", "crypto/tls"} {
			if strings.HasPrefix(dependency, barred) {
				t.Errorf("a ceremony depends on %s", dependency)
			}
		}
	}
	if !slices.Contains(reached, "signer/ceremony") {
		t.Fatalf("%q was listed: this test saw nothing", reached)
	}
}

// TestDailyWorkIsAlone: what works on a releaser's folder knows TUF and secrets,
// and neither ceremonies nor a network.
func TestDailyWorkIsAlone(t *testing.T) {
	const release = "signer/ceremony/release"
	allowed := []string{release, engine, "signer/ceremony/secret"}
	reached := goList(t, "-deps", release)
	for _, dependency := range reached {
		own := within(dependency, "signer") && !slices.Contains(allowed, dependency)
		if own || dependency == "net/http" || dependency == "crypto/tls" {
			t.Errorf("the daily work depends on %s", dependency)
		}
	}
	if !slices.Contains(reached, engine) {
		t.Fatalf("%q was listed: this test saw nothing", reached)
	}
}

// TestOnePackageKnowsTUF: bytes from elsewhere meet our parser before they meet
// the library, which panics on some of them.
func TestOnePackageKnowsTUF(t *testing.T) {
	for importer, imports := range importsOf(t, "{{.Imports}} {{.TestImports}} {{.XTestImports}}") {
		for _, imported := range imports {
			if strings.HasPrefix(imported, goTUF) && importer != engine {
				t.Errorf("%s imports %s", importer, imported)
			}
		}
	}
}

// TestImportsGoOneWay: the drives and the screen do not know each other, and
// what judges us is for tests.
func TestImportsGoOneWay(t *testing.T) {
	barred := map[string][]string{
		"signer/ui":       {"signer/usb", "signer/image", "signer/cmd"},
		"signer/usb":      {"signer/ui", "signer/image", "signer/cmd"},
		"signer/ceremony": {"signer/ui", "signer/usb", "signer/image", "signer/cmd"},
		"signer":          {oracles, leaks},
	}
	for importer, imports := range importsOf(t, "{{.Imports}}") {
		for side, others := range barred {
			for _, imported := range imports {
				if within(importer, side) && slices.ContainsFunc(others, func(o string) bool { return within(imported, o) }) {
					t.Errorf("%s imports %s", importer, imported)
				}
			}
		}
	}
}

func within(pkg, tree string) bool { return pkg == tree || strings.HasPrefix(pkg, tree+"/") }

// importsOf lists what each package of the module imports, by the fields of
// go list that format names.
func importsOf(t *testing.T, format string) map[string][]string {
	t.Helper()
	imports := make(map[string][]string)
	for _, line := range goList(t, "-f", "{{.ImportPath}} "+format, "signer/...") {
		words := strings.Fields(strings.NewReplacer("[", " ", "]", " ").Replace(line))
		imports[words[0]] = words[1:]
	}
	if !slices.Contains(imports["signer/ceremony"], engine) {
		t.Fatalf("ceremony imports %q: this test saw nothing", imports["signer/ceremony"])
	}
	return imports
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		t.Fatalf("go list %q: %v\n%s", args, err, exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
