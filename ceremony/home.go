package ceremony

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// Home shows what is plugged in and what is due, and leads to the ceremonies and
// back, until the computer is to be switched off. What one ceremony had in memory
// is gone before the next begins.
func Home(ctx context.Context, env Env, op Operator) error {
	return untilNetwork(ctx, env, op, func(ctx context.Context) error { return homeAgain(ctx, env, op) })
}

func homeAgain(ctx context.Context, env Env, op Operator) error {
	last := ""
	for {
		s, err := newSession(homeScript(), env, op)
		if err != nil {
			return err
		}
		s.tell(Event{Kind: Began, Text: s.script.Title, Outline: s.outline})
		s.tell(Event{Kind: StepAt, Text: s.script.Steps[0].Title})
		name, err := s.homeBeside(ctx, last)
		if err != nil || name == homeOff {
			return err
		}
		item, ok := Find(name)
		if !ok {
			return fmt.Errorf("no ceremony is called %q", name)
		}
		err = Run(ctx, item.Script(), env, op)
		if ctx.Err() != nil {
			return err
		}
		last = lastEnding(item.Script(), err)
	}
}

const (
	homeOff    = "off"
	endProgram = "End this program"
)

func homeScript() Script {
	return Script{Name: "home", Title: "Home", Intro: "What is plugged in, what is due, and what can be done.",
		Steps: []Step{{ID: "home", Title: "Home",
			Help: "Plug in drives to see what they hold; a ceremony asks for the drives that it needs by itself. What cannot be done now is shown with the reason."}}}
}

// HomeItem is the home screen as it is rehearsed.
func HomeItem() Item {
	return Item{Script: homeScript, Stage: stageRepository, Sticks: usualSticks("root-backup-3", "root-backup-4", "transfer")}
}

// lastEnding says how the ceremony before ended.
func lastEnding(script Script, err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrStop):
		return script.Title + ": stopped before its end."
	}
	return script.Title + " ended: " + Foreign(err.Error()) + "."
}

// homeBeside is home, beside which devices may be refused.
func (s *Session) homeBeside(ctx context.Context, last string) (string, error) {
	s.refused, s.returned = len(turnedAway(s.env)), len(cameBack(s.env)) // which the page has, or nobody misses
	defer s.watchRefused(ctx)()
	return s.home(ctx, last)
}

// home asks what is to be done, and looks anew whenever a drive comes or goes, or a
// device is refused.
func (s *Session) home(ctx context.Context, last string) (string, error) {
	for {
		refused := turnedAway(s.env)
		drives := s.env.Drives.List()
		seen, err := s.lookAtAll(ctx, drives)
		if err != nil {
			return "", err
		}
		q := s.homeQuestion(seen, refused)
		q.Problem, last = last, ""
		a, err := s.askBeside(ctx, q, func(ctx context.Context) error {
			return s.untilDrives(ctx, func(now []Drive) bool { return !slices.Equal(now, drives) || len(turnedAway(s.env)) != len(refused) })
		})
		if err != nil || a.Text != "" {
			return a.Text, err
		}
	}
}

// atHome is a drive that is plugged in, and what was found on it.
type atHome struct {
	drive  Drive
	report Report
	err    error
}

// lookAtAll checks every drive, while the screen says so.
func (s *Session) lookAtAll(ctx context.Context, drives []Drive) (seen []atHome, err error) {
	if len(drives) == 0 {
		return nil, nil
	}
	_, err = s.askBeside(ctx, Question{ID: "home.reading", Kind: Wait, Title: "Home", NoBack: true, Prompt: "Reading the drives"},
		func(ctx context.Context) error {
			seen = nil
			for _, d := range drives {
				seen = append(seen, s.lookAtOne(ctx, d))
			}
			return ctx.Err()
		})
	return seen, err
}

