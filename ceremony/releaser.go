package ceremony

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// Releaser is the ceremony that lets another releaser, or a releaser with new
// keys, sign updates. Of what a releaser brings, only public keys of the online
// roles are taken, into a root that is derived here.
func Releaser() Script {
	return Script{
		Name:  "releaser",
		Title: "Add a releaser's keys",
		Intro: "Adds keys for targets, snapshot and timestamp to the root: from a releaser's key request, from a root that was staged with `tuf gen-key`, or made here. Everything else in the root stays as it is.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: releaserNeed,
				Help:    "A releaser makes the keys on their own computer with `signer request` and sends a drive with the request; the private keys never leave them. Or the keys are made here, onto a drive that is given to the releaser.",
				Witness: "The releaser's key ids came by another way than the drive: by telephone, or on paper."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository", Do: knowRepository, Help: repositoryHelp, Witness: repositoryWitness},
			{ID: "keys", Title: "New keys", Do: readAsked,
				Help: "Of the drive that a releaser brings, only public keys of targets, snapshot and timestamp are read. If what was brought would change anything else, it is refused as a whole, and the page says what it would have changed."},
			{ID: "plan", Title: "Plan", Do: planReleaser,
				Help:    "Compare the key ids with the releaser, by telephone or on paper: a drive can be exchanged on its way. The root keeps its expiry, unless you choose another.",
				Witness: "The key ids on the screen are those that the releaser has read out."},
			{ID: "online-keys", Title: "Keys made here", Do: makeReleaserKeys,
				Help: "The releaser types the passphrases of the new keys. They are asked for each time the key is used."},
			{ID: "unlock", Title: "Root keys", Do: unlockRootKeys, Help: unlockHelp, Witness: unlockWitness},
			{ID: "review", Title: "Review", Do: reviewReleaser, Help: reviewHelp, Witness: reviewWitness},
			{ID: "sign", Title: "Sign", Commits: true, Do: signNext, Help: signHelp, Witness: signWitness},
			{ID: "signing-drive", Title: "Signing drive", Commits: true, Do: writeReleaserDrive,
				Help: "Keys that were made here go onto a drive for the releaser, and are unlocked from there before the new root leaves this computer."},
			{ID: "root-backups", Title: "Root backups", Commits: true, Do: writeBackupLedgers, Help: ledgerHelp, Witness: ledgerWitness},
			{ID: "repository-drive", Title: "Repository drive", Commits: true, Do: writeNextRepository, Help: repositoryDriveHelp, Witness: repositoryDriveWitness},
			{ID: "transfer-drive", Title: "Transfer drive", Commits: true, Do: writeTransferDrive,
				Help: "The drive that the releaser brought leaves with the new root under both of its names, ready to be uploaded. What was staged on it is taken off: tools of go-tuf v0 would publish it."},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishing(afterReleaser), Help: finishHelp},
		},
	}
}

func releaserNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the repository drive, a root backup, and the drive that the releaser sent"},
		{"People", "holders of root keys, as many as must sign; the releaser, on the telephone, to compare key ids"},
		{"Time", "about 10 minutes"},
	})
}

// readAsked reads what the releaser brought, or has the keys made here.
func readAsked(ctx context.Context, s *Session) error {
	return s.Part(ctx, "keys", func(ctx context.Context) error {
		var asked Asked
		b, way, err := s.visitBrought(ctx, visit{id: "keys", title: "The new keys", label: transferLabel,
			prompt: "Insert the drive that the releaser sent",
			text:   []Block{Para("It has " + RequestName + ", or staged/root.json from `tuf gen-key`.")},
			others: []Option{{Key: "here", Label: "Make the keys here, onto a new signing drive"}}},
			func(b *brought) (wrong string) {
				asked, wrong = s.askedOn(b)
				return wrong
			})
		switch {
		case err != nil:
			return err
		case way == "here":
			return s.askHere(ctx)
		}
		s.State.Asked = asked
		s.did("%s read: %s", asked.From, plural(len(asked.Keys), "key is asked for", "keys are asked for"))
		return s.leave(ctx, "keys", "The new keys", &foundDrive{drive: b.drive, manifest: b.manifest}, "It has been read.")
	})
}

const transferLabel = "transfer"

