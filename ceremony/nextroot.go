package ceremony

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// These steps bring about root N+1, whatever its change is: derived from the
// chain, reviewed, signed, played through as a client, and written out.

// reviewChange derives the next root, shows all that it changes, and lets the
// operator confirm it by words of its digest.
func reviewChange(ctx context.Context, s *Session) error {
	return s.review(ctx, s.deriveNext)
}

// review shows what derive makes of the change, all of it.
func (s *Session) review(ctx context.Context, derive func() error) error {
	if err := s.Part(ctx, "review.derive", func(context.Context) error { return derive() }); err != nil {
		return err
	}
	if err := s.Part(ctx, "review.only", s.confirmOnly); err != nil {
		return err
	}
	page := Question{ID: "review", Title: fmt.Sprintf("Review: root %d", s.mark().Version), Prompt: "Is this what was decided?",
		Text: slices.Concat(list(append(s.State.Draft.Review().Sentences, s.begunElsewhere()...)), s.unseenRepository(), s.commitText())}
	if err := s.Part(ctx, "review", func(ctx context.Context) error { return s.read(ctx, page) }); err != nil {
		return err
	}
	return s.Part(ctx, "review.words", s.confirmRoot)
}

// unseenRepository warns when a root is built on what a root backup knows: one that
// was not here at the last ceremony does not know its root.
func (s *Session) unseenRepository() []Block {
	if s.sawToday(Repository) || s.State.Staged != nil {
		return nil
	}
	latest := s.State.Known.Latest().Version
	return []Block{Warn(fmt.Sprintf("The repository drive was not read. If there is a root after root %d on the web server or on another drive, stop here: a second root %d would split the clients.",
		latest, latest+1))}
}

func (s *Session) deriveNext() error {
	change := s.State.Change
	change.Name, change.Holders = s.script.Name, s.State.Known.holderNames()
	draft, err := tuf.Derive(s.State.Known.Chain, change, s.State.Now)
	if err != nil {
		return err
	}
	return s.drafted(draft)
}

// drafted takes a draft as what is to be reviewed, and records its change.
func (s *Session) drafted(draft *tuf.Draft) error {
	s.State.Draft, s.State.Signed = draft, draft.Digest()
	b, err := json.Marshal(draft.Change())
	if err != nil {
		return fmt.Errorf("record the change: %w", err)
	}
	s.tell(Event{Kind: Note, Text: fmt.Sprintf("root %d derived: %s", s.mark().Version, draft.Digest().Groups()[:9]),
		Data: map[string]string{"change": string(b), "now": s.State.Now.Format(time.RFC3339), "root_before": string(s.State.Known.Latest().Raw)}})
	return nil
}

// commitText says what the typed words, which come next, lead to.
func (s *Session) commitText() []Block {
	return []Block{Warn("After the next page there is no way back by Esc: it is signed, and these are written: " + strings.Join(s.driveLabels(), ", ") + ".")}
}

// signNext signs what was reviewed, with the keys that are unlocked, and plays
// the clients before any of it can reach a drive.
func signNext(ctx context.Context, s *Session) error {
	return s.Part(ctx, "sign", func(ctx context.Context) error {
		var shown tuf.Simulation
		_, err := s.askBeside(ctx, Question{ID: "sign.working", Kind: Wait, Title: "Signing", Prompt: "Signing, and trying it as a client would"},
			func(context.Context) (err error) {
				shown, err = s.signAndPlay()
				return err
			})
		if err != nil {
			return err
		}
		if s.State.Partial != nil {
			s.tellInPart()
			return nil
		}
		s.tellNextSignatures()
		for _, sentence := range shown.Shown {
			s.note("%s", sentence)
		}
		return nil
	})
}

func (s *Session) signAndPlay() (tuf.Simulation, error) {
	if s.State.InPart {
		if complete, err := s.signInPart(); err != nil || !complete {
			return tuf.Simulation{}, err
		}
	}
	root, err := tuf.Sign(s.State.Reviewed, s.rootSigners()...)
	if err != nil {
		return tuf.Simulation{}, err
	}
	after, err := s.publish(root)
	if err != nil {
		return tuf.Simulation{}, err
	}
	shown, err := s.playClients(after)
	if err != nil {
		return tuf.Simulation{}, fmt.Errorf("clients would refuse what was just signed: %w", err)
	}
	s.State.Root, s.State.Published = root, after
	return shown, nil
}

// publish is what goes out with the root: the online files as they are, or those
// that were reviewed to be signed again, by the keys that are unlocked or new.
func (s *Session) publish(root *tuf.Root) (tuf.Published, error) {
	after := s.State.Known.Public
	if len(s.State.Draft.Change().Online) == 0 {
		after.Roots, after.Root = append(slices.Clone(after.Roots), root.Raw), root.Raw
		return after, nil
	}
	var signers []*tuf.PrivateKey
	for _, role := range tuf.OnlineRoles() {
		for _, key := range s.unlocked(root, role) {
			if !slices.Contains(signers, key) {
				signers = append(signers, key)
			}
		}
	}
	after, err := tuf.SignOnlineAgain(s.State.Reviewed, root, after, signers...)
	after.Root = root.Raw
	return after, err
}