func (s *Session) lookAtOne(ctx context.Context, d Drive) atHome {
	at := atHome{drive: d}
	if d.FileSystem == "" {
		return at
	}
	vol, err := s.env.Drives.Open(ctx, d, false)
	if err != nil {
		at.err = err
		return at
	}
	at.report = Check(vol, s.now())
	at.err = vol.Close()
	return at
}

// homeQuestion is the page: the repository, what is wrong, the menu.
func (s *Session) homeQuestion(seen []atHome, refused []string) Question {
	q := Question{ID: "home", Kind: Choose, Title: "Home", Prompt: "What is to be done?", NoBack: true}
	view := viewOf(seen, s.env.Rehearsal)
	rows := view.rows()
	for _, at := range seen {
		rows = append(rows, Row{at.name(), at.is()})
	}
	if len(seen) == 0 {
		rows = append(rows, Row{"Drives", "none is plugged in"})
	}
	q.Text = []Block{Table(append(rows, refusedRow(refused)...)...)}
	if wrong := view.wrong(); wrong != "" {
		q.Text = append(q.Text, Warn(wrong))
	}
	q.Options = s.homeMenu(view)
	q.Default = view.due(q.Options)
	return q
}

func (a atHome) name() string {
	if a.report.Drive != nil {
		return Foreign(a.report.Drive.Label)
	}
	return "serial " + Foreign(a.drive.Serial)
}

func (a atHome) is() string {
	switch r := a.report; {
	case errors.Is(a.err, ErrForeign):
		return "not of this program: " + Foreign(a.drive.FileSystem)
	case a.err != nil:
		return "cannot be read: " + Foreign(a.err.Error())
	case a.drive.FileSystem == "":
		return "blank"
	case r.Drive != nil && r.Verdict == Broken:
		return string(r.Drive.Role) + ", not as it should be"
	case r.Drive != nil:
		return string(r.Drive.Role)
	case r.Kind == KindDrive:
		return "an unfinished drive"
	case r.Kind == KindTree || r.Kind == KindRepository:
		return "a repository of another program, or an unfinished drive"
	}
	return "other files"
}

// homeMenu are all ceremonies, with the reason where one cannot be done now.
func (s *Session) homeMenu(v homeView) []Option {
	var menu []Option
	for _, item := range Catalog() {
		script := item.Script()
		menu = append(menu, Option{Key: script.Name, Label: script.Title, Disabled: s.notNow(script.Name, v)})
	}
	off := "Switch off"
	switch {
	case s.env.Rehearsal:
		off = "End the rehearsal"
	case s.env.Live:
		off = endProgram
	}
	return append(menu, Option{Key: homeOff, Label: off})
}

// notNow says why a ceremony cannot be done.
func (s *Session) notNow(name string, v homeView) string {
	changes := slices.Contains([]string{"rotate", "renew", "releaser", "remove"}, name)
	switch up := networkUp(s.env); {
	case up != "" && !s.env.Rehearsal:
		return "the network is up: " + up
	case name == "nextimage" && imageReader(s.env) == nil:
		return "this computer cannot read drives below their file systems"
	case changes && v.unpublished > 0:
		return fmt.Sprintf("root %d was signed and not written out: recover first", v.unpublished)
	case changes && v.several:
		return "drives of several repositories are plugged in"
	case name == "adopt" && v.chain != nil && v.own:
		return "these drives are of this program already"
	case name == "retire" && v.ledger && !v.outdated:
		return "no drive holds old keys, as the ledger has it"
	}
	return ""
}

// homeView is what the drives tell together.
type homeView struct {
	chain       *ChainSeen
	roles       []RoleSeen
	rehearsal   bool
	own         bool // drives of this program, finished or not
	several     bool // repositories
	foreign     bool // a repository without a manifest
	ledger      bool // a ledger was read
	outdated    bool // and it names drives with old keys
	unpublished int  // the version of a root that only a ledger has
	findings    []Finding
}