// askHere asks who the keys are for that are made here.
func (s *Session) askHere(ctx context.Context) error {
	a, err := s.ask(ctx, Question{ID: "keys.holder", Kind: Type, Title: "Keys made here", Prompt: "Who is the releaser?",
		Text: []Block{Para("The name of the person or team that signs updates with these keys. It is public.")}}, fitsName)
	if err != nil {
		return err
	}
	s.State.Asked = Asked{Holder: strings.TrimSpace(a.Text)}
	for _, role := range tuf.OnlineRoles() {
		s.State.Asked.Keys = append(s.State.Asked.Keys, AskedKey{Role: role, Taken: true})
	}
	return nil
}

// planReleaser shows the keys, and asks for what is still open.
func planReleaser(ctx context.Context, s *Session) error {
	return s.Part(ctx, "plan", func(ctx context.Context) error {
		s.State.Asked = s.State.Asked.clone()
		s.State.Change.Expires = s.keptExpiry()
		for {
			s.asked = 0 // Esc on the page leaves it, whatever was changed
			delete(s.recall, "plan")
			line, err := s.choose(ctx, s.releaserQuestion())
			switch {
			case err != nil:
				return err
			case line == "go":
				return s.stockReleaser()
			}
			if err := s.changeReleaser(ctx, line); err != nil && !errors.Is(err, ErrBack) {
				return err
			}
		}
	})
}

// keptExpiry is that of the root there is, or a new one when that is too near.
func (s *Session) keptExpiry() time.Time {
	is := s.State.Known.Latest().Expires
	if is.Before(s.State.Now.AddDate(0, 0, leastDays(tuf.RoleRoot))) {
		return s.inAYear()
	}
	return is.Truncate(time.Second) // roots of fleetctl may have fractions, and ours have none
}

func (s *Session) releaserQuestion() Question {
	asked := s.State.Asked
	q := Question{ID: "plan", Title: "The keys of " + cmp.Or(asked.Holder, "whom?"), Default: "go",
		Prompt:  "Are these the ids that the releaser reads out?",
		Options: []Option{{Key: "go", Label: "Yes, add these keys", Disabled: s.releaserProblem()}}}
	if asked.Holder == "" {
		q.Default = "holder"
	}
	if asked.From == "" {
		q.Prompt, q.Options[0].Label = "Make these keys?", "Yes, make them"
	}
	q.Options = append(q.Options, Option{Key: "holder", Label: "Releaser", Value: cmp.Or(asked.Holder, "not named")})
	for i, k := range asked.Keys {
		q.Options = append(q.Options, Option{Key: "key-" + strconv.Itoa(i+1), Label: asTitle(k.Role), Value: k.text()})
	}
	q.Options = append(q.Options, Option{Key: "expires.root", Label: "Root expires", Value: days(s.State.Change.Expires, s.State.Now)})
	if len(asked.Notes) > 0 {
		q.Text = append(list(asked.Notes), q.Text...)
	}
	return q
}

func (k AskedKey) text() string {
	switch {
	case !k.Taken:
		return "not added"
	case k.Key.ID.IsZero():
		return "made here"
	}
	return k.Key.ID.Groups()[:39]
}

// releaserProblem says why the plan cannot be carried out.
func (s *Session) releaserProblem() string {
	asked := s.State.Asked
	switch {
	case asked.Holder == "":
		return "say first whose keys they are"
	case !slices.ContainsFunc(asked.Keys, func(k AskedKey) bool { return k.Taken }):
		return "no key would be added"
	}
	return ""
}

func (s *Session) changeReleaser(ctx context.Context, line string) error {
	asked := &s.State.Asked
	n, isKey := strings.CutPrefix(line, "key-")
	switch {
	case isKey:
		i, err := strconv.Atoi(n)
		if err != nil {
			return err
		}
		asked.Keys[i-1].Taken = !asked.Keys[i-1].Taken
		return nil
	case line == "holder":
		holder, err := s.askHolder(ctx, "plan.holder", "The releaser", asked.Holder)
		if err == nil {
			asked.Holder = holder
		}
		return err
	}
	t, err := s.askExpiry(ctx, tuf.RoleRoot, s.State.Change.Expires)
	if err == nil {
		s.State.Change.Expires = t
	}
	return err
}

