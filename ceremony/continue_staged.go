package ceremony

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// stagedName is where a root lies that is signed in part. tuf v0.5.2 signs it
// there, so the manifest of the drive need not know its bytes: they are not
// believed in any case.
const stagedName = "staged/root.json"

// ErrGivenUp is a root that was given up on this repository.
var ErrGivenUp = errors.New("this root was given up earlier; choose another expiry")

// knowForContinuing reads the root in force. The transfer drive alone will do,
// for who is far from the repository drive.
func knowForContinuing(ctx context.Context, s *Session) error {
	return s.Part(ctx, "repository", func(ctx context.Context) error {
		d, _, err := s.visitDrive(ctx, visit{id: "repository", title: "The repository", label: repositoryLabel,
			prompt: "Insert the repository drive, or else a root backup, or the transfer drive",
			text:   []Block{Para("It says which root is in force. The repository drive knows most.")},
			wrong:  s.learning("A repository drive, a root backup or a transfer drive is wanted", Repository, RootBackup, Signing, Transfer)})
		if err != nil {
			return err
		}
		s.tellKnown(d)
		if d.manifest.Role == Transfer {
			return nil // it stays: what was begun is on it
		}
		return s.leave(ctx, "repository", "The repository", d, "It has been read.")
	})
}

// takeUpStaged reads the root that was begun, and derives it again.
func takeUpStaged(ctx context.Context, s *Session) error {
	if err := s.Part(ctx, "staged.read", s.findStaged); err != nil {
		return err
	}
	return s.Part(ctx, "staged", func(ctx context.Context) error { return s.read(ctx, s.stagedPage()) })
}

// findStaged visits drives until one has a root that can be derived again.
func (s *Session) findStaged(ctx context.Context) error {
	for {
		v := visit{id: "staged.drive", title: "The transfer drive", label: transferLabel, foreign: true, wrong: s.notATransfer,
			prompt: "Insert the transfer drive with the root that was begun",
			text:   []Block{Para("It is in " + stagedName + ". A drive or a copy that was signed with tuf will do, too.")}}
		pending := s.State.Known.pending()
		if len(pending) > 0 {
			v.others = []Option{{Key: "ledger", Label: "It is lost: take " + pending[0].called() + " from the ledger"}}
		}
		d, way, err := s.visitDrive(ctx, v)
		if err != nil {
			return err
		}
		if way == "ledger" {
			if err = s.takeStaged(pending[0].File); err == nil {
				return nil
			}
			if err := s.showRefused(ctx, err); err != nil {
				return err
			}
			continue
		}
		file, strays, err := s.readStaged(ctx, d)
		if err == nil {
			err = s.takeStaged(file)
		}
		for _, name := range strays {
			s.note("%s is on the drive: private keys do not belong there", Foreign(name))
		}
		if err == nil {
			return s.leave(ctx, "staged.drive", "The transfer drive", d, "It has been read.")
		}
		if errors.Is(err, ErrStop) || ctx.Err() != nil {
			return err
		}
		if err := s.refuseStaged(ctx, v, d.drive, err); err != nil {
			return err
		}
	}
}

// notATransfer turns away drives of the repository that are of another role: a
// staged root does not belong on them.
func (s *Session) notATransfer(d *foundDrive) string {
	if d.manifest == nil {
		return ""
	}
	if wrong := ofRoles("a transfer drive", Transfer)(d); wrong != "" {
		return wrong
	}
	if !s.State.Known.owns(d.manifest) {
		return "This is " + d.label() + " of another repository."
	}
	return ""
}

// takeStaged derives the root again and keeps it as what is to be reviewed.
func (s *Session) takeStaged(file []byte) error {
	draft, err := s.resume(file)
	if err != nil {
		return err
	}
	if err := errors.Join(s.notAbandoned(draft.Root()), s.leavesUnsigned(draft.Root())); err != nil {
		return err
	}
	s.State.Staged, s.State.Draft, s.State.Signed = file, draft, draft.Digest()
	s.note("root %d was begun: %s, signed by %s", draft.Root().Version, draft.Digest().Groups()[:9], s.namesOf(draft.Signed()))
	return nil
}

// ErrUnsigned is a root with which clients would find a file that too few signed.
var ErrUnsigned = errors.New("choose Remove online keys, which signs it again, or begin with the drive that has the newest files")

// leavesUnsigned refuses a root that takes away keys which alone signed an online
// file: tuf revoke-key makes one, and clients would be left without metadata.
func (s *Session) leavesUnsigned(root *tuf.Root) error {
	for _, role := range tuf.OnlineRoles() {
		file, err := s.State.Known.Public.Online(role)
		if err != nil {
			continue // there is none here, or none that clients take now
		}
		_, now := file.VerifyBy(s.State.Known.Latest(), role)
		if _, then := file.VerifyBy(root, role); now == nil && then != nil {
			return fmt.Errorf("with root %d, too few of its keys have signed %s.json: %w", root.Version, role, ErrUnsigned)
		}
	}
	return nil
}

