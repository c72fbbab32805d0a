//go:build !airgap

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// tab is a command line on which Tab is pressed, and what a shell shall offer
// among other things, and shall not.
type tab struct {
	line     string
	offers   string
	offersNo string
}

func tabs() []tab {
	return []tab{
		{"signer ", "updates publish check help", "init add --help"},
		{"signer up", "updates", "publish"},
		{"signer updates ", "init add timestamp roots", "updates check"},
		{"signer updates --path D ", "init add", "--path"},
		{"signer updates add --", "--target --platform --path --tag --force --json --help", "--expires"},
		{"signer updates add --platform ", "linux linux-arm64 windows macos-app", "--path add"},
		{"signer updates add --platform=lin", "linux linux-arm64", "windows"},
		{"signer updates add --platform w", "windows windows-arm64", "linux"},
		{"signer updates add --target ", "a file|folder", "--path"},
		{"signer updates add --path ", "folder", "a file"},
		{"signer updates add --path add --na", "--name", "--target"},
		{"signer check ", "folder", "a file"},
		{"signer completion ", "bash zsh fish", "updates"},
		{"signer request ta", "targets", "snapshot"},
		{"signer help ", "updates check", "--help"},
		{"signer help updates ", "add timestamp", "--path"},
		{"signer updates add --name ", "", "--path linux"},
	}
}

// completionOf writes the script of a shell into a folder that has a file with a
// space in its name, and a folder.
func completionOf(t *testing.T, shell string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"completion", shell}, stdio{out: &out, err: &errs}); status != exitGood {
		t.Fatalf("status %d: %s", status, &errs)
	}
	for name, text := range map[string]string{"_signer": out.String(), "a file": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// completed runs a shell in the folder, and is what it offers for each line.
func completed(t *testing.T, shell, script string, args ...string) {
	t.Helper()
	program, err := exec.LookPath(shell)
	if err != nil {
		oracle.Missing(t, shell+" is not here")
		return
	}
	dir := completionOf(t, shell)
	for _, c := range tabs() {
		cmd := exec.CommandContext(t.Context(), program, append(args, script, shell, c.line)...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LINE=" + c.line, "TERM=dumb"}
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%q: %v\n%s", c.line, err, stderrOf(err))
			continue
		}
		offered := offers(string(out))
		for _, want := range words(c.offers) {
			if !slices.Contains(offered, want) {
				t.Errorf("%q does not offer %q, but %q", c.line, want, offered)
			}
		}
		for _, no := range words(c.offersNo) {
			if slices.Contains(offered, no) {
				t.Errorf("%q offers %q", c.line, no)
			}
		}
	}
}

func stderrOf(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.Stderr
	}
	return nil
}

func words(list string) []string {
	if strings.Contains(list, "a file") {
		return strings.Split(list, "|")
	}
	return strings.Fields(list)
}

// offers are the lines a shell has printed, without what fish and zsh add to them.
func offers(out string) []string {
	var all []string
	for line := range strings.Lines(out) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		word = strings.ReplaceAll(strings.TrimSuffix(word, "/"), `\ `, " ")
		all = append(all, strings.TrimPrefix(word, "--platform="))
	}
	return all
}

func TestCompletionInBash(t *testing.T) {
	completed(t, "bash", `source ./_signer
words=($1); [[ $1 == *' ' ]] && words+=('')
COMP_WORDS=(); for w in "${words[@]}"; do
  if [[ $w == *=* ]]; then COMP_WORDS+=("${w%%=*}" = "${w#*=}"); else COMP_WORDS+=("$w"); fi
done
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _signer; printf '%s\n' "${COMPREPLY[@]}"`, "--norc", "-c")
}

func TestCompletionInFish(t *testing.T) {
	completed(t, "fish", `source ./_signer; complete -C"$LINE"`, "--no-config", "-c")
}

// In zsh the functions of its completion system are ours: they print what they
// are given. The real ones need a terminal.
func TestCompletionInZsh(t *testing.T) {
	completed(t, "zsh", `setopt no_nomatch
compdef() { : }
compset() { words[CURRENT]=${words[CURRENT]#*=} }
said() { local w; for w in "$@"; do [[ $w == ${words[CURRENT]}* ]] && print -r -- $w; done; return 0 }
compadd() { shift; said "$@" }
_files() { if [[ $1 == -/ ]]; then said *(/); else said *; fi }
_describe() { local -a all; all=(${(P)@[-1]}); said ${all%%:*} }
source ./_signer
line=$1; words=(${(z)line}); [[ $line == *' ' ]] && words+=(''); CURRENT=${#words}
_signer`, "-f", "-c")
}
