package tuf

// The tuf command of go-tuf v0.5.2 on a folder, as a company has it.

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony/secret"
	"signer/ceremony/tuf/oracle"
)

// v0Folder is a folder that tuf v0.5.2 works in.
type v0Folder string

// newV0Folder has the repository and these keys in it, all under one passphrase.
func newV0Folder(t testing.TB, p Published, keys map[Role][]*PrivateKey) v0Folder {
	t.Helper()
	dir := v0Folder(t.TempDir())
	dir.write(t, "repository/root.json", p.Roots[len(p.Roots)-1])
	for _, role := range OnlineRoles() {
		dir.write(t, "repository/"+string(role)+".json", p.online(role))
	}
	for role, list := range keys {
		b, err := SealKeys(list, secret.Bytes("correct"), ProductCost, &steady{})
		if err != nil {
			t.Fatal(err)
		}
		dir.write(t, "keys/"+string(role)+".json", b)
	}
	return dir
}

func (dir v0Folder) write(t testing.TB, name string, b []byte) {
	t.Helper()
	path := filepath.Join(string(dir), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (dir v0Folder) read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(string(dir), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (dir v0Folder) run(t testing.TB, command string) string {
	t.Helper()
	var env []string
	for _, role := range Roles() {
		env = append(env, "TUF_"+strings.ToUpper(string(role))+"_PASSPHRASE=correct")
	}
	out, err := oracle.Tuf(t, string(dir), env, strings.Fields(command)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
