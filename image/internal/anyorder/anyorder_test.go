package anyorder

import (
	"errors"
	"flag"
	"io"
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	for _, args := range [][]string{{"a", "--n", "1", "b"}, {"--n=1", "a", "b"}, {"a", "b", "-n", "1"}} {
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		n := flags.Int("n", 0, "")
		if words, err := Parse(flags, args); err != nil || *n != 1 || !slices.Equal(words, []string{"a", "b"}) {
			t.Errorf("%q: %q, n is %d, %v", args, words, *n, err)
		}
	}
	for arg, want := range map[string]error{"-h": flag.ErrHelp, "--other": nil} {
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		if _, err := Parse(flags, []string{"a", arg}); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", arg, err)
		}
	}
}