// holdsOld says whether, by the ledger, a backup in use has a root key that the
// latest root does not list.
func (d KnownDrive) holdsOld(listed []KeySeen) bool {
	return len(listed) > 0 && d.State == InUse && d.Role == RootBackup && slices.ContainsFunc(d.Keys, func(id tuf.KeyID) bool {
		return !slices.ContainsFunc(listed, func(k KeySeen) bool { return k.KeyID == id })
	})
}

func viewOf(seen []atHome, rehearsal bool) homeView {
	v := homeView{rehearsal: rehearsal}
	published, signed := 0, 0
	for _, at := range seen {
		r := at.report
		v.own = v.own || r.Kind == KindDrive
		v.foreign = v.foreign || r.Drive == nil && (r.Kind == KindTree || r.Kind == KindRepository)
		for _, f := range r.Findings {
			f.File = at.name() + ": " + f.File
			v.findings = append(v.findings, f)
		}
		for _, d := range r.Custody {
			v.ledger = true
			v.outdated = v.outdated || d.State == Outdated || d.holdsOld(r.ListedKeys)
		}
		if r.Chain == nil {
			continue
		}
		if v.chain != nil && v.chain.Repository != nil && r.Chain.Repository != nil && *v.chain.Repository != *r.Chain.Repository {
			v.several = true
		}
		if v.chain == nil || len(r.Roles) > len(v.roles) {
			v.chain, v.roles = r.Chain, r.Roles
		}
		signed = max(signed, r.Chain.Verified)
		if r.Chain.Folder == repositoryFolder {
			published = max(published, r.Chain.Verified)
		}
	}
	if published > 0 && signed > published {
		v.unpublished = signed
	}
	return v
}

// rows are the repository, and the days that are left for each role.
func (v homeView) rows() []Row {
	if v.chain == nil {
		return nil
	}
	rows := []Row{}
	if v.chain.Repository != nil {
		rows = append(rows, Row{"Repository", fmt.Sprintf("%s, root %d", v.chain.Repository.Groups()[:19], v.chain.Verified)})
	}
	for _, r := range v.roles {
		rows = append(rows, Row{asTitle(r.Role), r.left()})
	}
	return rows
}

func (r RoleSeen) left() string {
	date := r.Expires.UTC().Format("Mon 2 Jan 2006")
	switch r.State {
	case Expired:
		return "expired on " + date
	case Soon:
		return fmt.Sprintf("%s, %s: soon", date, plural(r.Days, "day left", "days left"))
	}
	return fmt.Sprintf("%s, %s", date, plural(r.Days, "day left", "days left"))
}

// wrong is the worst that was found, and how much more there is.
func (v homeView) wrong() string {
	if v.unpublished > 0 {
		return fmt.Sprintf("Root %d was signed and is not on the repository drive. Recover writes it out.", v.unpublished)
	}
	order := gravities()
	var bad []Finding
	for _, f := range v.findings {
		if f.Gravity != Notice && f.Gravity != Soon && f.Gravity != Good {
			bad = append(bad, f)
		}
	}
	if len(bad) == 0 {
		return ""
	}
	slices.SortStableFunc(bad, func(a, b Finding) int {
		return cmp.Compare(slices.Index(order, b.Gravity), slices.Index(order, a.Gravity))
	})
	text := Foreign(strings.TrimSuffix(bad[0].File, ": ")) + ": " + Foreign(bad[0].Text)
	if n := len(bad) - 1; n > 0 {
		text += fmt.Sprintf(" And %d more: Check drives tells all.", n)
	}
	return text
}

// due is the choice that the page offers first.
func (v homeView) due(menu []Option) string {
	want := "create"
	switch {
	case v.unpublished > 0:
		want = "recover"
	case v.chain == nil && v.foreign && !v.own, v.chain != nil && !v.own:
		want = "adopt"
	case v.chain != nil:
		want = "check"
		for _, r := range v.roles {
			if r.Role == tuf.RoleRoot && r.State != Good {
				want = "rotate"
			}
		}
	}
	if slices.ContainsFunc(menu, func(o Option) bool { return o.Key == want && o.Disabled == "" }) {
		return want
	}
	return homeOff
}
