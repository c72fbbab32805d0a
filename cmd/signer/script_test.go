package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// productCost is the variable under which this program locks keys as people have
// it. Else that costs nothing here: scripts prove other things, but for those that
// set it.
const productCost = "SIGNER_TEST_PRODUCT_COST"

// programs are those that tests run under their names.
var programs = map[string]func(){"signer": main}

func TestMain(m *testing.M) {
	if os.Getenv(productCost) == "" {
		keyCost = 2
	}
	testscript.Main(m, programs)
}

// TestScripts runs the program as people do: testdata/*.txtar read like sessions
// at a terminal.
func TestScripts(t *testing.T) {
	answers, err := filepath.Abs(filepath.FromSlash("../../ceremony/testdata/create.answers"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ANSWERS", answers)
			env.Setenv("TESTDATA", filepath.Dir(answers))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "files": files},
	})
}

// exits runs a command that is to end with a status: "exits 3 signer check D".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARGS]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || got != want {
		ts.Fatalf("%q: exit status %d, want %s", args[1:], got, args[0])
	}
}

// moment is where the name of a record tells its time.
var moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d{6}Z`)

// files lists all that is below a folder into a file: "files D list". Folders
// end in a slash, and TIME stands for times.
func files(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: files FOLDER LIST")
	}
	var list string
	err := fs.WalkDir(os.DirFS(ts.MkAbs(args[0])), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil || name == ".":
			return err
		case e.IsDir():
			name += "/"
		}
		list += moment.ReplaceAllString(name, "TIME") + "\n"
		return nil
	})
	if err != nil {
		ts.Fatalf("list %s: %v", args[0], err)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), fmt.Append(nil, list), 0o666))
}
