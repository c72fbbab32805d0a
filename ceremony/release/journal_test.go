package release

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/tuf"
)

// decided is a repository that lost power right after the commit point.
func decided(t testing.TB) (dir string, before map[string]string) {
	t.Helper()
	dir = beforeEverything(t)
	before = contents(t, dir)
	r := opened(t, dir, testOptions("everything"))
	r.step = func(name string) error {
		if strings.HasPrefix(name, "move ") {
			return errors.New("the power is gone")
		}
		return nil
	}
	if err := r.commit(t.Context(), everything(t, r)); !errors.Is(err, ErrUnfinished) {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, before
}

// TestJournalIsNotBelieved: where the journal, or what it lists, is not as it was
// written, nothing is moved and nothing is lost.
func TestJournalIsNotBelieved(t *testing.T) {
	path := func(dir, name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for name, c := range map[string]struct {
		do   func(t *testing.T, dir string)
		want string
	}{
		"cut off":                     {func(t *testing.T, dir string) { shorten(t, path(dir, journalName)) }, "damaged"},
		"empty":                       {func(t *testing.T, dir string) { put(t, dir, journalName, "") }, "not in the form"},
		"of another form":             {func(t *testing.T, dir string) { put(t, dir, journalName, "signer-journal-2 x\n{}") }, "not in the form"},
		"a flipped bit":               {func(t *testing.T, dir string) { replaceIn(t, path(dir, journalName), "a/stable/a", "a/stable/b") }, "damaged"},
		"new content that is damaged": {func(t *testing.T, dir string) { damage(t, dir) }, "what the journal lists"},
		"new content that is gone":    {func(t *testing.T, dir string) { removeAll(t, path(dir, newFolder)) }, "what the journal lists"},
		"fleetctl went on":            {func(t *testing.T, dir string) { put(t, dir, "repository/timestamp.json", "newer") }, "another program has changed it"},
		"the file came meanwhile":     {func(t *testing.T, dir string) { put(t, dir, "repository/2.root.json", "another") }, "another root of this version"},
		"a folder in the way":         {func(t *testing.T, dir string) { put(t, dir, "repository/targets/a/1.0/a/inside", "") }, "something else than a file"},
		"a journal that is a link":    {func(t *testing.T, dir string) { linked(t, dir, journalName) }, "not a regular file"},
		"a payload folder that is a link": {func(t *testing.T, dir string) {
			removeAll(t, path(dir, "repository/targets/b"))
			linked(t, dir, "repository/targets/b")
		}, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := decided(t)
			c.do(t, dir)
			before := contents(t, dir)
			r, err := Open(t.Context(), dir, testOptions("next"))
			if err == nil {
				_ = r.Close()
				t.Fatal("it is believed")
			}
			if !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "hint: nothing was changed or lost") {
				t.Errorf("%v", err)
			}
			sameFiles(t, name, contents(t, dir), before)
		})
	}
}