// makeReleaserKeys makes the keys that nobody brought.
func makeReleaserKeys(ctx context.Context, s *Session) error {
	if s.State.Asked.From != "" {
		return nil
	}
	for i, k := range s.State.Asked.Keys {
		if !k.Taken {
			continue
		}
		name := string(k.Role)
		if held, ok := s.heldKey(name); !ok || held.Holder != s.State.Asked.Holder {
			s.State.putKey(HeldKey{Name: name, Role: k.Role, Holder: s.State.Asked.Holder})
		}
		if err := s.keyPart(ctx, name, fmt.Sprintf("Online key %d of %d: %s", i+1, len(s.State.Asked.Keys), k.Role)); err != nil {
			return err
		}
	}
	return nil
}

// reviewReleaser turns what is taken into the change that is derived.
func reviewReleaser(ctx context.Context, s *Session) error {
	change := tuf.Change{Expires: s.State.Change.Expires, Grants: s.State.Asked.grants(s.State.Asked.Holder)}
	if s.State.Asked.From == "" {
		change.Grants = nil
		for _, k := range s.State.keysOf(tuf.OnlineRoles()...) {
			change.Grants = append(change.Grants, tuf.Grant{Role: k.Role, Key: k.Key, Holder: k.Holder})
		}
	}
	s.State.Change = change
	return reviewChange(ctx, s)
}

// releaserLabel is that of the new signing drive.
func (s *Session) releaserLabel() string {
	label := signingLabel + "-" + slug(s.State.Asked.Holder)
	for n := 2; slices.ContainsFunc(s.State.Known.Drives, func(d KnownDrive) bool { return d.Label == label && d.State != Retired }); n++ {
		label = fmt.Sprintf("%s-%s-%d", signingLabel, slug(s.State.Asked.Holder), n)
	}
	return label
}

// stockReleaser settles which drives are made, and puts those into the tray of a
// rehearsal that it lacks.
func (s *Session) stockReleaser() error {
	label := transferLabel
	if s.State.Asked.From == "" {
		label = s.releaserLabel()
	}
	s.State.Labels = []string{label}
	return s.stock(s.State.Labels)
}

func writeReleaserDrive(ctx context.Context, s *Session) error {
	if s.State.Asked.From != "" {
		return nil
	}
	label := s.State.Labels[0]
	return s.makeDrive(ctx, driveJob{role: Signing, label: label, title: "Signing drive", dirs: []string{"staged"},
		what: "the keys of " + s.State.Asked.Holder + ", and the repository", keys: s.State.keysOf(tuf.OnlineRoles()...),
		files: s.public().Files, end: "It goes to " + s.State.Asked.Holder + "."})
}

// writeTransferDrive sends the new root out on the drive that the keys came on.
func writeTransferDrive(ctx context.Context, s *Session) error {
	if s.State.Asked.From == "" {
		return nil
	}
	return s.makeDrive(ctx, s.transferJob())
}

// transferJob is the drive that carries a new root out: under both of its names,
// and nothing else.
func (s *Session) transferJob() driveJob {
	return driveJob{role: Transfer, label: transferLabel, title: "Transfer drive", update: true, dirs: []string{"staged"},
		what: "the new root, ready to be uploaded", files: s.transferFiles, drop: func(string) bool { return true },
		end: "It goes back to whoever uploads."}
}

func (s *Session) transferFiles() ([]tuf.File, error) {
	root := s.State.Root
	var files []tuf.File
	for _, name := range []string{fmt.Sprintf("repository/%d.root.json", root.Version), "repository/root.json"} {
		files = append(files, tuf.File{Name: name, Data: root.Raw, Perm: 0o644})
	}
	if !s.State.Recovery.Files {
		return files, nil
	}
	all, err := s.State.Published.Files()
	return append(files, slices.DeleteFunc(all, func(f tuf.File) bool { return !onlineFile.MatchString(f.Name) })...), err
}

func afterReleaser(s *Session) []string {
	from := transferLabel
	if s.State.Asked.From == "" {
		from = repositoryLabel
	}
	next := []string{s.uploadNext(from), s.State.Asked.Holder + " can sign when the new root is on the web server, not before."}
	return append(next, s.absentBackups()...)
}