// goesTogether says what must go out with a root that takes online keys away, when
// nothing is signed again here: a timestamp of a higher version, last. Clients of
// go-tuf v0.5.2 that had updated find no snapshot otherwise (measured).
func (s *Session) goesTogether() []string {
	change := s.State.Draft.Change()
	removes := slices.ContainsFunc(change.Revokes, func(r tuf.Revoke) bool { return r.Role != tuf.RoleRoot })
	if !removes || len(change.Online) > 0 {
		return nil
	}
	return []string{"It must not be published alone. " + s.togetherText()}
}

// readStaged reads the staged root, and names private keys that lie on the drive.
func (s *Session) readStaged(ctx context.Context, d *foundDrive) (file []byte, keys []string, err error) {
	vol, err := s.env.Drives.Open(ctx, d.drive, false)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, vol.Close()) }()
	entries, err := vol.List()
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name, "keys/") && e.Mode.IsRegular() {
			keys = append(keys, e.Name)
		}
	}
	if d.manifest == nil {
		if err := s.publishedElsewhere(vol); err != nil {
			return nil, keys, err
		}
	}
	file, err = vol.ReadFile(stagedName, tuf.MaxRootSize)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no %s on it", stagedName)
	}
	return file, keys, err
}

// ErrPublishedElsewhere is a working folder in which tuf committed a root that no
// drive of a ceremony knows.
var ErrPublishedElsewhere = errors.New("if clients have it, choose Adopt, which verifies it and takes the folder over")

// publishedElsewhere refuses a folder whose root.json is newer than the root in
// force: what is staged there follows that root, not ours. Its signatures do not
// matter, for nothing is taken of it.
func (s *Session) publishedElsewhere(tree tuf.Tree) error {
	b, err := tree.ReadFile(repositoryFolder+"/root.json", tuf.MaxRootSize)
	if err != nil {
		return nil // a drive that brings only what was begun
	}
	root, err := tuf.ParseRoot(b, tuf.History)
	if latest := s.State.Known.Latest(); err == nil && root.Version > latest.Version {
		return fmt.Errorf("repository/root.json on it is root %d, and the newest root that is known here is %d: %w", root.Version, latest.Version, ErrPublishedElsewhere)
	}
	return nil
}

// refuseStaged says why, with each difference on a line of its own, and has the
// drive taken out.
func (s *Session) refuseStaged(ctx context.Context, v visit, d Drive, why error) error {
	if err := s.showRefused(ctx, why); err != nil {
		return err
	}
	v.others = nil // they are asked for when the drive is out
	_, err := s.turnAway(ctx, v, d, "This drive has no root that can be continued.")
	return err
}

func (s *Session) showRefused(ctx context.Context, why error) error {
	s.trouble("refused: %s: %s", stagedName, why)
	what, differences, _ := strings.Cut(why.Error(), tuf.ErrStaged.Error()+": ")
	var text []Block
	if differences == "" {
		text = append(text, Warn(asSentence(Foreign(what))))
	} else {
		text = append(text, Warn("It is not what this program would derive from the root in force:"))
		text = append(text, list(strings.Split(Foreign(differences), "; "))...)
	}
	text = append(text, Para("Nothing was signed, and nothing is written."))
	return s.read(ctx, Question{ID: "staged.refused", Title: "This root is refused", Text: text, Prompt: "Enter goes back to the drive."})
}

// lacking is what a root that came from elsewhere still needs, list by list.
func (s *Session) lacking() (out []tuf.Missing) {
	for _, list := range s.rootLists() {
		m := tuf.Missing{Root: list.Version, More: s.missingBy(list, tuf.RoleRoot)}
		for _, id := range list.Roles[tuf.RoleRoot].KeyIDs {
			if !s.hasSigned(id) {
				m.KeyIDs = append(m.KeyIDs, id)
			}
		}
		if m.More > 0 {
			out = append(out, m)
		}
	}
	return out
}

// stagedPage says what was begun, and who is wanted.
func (s *Session) stagedPage() Question {
	root := s.State.Draft.Root()
	rows := []Row{{"Root", fmt.Sprintf("version %d, %s", root.Version, root.Digest().Groups()[:9])},
		{"Signed by", s.namesOf(s.State.Draft.Signed())}}
	rows = append(rows, s.missingRows(s.lacking())...)
	q := Question{ID: "staged", Title: fmt.Sprintf("Root %d was begun", root.Version), Text: []Block{Table(rows...)},
		Prompt: "Is this what you were asked to sign?"}
	for _, dropped := range s.State.Draft.Dropped() {
		q.Text = append(q.Text, Warn(dropped))
	}
	q.Text = append(q.Text, Para("It was derived again from the root in force, and is the same to the byte. The whole review comes before anything is signed."))
	return q
}