func shorten(t *testing.T, name string) {
	t.Helper()
	info, err := os.Stat(name)
	if err == nil {
		err = os.Truncate(name, info.Size()/2)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func replaceIn(t *testing.T, name, old, with string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err == nil && !strings.Contains(string(b), old) {
		t.Fatalf("%s has no %q", name, old)
	}
	if err == nil {
		err = os.WriteFile(name, []byte(strings.Replace(string(b), old, with, 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// damage changes the last scratch file with content, and keeps its length.
func damage(t *testing.T, dir string) {
	t.Helper()
	replaceIn(t, filepath.Join(dir, filepath.FromSlash(newFolder), "4"), "new ", "NEW ")
}

func removeAll(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
}

// linked moves what is there out of the folder, and leaves a link to it.
func linked(t *testing.T, dir, name string) {
	t.Helper()
	path, away := filepath.Join(dir, filepath.FromSlash(name)), filepath.Join(inMemory(t), "away")
	if err := os.Rename(path, away); errors.Is(err, os.ErrNotExist) {
		err = os.Mkdir(away, 0o755)
		if err != nil {
			t.Fatal(err)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(away, path); err != nil {
		t.Fatal(err)
	}
}

// hostileMoves are what no journal of ours lists.
func hostileMoves() map[string]move {
	sum := &fileDigest{}
	return map[string]move{
		"out of the folder":      {To: "../evil", From: "1", SHA512: sum},
		"an absolute name":       {To: "/etc/passwd", From: "1", SHA512: sum},
		"out of targets":         {To: "repository/targets/../../x", From: "1", SHA512: sum},
		"beside the folders":     {To: "readme", From: "1", SHA512: sum},
		"staged":                 {To: "staged/root.json", From: "1", SHA512: sum},
		"our own folder":         {To: ".signer/lock", From: "1", SHA512: sum},
		"a stray":                {To: "repository/._root.json", From: "1", SHA512: sum},
		"another role":           {To: "repository/releases.json", From: "1", SHA512: sum},
		"version 0":              {To: "repository/0.root.json", From: "1", SHA512: sum},
		"a version of timestamp": {To: "repository/1.timestamp.json", From: "1", SHA512: sum},
		"in capitals":            {To: "repository/Root.json", From: "1", SHA512: sum},
		"the folder of targets":  {To: "repository/targets", From: "1", SHA512: sum},
		"a key in a folder":      {To: "keys/a/b.json", From: "1", SHA512: sum},
		"a key that is no JSON":  {To: "keys/evil.sh", From: "1", SHA512: sum},
		"what systems leave":     {To: "repository/targets/.DS_Store", From: "1", SHA512: sum},
		"backslashes":            {To: `repository/targets/..\..\x`, From: "1", SHA512: sum},
		"from elsewhere":         {To: "repository/root.json", From: "../lock", SHA512: sum},
		"from a folder":          {To: "repository/root.json", From: ".", SHA512: sum},
		"without a source":       {To: "repository/root.json", SHA512: sum},
		"metadata that goes":     {To: "repository/root.json"},
		"a payload that goes":    {To: "repository/targets/a"},
		"both":                   {To: "keys/root.json", From: "1"},
		"a negative length":      {To: "repository/root.json", From: "1", SHA512: sum, Length: -1},
	}
}

func TestJournalRefuses(t *testing.T) {
	for name, m := range hostileMoves() {
		if _, err := (journal{Moves: []move{m}}).encode(); err == nil {
			t.Errorf("%s: %+v is taken", name, m)
		}
	}
	sum := &fileDigest{}
	one, two := move{To: "repository/root.json", From: "1", SHA512: sum}, move{To: "repository/timestamp.json", From: "2", SHA512: sum}
	for name, moves := range map[string][]move{
		"none": nil, "out of order": {two, one}, "one name twice": {one, {To: one.To, From: "3", SHA512: sum}},
		"one source twice": {one, {To: two.To, From: one.From, SHA512: sum}},
	} {
		if _, err := (journal{Moves: moves}).encode(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := (journal{Command: "x", Moves: []move{one, two}}).encode(); err != nil {
		t.Errorf("what is right is refused: %v", err)
	}
}

// TestJournalHasOneForm: a digest in capitals, a field more or a space less is
// nothing that was written here.
func TestJournalHasOneForm(t *testing.T) {
	sum := &fileDigest{1}
	b, err := journal{Command: "x", Moves: []move{{To: "repository/root.json", From: "1", Length: 3, SHA512: sum}}}.encode()
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(b), "\n")
	for _, other := range []string{
		strings.Replace(body, `"01`, `"0A`, 1), strings.Replace(body, `"command":"x"`, `"command":"x","more":1`, 1),
		strings.Replace(body, `"command"`, `"Command"`, 1), body + "{}", strings.Replace(body, `"length":3`, `"length":3.0`, 1),
		strings.Replace(body, `"command":"x"`, `"command":"x","command":"y"`, 1),
	} {
		if other == body {
			t.Fatal("nothing was replaced")
		}
		if _, err := parseJournal([]byte(journalForm + tuf.DigestOf([]byte(other)).String() + "\n" + other)); err == nil {
			t.Errorf("taken: %s", other)
		}
	}
}

// FuzzJournal: what is taken names nothing outside, and is written as it was read.
func FuzzJournal(f *testing.F) {
	for _, m := range hostileMoves() {
		f.Add(m.To, m.From, m.Length, m.SHA512 != nil, []byte(`{"command":"x","moves":[]}`))
	}
	f.Add("repository/targets/a/b", "1", int64(3), true, []byte("{}"))
	f.Fuzz(func(t *testing.T, to, from string, length int64, has bool, body []byte) {
		m := move{To: to, From: from, Length: length}
		if has {
			m.SHA512 = &fileDigest{}
		}
		if b, err := (journal{Moves: []move{m}}).encode(); err == nil {
			checkTaken(t, b)
		}
		b := append([]byte(journalForm+tuf.DigestOf(body).String()+"\n"), body...)
		if _, err := parseJournal(b); err == nil {
			checkTaken(t, b)
		}
		if _, err := parseJournal(body); err == nil {
			checkTaken(t, body)
		}
	})
}

func checkTaken(t *testing.T, b []byte) {
	j, err := parseJournal(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range j.Moves {
		top, _, inside := strings.Cut(m.To, "/")
		if !inside || !slices.Contains([]string{"keys", "repository"}, top) || strings.Contains(m.To, "..") && !filepath.IsLocal(m.To) {
			t.Errorf("it moves to %q", m.To)
		}
		if strings.ContainsAny(m.From, `/\.`) {
			t.Errorf("it moves from %q", m.From)
		}
	}
	if _, err := j.encode(); err != nil {
		t.Errorf("it cannot be written again: %v", err)
	}
}
