package proof_test

// What two programs made is compared but for what must differ: keys, their ids,
// signatures, dates, and what key files are encrypted with. Each of these stands
// under a name of its own ("targets key 2", "1095 days"), so that a swapped key or
// another validity shows.

import (
	"cmp"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// tree is a folder by path: mode, and content where it is a file.
type tree map[string]string

// private is this program's own folder beside what go-tuf knows.
const private = ".signer"

// look reads a repository folder. The versions that its metadata is to have are
// checked, and left out of the tree: rotations of the two programs differ in
// what they sign again.
func look(t *testing.T, dir string, versions map[string]int) tree {
	t.Helper()
	n := names(t, dir)
	seen := make(tree)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		at, err := filepath.Rel(dir, path)
		switch {
		case err != nil:
			return err
		case at == private:
			return fs.SkipDir
		case at == ".": // the caller's
		case e.IsDir():
			seen[at] = info.Mode().String()
		default:
			seen[at] = info.Mode().String() + "\n" + n.normal(t, dir, at, versions)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// named are key ids and public keys, and what they are called.
type named map[string]string

// names calls keys by their role, and counts them as the roots brought them.
func names(t *testing.T, dir string) named {
	t.Helper()
	n := make(named)
	count := make(map[string]int)
	for version := 1; ; version++ {
		b, err := os.ReadFile(filepath.Join(dir, "repository", fmt.Sprintf("%d.root.json", version)))
		if os.IsNotExist(err) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		var root struct {
			Signed struct {
				Keys map[string]struct {
					Keyval struct{ Public string }
				}
				Roles map[string]struct{ Keyids []string }
			}
		}
		if err := json.Unmarshal(b, &root); err != nil {
			t.Fatal(err)
		}
		for _, role := range roles {
			for _, id := range root.Signed.Roles[role].Keyids {
				if n[id] != "" {
					continue
				}
				count[role]++
				n[id] = fmt.Sprintf("%s key %d", role, count[role])
				n[root.Signed.Keys[id].Keyval.Public] = "public " + n[id]
			}
		}
	}
}

func (n named) normal(t *testing.T, dir, at string, versions map[string]int) string {
	t.Helper()
	b := read(t, filepath.Join(dir, at))
	switch folder := filepath.Dir(at); {
	case folder == "keys":
		return lockedKeys.ReplaceAllString(string(b), `"$1": "…"`)
	case folder == "repository" && strings.HasSuffix(at, ".json"):
		return form(b) + "\n" + n.metadata(t, dir, at, b, versions)
	}
	return digest(b)
}

var lockedKeys = regexp.MustCompile(`"(salt|nonce|ciphertext)": "[A-Za-z0-9+/=]+"`)

var (
	hexes    = regexp.MustCompile(`[0-9a-f]{64,}`)
	dates    = regexp.MustCompile(`"expires":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)
	numbered = regexp.MustCompile(`"(version|length)":\d+`)
)

// form is how metadata is written: the order of names, the spaces there are not,
// how a date looks. Keys are ordered by their ids: all look alike here.
func form(b []byte) string {
	s := hexes.ReplaceAllStringFunc(string(b), func(h string) string { return fmt.Sprintf("%d hex", len(h)) })
	return numbered.ReplaceAllString(dates.ReplaceAllString(s, `"expires":"date"`), `"$1":0`)
}

// metadata is what a metadata file means.
func (n named) metadata(t *testing.T, dir, at string, b []byte, versions map[string]int) string {
	t.Helper()
	var file map[string]any
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	signed := file["signed"].(map[string]any)
	role := signed["_type"].(string)
	if base := filepath.Base(at); base == role+".json" && int(signed["version"].(float64)) != versions[role] {
		t.Errorf("%s has version %v, want %d", at, signed["version"], versions[role])
	}
	delete(signed, "version")
	expires, err := time.Parse(time.RFC3339, signed["expires"].(string))
	if err != nil {
		t.Fatal(err)
	}
	signed["expires"] = fmt.Sprintf("%.0f days", math.Round(time.Until(expires).Hours()/24))
	if meta, ok := signed["meta"].(map[string]any); ok {
		for name, listed := range meta {
			meta[name] = lists(t, filepath.Join(dir, "repository", name), listed.(map[string]any), versions)
		}
	}
	for _, s := range file["signatures"].([]any) {
		s.(map[string]any)["sig"] = "sig"
	}
	renamed := n.rename(file).(map[string]any)
	slices.SortFunc(renamed["signatures"].([]any), func(a, b any) int { // go-tuf's order is by chance
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	plain, err := json.MarshalIndent(renamed, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// lists compares what snapshot or timestamp say of a file with the file.
func lists(t *testing.T, file string, listed map[string]any, versions map[string]int) any {
	t.Helper()
	b := read(t, file)
	role := strings.TrimSuffix(filepath.Base(file), ".json")
	hashes := listed["hashes"].(map[string]any)
	if listed["length"].(float64) != float64(len(b)) || hashes["sha512"] != digest(b) || listed["version"] != float64(versions[role]) {
		t.Errorf("%s is listed as %v, and has %d bytes, SHA-512 %s, version %d", role, listed, len(b), digest(b), versions[role])
	}
	listed["length"], hashes["sha512"], listed["version"] = "right", "right", "right"
	return listed
}

// rename gives keys their names, wherever they stand.
func (n named) rename(value any) any {
	switch v := value.(type) {
	case string:
		if n[v] != "" {
			return n[v]
		}
	case []any:
		for i := range v {
			v[i] = n.rename(v[i])
		}
	case map[string]any:
		renamed := make(map[string]any, len(v))
		for name, value := range v {
			renamed[n.rename(name).(string)] = n.rename(value)
		}
		return renamed
	}
	return value
}

// say is what a program printed, with the names of keys for their ids.
func (n named) say(s string) string {
	return hexes.ReplaceAllStringFunc(s, func(h string) string {
		if n[h] != "" {
			return n[h]
		}
		return h
	})
}

func digest(b []byte) string {
	sum := sha512.Sum512(b)
	return hex.EncodeToString(sum[:])
}
