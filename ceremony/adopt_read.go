package ceremony

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// oldSticker is the old drive of a rehearsal.
const oldSticker = "old-stick"

const (
	mostOldSticks = 20
	mostOldFiles  = 20 // key files on one drive: each costs a key derivation before anybody is asked
)

// readOldDrives reads one drive after another: root keys are often on others than
// the repository.
func readOldDrives(ctx context.Context, s *Session) error {
	err := s.Part(ctx, "old", func(ctx context.Context) error {
		for {
			if err := s.readOldDrive(ctx); err != nil {
				return err
			}
			delete(s.recall, "old.more")
			way, err := s.choose(ctx, s.moreDrives())
			if err != nil || way == "go" {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	return s.Part(ctx, "found", s.showFound)
}

// moreDrives says what the drives have so far.
func (s *Session) moreDrives() Question {
	a, known := s.State.Adoption, s.State.Known
	q := Question{ID: "old.more", Title: "The old drives", Prompt: "Is there another drive with keys or roots of it?",
		Text: []Block{Table(Row{"Drives read", fmt.Sprint(len(a.Sticks))}, Row{"Repository", "no root was found yet"}, Row{"Key files", fmt.Sprint(len(a.Files))})},
		Options: []Option{{Key: "go", Label: "No, that is all there is"},
			{Key: "another", Label: "Yes, another drive"}}, Default: "go"}
	switch {
	case known.Chain == nil:
		q.Options[0].Disabled, q.Default = "no root was found yet", "another"
		q.Text = append(q.Text, Para(a.neverPublished()))
	default:
		q.Text[0].Rows[1].Value = fmt.Sprintf("%s, root %d", known.Chain.First().Groups()[:19], known.Latest().Version)
	}
	if len(a.Sticks) >= mostOldSticks {
		q.Options[1].Disabled = "that is as many as can be read"
	}
	return q
}

// neverPublished says what to do when no root is on any old drive.
func (a Adoption) neverPublished() string {
	what := "What is on these drives cannot be adopted without its root."
	if a.Staged != nil {
		what = "In staged/ is a root.json that was never committed: no client has it, and its keys have no power."
	}
	return what + " If no root was ever published, leave with Ctrl+C and choose Create a repository: it makes keys that were never on another computer."
}

// readOldDrive waits for a drive that is not of this program, and adds what it
// tells. What is hostile, or contradicts what was read, is turned away: nothing
// of that drive is kept.
func (s *Session) readOldDrive(ctx context.Context) error {
	v := visit{id: "old", title: "The old drives", label: s.nextOldSticker(), foreign: true,
		prompt: "Insert a drive with keys/, repository/ or staged/",
		text:   []Block{Para("It is read, and not written. Links on it are not followed, and files of unlikely size are not read.")},
		wrong: func(d *foundDrive) string {
			return fmt.Sprintf("This is %s, which this program wrote. Its repository is adopted already.", d.label())
		}}
	for {
		d, _, err := s.visitDrive(ctx, v)
		if err != nil {
			return err
		}
		wrong, err := s.takeOldDrive(ctx, v, d.drive)
		if err != nil {
			return err
		}
		if wrong == "" {
			return s.leave(ctx, "old", v.title, d, "It has been read.")
		}
		if _, err := s.turnAway(ctx, v, d.drive, wrong); err != nil {
			return err
		}
	}
}

// nextOldSticker is the virtual drive that comes by itself.
func (s *Session) nextOldSticker() string {
	if n := len(s.State.Adoption.Sticks); n > 0 {
		return fmt.Sprintf("%s-%d", oldSticker, n+1)
	}
	return oldSticker
}

// takeOldDrive reads a drive and takes over what it tells, or says why not.
func (s *Session) takeOldDrive(ctx context.Context, v visit, d Drive) (wrong string, err error) {
	switch {
	case s.State.Adoption.read(d):
		return "This drive has been read.", nil
	case d.FileSystem == "":
		return "This drive is blank.", nil
	}
	before, keys := s.State, s.Keys.Len()
	_, err = s.askBeside(ctx, Question{ID: v.id + ".verifying", Kind: Wait, Title: v.title, NoBack: true, Prompt: "Reading and verifying"},
		func(ctx context.Context) error { return s.learnOldDrive(ctx, d) })
	switch {
	case err == nil:
		s.tell(Event{Kind: Did, Text: fmt.Sprintf("old drive %d read: %s %s, serial %s", len(s.State.Adoption.Sticks), Foreign(d.Vendor), Foreign(d.Model), Foreign(d.Serial))})
		return "", nil
	case errors.Is(err, ErrStop), ctx.Err() != nil:
		return "", err
	}
	s.State = before
	s.Keys.WipeSince(keys)
	return "This drive is refused: " + Foreign(err.Error()) + ".", nil
}

func (s *Session) learnOldDrive(ctx context.Context, d Drive) (err error) {
	vol, err := s.env.Drives.Open(ctx, d, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vol.Close()) }()
	tree, err := oldTree(vol)
	if err != nil {
		return err
	}
	layout, err := tuf.ReadLayout(tree)
	if err != nil {
		return err
	}
	if err := hostile(layout); err != nil {
		return err
	}
	known, err := s.State.Known.learnLayout(layout)
	if err != nil {
		return err
	}
	a := s.State.Adoption.clone()
	a.Sticks = append(a.Sticks, d)
	a.remarkOn(layout)
	s.State.Known, s.State.Adoption = known, a
	return s.learnKeyFiles(ctx, layout)
}

// oldTree finds the folder that holds keys, repository or staged: people copy
// whole working folders to a stick.
func oldTree(tree tuf.Tree) (tuf.Tree, error) {
	entries, err := tree.List()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		dir, base := path.Dir(e.Name), path.Base(e.Name)
		within := slices.ContainsFunc(found, func(f string) bool { return f == "." || f == dir || strings.HasPrefix(e.Name, f+"/") })
		if !tuf.Harmless(e.Name) && slices.Contains([]string{"keys", repositoryFolder, "staged"}, base) && !within {
			found = append(found, dir)
		}
	}
	switch {
	case len(found) == 0:
		return nil, errors.New("it has no folder named keys, repository or staged")
	case len(found) > 1:
		return nil, fmt.Errorf("there are several: %q and %q; leave only one on it", Foreign(found[0]), Foreign(found[1]))
	case found[0] == ".":
		return tree, nil
	}
	return below{tree, found[0] + "/"}, nil
}

// below is a folder of a tree, seen by itself.
type below struct {
	tree   tuf.Tree
	folder string
}

func (t below) List() ([]tuf.Entry, error) {
	entries, err := t.tree.List()
	var list []tuf.Entry
	for _, e := range entries {
		name, in := strings.CutPrefix(e.Name, t.folder)
		if in {
			e.Name = name
			list = append(list, e)
		}
	}
	return list, err
}

func (t below) ReadFile(name string, limit int64) ([]byte, error) {
	return t.tree.ReadFile(t.folder+name, limit)
}

// hostile refuses what no tool leaves behind: links and pipes, files beyond all
// size, a gap between roots, names that hide or command.
func hostile(l *tuf.Layout) error {
	if len(l.Refused) > 0 {
		first := l.Refused[0]
		if strings.Contains(first.Err.Error(), strconv.Quote(first.Name)) {
			return first.Err
		}
		return fmt.Errorf("%s: %w", Foreign(first.Name), first.Err)
	}
	names := slices.Concat(l.Strays, l.Payloads)
	for _, files := range [][]tuf.File{l.Keys, l.Staged, l.Versions} {
		for _, f := range files {
			names = append(names, f.Name)
		}
	}
	for _, name := range names {
		if Foreign(name) != name {
			return fmt.Errorf("%s: the name holds characters that hide or command", Foreign(name))
		}
	}
	if len(l.Keys) > mostOldFiles {
		return fmt.Errorf("it has %d key files, and %d are read at most: leave only those of this repository", len(l.Keys), mostOldFiles)
	}
	return nil
}

// learnKeyFiles looks at the key files of the drive that was added last. One that
// nothing locks is opened at once, so that its bytes need not be kept.
func (s *Session) learnKeyFiles(ctx context.Context, l *tuf.Layout) error {
	a := s.State.Adoption.clone()
	slices.SortFunc(l.Keys, func(x, y tuf.File) int { return cmp.Or(len(x.Name)-len(y.Name), strings.Compare(x.Name, y.Name)) })
	for _, f := range l.Keys {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		same := func(o oldFile) bool { return o.Data != nil && tuf.DigestOf(o.Data) == tuf.DigestOf(f.Data) }
		if slices.ContainsFunc(a.Files, same) {
			continue // a copy of one that was on another drive
		}
		old, err := s.inspectOld(f)
		if err != nil {
			a.remark(fmt.Sprintf("%s is not used: %v.", f.Name, err))
			continue
		}
		if old.Stick = len(a.Sticks) - 1; old.Data == nil {
			a.remark(fmt.Sprintf("%s is not locked by any passphrase: whoever had the drive has its keys. It is locked now, and should be replaced.", f.Name))
		}
		a.Files = append(a.Files, old)
	}
	s.State.Adoption = a
	return nil
}

// inspectOld says what a key file is.
func (s *Session) inspectOld(f tuf.File) (oldFile, error) {
	info, err := tuf.InspectKeyFile(f.Data)
	if err != nil {
		return oldFile{}, err
	}
	old := oldFile{Name: f.Name, Data: f.Data}
	keys, err := s.opener().OpenUnlocked(f.Data)
	if errors.Is(err, tuf.ErrWrongPassphrase) {
		return old, nil
	}
	if !info.Encrypted {
		secret.Bytes(f.Data).Wipe()
	}
	if err != nil {
		return oldFile{}, err
	}
	old.Data = nil
	for _, key := range keys {
		old.Open = append(old.Open, s.Keys.Add(key))
	}
	return old, nil
}