// playClients also plays those that had updated, when there are new online files
// for them.
func (s *Session) playClients(after tuf.Published) (tuf.Simulation, error) {
	if len(s.State.Draft.Change().Online) == 0 {
		return tuf.Simulate(after, s.State.Now)
	}
	return tuf.SimulateAfter(s.State.Known.Public, after, s.State.Now)
}

// rootSigners are the unlocked keys that the old or the new root has as root
// keys.
func (s *Session) rootSigners() []*tuf.PrivateKey {
	var keys []*tuf.PrivateKey
	for _, list := range s.rootLists() {
		for _, key := range s.unlocked(list, tuf.RoleRoot) {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func (s *Session) tellNextSignatures() {
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("root %d signed by %s; a client accepts it", s.mark().Version,
		plural(len(s.State.Root.Signatures), "root key", "root keys")), Data: s.withBefore(signatureData("root", s.State.Root.Signatures))})
	for _, role := range tuf.OnlineRoles() {
		e, err := s.State.Published.Online(role)
		if _, again := s.State.Draft.Change().Online[role]; !again || err != nil {
			continue // SignOnlineAgain parsed it a moment ago
		}
		s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s %d signed", role, e.Version), Data: signatureData(string(role), e.Signatures)})
	}
}

// writeBackupLedgers brings the ledger of the root backups up to date that were
// here today: they are how a second root of one version is noticed. Those that
// were not here are brought up to date when they come next.
func writeBackupLedgers(ctx context.Context, s *Session) error {
	for _, d := range s.backupsToday() {
		err := s.makeDrive(ctx, driveJob{role: RootBackup, label: d.Label, title: d.Label, update: true,
			what: "the new root in its ledger; its keys stay as they are", files: s.ledgerFiles, end: "It goes back to where it is kept."})
		if err != nil {
			return err
		}
	}
	return nil
}

// backupsToday are the root backups that were read in this ceremony, the one that
// is plugged in first.
func (s *Session) backupsToday() (out []KnownDrive) {
	plugged := map[string]bool{}
	for _, d := range s.env.Drives.List() {
		plugged[d.Serial] = true
	}
	for _, d := range s.State.Known.Drives {
		if d.Role == RootBackup && d.State == InUse && slices.Contains(s.State.Here, d.Serial) {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b KnownDrive) int {
		switch {
		case plugged[a.Serial] == plugged[b.Serial]:
			return naturally(a.Label, b.Label)
		case plugged[a.Serial]:
			return -1
		}
		return 1
	})
	return out
}

// writeNextRepository puts the new root onto the repository drive, beside what is
// there.
func writeNextRepository(ctx context.Context, s *Session) error {
	if s.State.Partial != nil {
		return s.writeInPart(ctx)
	}
	return s.publishRepository(ctx)
}

func (s *Session) publishRepository(ctx context.Context) error {
	return s.updateRepository(ctx, "the repository for the web server, and the ledger; no private key",
		"It goes to whoever runs the web server, and comes back to the next ceremony.")
}

func (s *Session) updateRepository(ctx context.Context, what, end string) error {
	return s.makeDrive(ctx, driveJob{role: Repository, label: repositoryLabel, title: "Repository drive", update: true,
		what: what, dirs: []string{"staged"}, files: s.repositoryFiles, end: end, stays: s.onlineFileStays})
}

// onlineFile is a file that the releaser signs, under its name or with its version.
var onlineFile = regexp.MustCompile(`^repository/([0-9]+\.)?(targets|snapshot|timestamp)\.json$`)

// onlineFileStays leaves the releaser's files on the repository drive alone, unless
// they were signed here: what another drive had of them may be older.
func (s *Session) onlineFileStays(name string) bool {
	return len(s.State.Change.Online) == 0 && !s.State.Recovery.Files && onlineFile.MatchString(name)
}

func (s *Session) repositoryFiles() ([]tuf.File, error) {
	files, err := s.public().Files()
	if err != nil {
		return nil, err
	}
	ledger, err := s.ledgerFiles()
	return append(files, ledger...), err
}

// toWrite are the drives that a ceremony writes which makes only a new root.
func (s *Session) toWrite() []string {
	var labels []string
	for _, d := range s.backupsToday() {
		labels = append(labels, d.Label)
	}
	if !s.State.InPart || s.sawToday(Repository) {
		labels = append(labels, repositoryLabel)
	}
	if (s.State.InPart || s.State.Staged != nil) && !slices.Contains(s.State.Labels, transferLabel) {
		labels = append(labels, transferLabel)
	}
	return labels
}
