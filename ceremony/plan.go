package ceremony

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

const (
	mostRootKeys = 9
	mostBackups  = 9
)

// makePlan shows the plan on one page, where any line can be changed.
func makePlan(ctx context.Context, s *Session) error {
	return s.Part(ctx, "plan", func(ctx context.Context) error {
		s.State.Plan = s.planBefore()
		for {
			delete(s.recall, "plan") // going back must not change a line again
			s.asked = 0              // Esc on the page leaves it, whatever was changed
			line, err := s.choose(ctx, planQuestion(s.State.Plan, s.State.Now))
			if err != nil {
				return err
			}
			if line == "go" {
				return s.settlePlan()
			}
			if err := s.changePlan(ctx, line); err != nil && !errors.Is(err, ErrBack) {
				return err
			}
			s.planned = s.State
		}
	})
}

// planBefore is the plan as it was left, when somebody came back to it: what was
// decided is not decided anew by going back. Dates hold for one moment only.
func (s *Session) planBefore() Plan {
	fresh := defaultPlan(s.State.Now)
	if s.planned.Plan.RootKeys == 0 {
		return fresh
	}
	p := s.planned.Plan
	if s.planned.Now.Format(time.DateOnly) != s.State.Now.Format(time.DateOnly) {
		p.Expires = fresh.Expires
	}
	p.Expires = maps.Clone(p.Expires)
	return p
}

func planQuestion(p Plan, now time.Time) Question {
	q := Question{ID: "plan", Title: "The plan", Prompt: "Go on with this plan, or choose a line to change it.", Default: "go",
		Options: []Option{
			{Key: "go", Label: "Go on with this plan", Disabled: p.problem(now)},
			{Key: "root-keys", Label: "Root keys", Value: strconv.Itoa(p.RootKeys)},
			{Key: "threshold", Label: "Threshold", Value: fmt.Sprintf("%d of %d sign", p.Threshold, p.RootKeys)},
			{Key: "backups", Label: "Root backups", Value: Rotation{Backups: p.Backups, PerHolder: p.PerHolder}.backupsText()},
			{Key: "custody", Label: "On each backup", Value: custodyText(p.PerHolder)},
			{Key: "releaser", Label: "First releaser", Value: p.Releaser},
		}}
	for _, role := range tuf.Roles() {
		q.Options = append(q.Options, Option{Key: "expires." + string(role),
			Label: strings.ToUpper(string(role[:1])) + string(role[1:]) + " expires", Value: days(p.Expires[role], now)})
	}
	q.Options = append(q.Options, Option{Key: "consistent", Label: "Consistent snapshots", Value: yesNo(p.Consistent)})
	q.Text = p.remarks()
	return q
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no, as Fleet has it"
}

// remarks are the plain sentences about what the numbers mean.
func (p Plan) remarks() []Block {
	var out []Block
	switch {
	case p.RootKeys == 1:
		out = append(out, Warn("One root key: whoever has it decides alone, and if it is lost, clients can never be updated again."))
	case p.Threshold == 1:
		out = append(out, Warn("Threshold 1: any one holder, or a thief of one key, can decide alone who signs updates."))
	case p.Threshold == p.RootKeys:
		out = append(out, Warn(fmt.Sprintf("All %d keys must sign: one lost key is the end of this repository.", p.RootKeys)))
	}
	if p.Threshold > 1 {
		out = append(out, Para("`fleetctl updates rotate` cannot handle a threshold above 1; this program does."))
	}
	if p.Backups == 1 {
		out = append(out, Warn("One backup: if that drive dies, all root keys are gone."))
	}
	return out
}

// leastDays is how long a role must hold: a root that clients take today and
// refuse in a month is no root to begin with.
func leastDays(role tuf.Role) int {
	if role == tuf.RoleRoot {
		return rotateBefore + 1
	}
	return 1
}

func (p Plan) tooSoon(role tuf.Role, now time.Time) bool {
	return p.Expires[role].Before(now.AddDate(0, 0, leastDays(role)))
}

// problem says why the plan cannot be carried out.
func (p Plan) problem(now time.Time) string {
	for _, role := range tuf.Roles() {
		if p.tooSoon(role, now) {
			return fmt.Sprintf("%s would expire within %d days", role, leastDays(role))
		}
	}
	return ""
}

// changePlan asks for one line. Esc leaves the line as it was.
func (s *Session) changePlan(ctx context.Context, line string) error {
	p := &s.State.Plan
	switch role, isExpiry := strings.CutPrefix(line, "expires."); {
	case isExpiry:
		return s.changeExpiry(ctx, tuf.Role(role))
	case line == "root-keys":
		if err := s.changeNumber(ctx, line, "How many root keys?", 1, mostRootKeys, &p.RootKeys); err != nil {
			return err
		}
		p.Threshold = min(p.Threshold, p.RootKeys)
		return nil
	case line == "threshold":
		return s.changeNumber(ctx, line, "How many of them must sign?", 1, p.RootKeys, &p.Threshold)
	case line == "backups":
		return s.changeNumber(ctx, line, "How many drives hold the root keys?", 1, mostBackups, &p.Backups)
	case line == "custody":
		return s.askCustody(ctx, &p.PerHolder)
	case line == "releaser":
		a, err := s.ask(ctx, Question{ID: "plan.releaser", Kind: Type, Title: "First releaser", Default: p.Releaser,
			Text:   []Block{Para("The name of the person or team that signs updates day by day. It is public.")},
			Prompt: "Who is the first releaser?"}, fitsName)
		if err == nil {
			p.Releaser = strings.TrimSpace(a.Text)
		}
		return err
	default:
		way, err := s.choose(ctx, Question{ID: "plan.consistent", Title: "Consistent snapshots", Default: "no",
			Text:    []Block{Para("With consistent snapshots every file is also stored under a name with its version or digest. Fleet has them off. It cannot be changed later: clients would be stuck (measured with go-tuf v0.5.2).")},
			Prompt:  "Use consistent snapshots?",
			Options: []Option{{Key: "no", Label: "No, as Fleet has it"}, {Key: "yes", Label: "Yes"}}})
		if err == nil {
			p.Consistent = way == "yes"
		}
		return err
	}
}

func (s *Session) changeNumber(ctx context.Context, line, prompt string, least, most int, n *int) error {
	a, err := s.ask(ctx, Question{ID: "plan." + line, Kind: Number, Title: "The plan", Prompt: prompt,
		Text: []Block{Para(fmt.Sprintf("From %d to %d.", least, most))}, Default: strconv.Itoa(*n)},
		func(a Answer) error {
			if v, err := strconv.Atoi(strings.TrimSpace(a.Text)); err != nil || v < least || v > most {
				return remarkf("%s is not a number from %d to %d.", a.Text, least, most)
			}
			return nil
		})
	if err != nil {
		return err
	}
	*n, err = strconv.Atoi(strings.TrimSpace(a.Text))
	return err
}

func (s *Session) changeExpiry(ctx context.Context, role tuf.Role) error {
	t, err := s.askExpiry(ctx, role, s.State.Plan.Expires[role])
	if err != nil {
		return err
	}
	s.State.Plan.Expires = maps.Clone(s.State.Plan.Expires)
	s.State.Plan.Expires[role] = t
	return nil
}

// askExpiry asks for the day on which a role's file expires.
func (s *Session) askExpiry(ctx context.Context, role tuf.Role, is time.Time) (time.Time, error) {
	now := s.State.Now
	a, err := s.ask(ctx, Question{ID: "plan.expires." + string(role), Kind: Date, Title: "The plan",
		Text: []Block{Para("After this date clients refuse the " + string(role) + " metadata, and with it every update."),
			Para("Write a date like 2027-11-22, or days from now like +365.")},
		Prompt: "When does " + string(role) + " expire?", Default: is.Format(time.DateOnly)},
		func(a Answer) error {
			t, err := parseDate(a.Text, s.State.Now)
			switch {
			case err != nil:
				return remark(err.Error())
			case t.Before(now.AddDate(0, 0, leastDays(role))):
				return remarkf("%s is too soon: the least for %s is %d days from now, %s.", a.Text, role, leastDays(role),
					now.AddDate(0, 0, leastDays(role)+1).Format(time.DateOnly))
			case t.After(now.AddDate(20, 0, 0)):
				return remarkf("%s is more than 20 years away.", a.Text)
			}
			return nil
		})
	if err != nil {
		return is, err
	}
	return parseDate(a.Text, s.State.Now)
}

// settlePlan tells the record what was decided.
func (s *Session) settlePlan() error {
	p := s.State.Plan
	if err := s.stock(s.State.DriveLabels()); err != nil {
		return err
	}
	s.planned = s.State
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("plan: %d root keys, %d must sign, %d backups", p.RootKeys, p.Threshold, p.Backups),
		Data: p.data(s.State.Now)})
	return nil
}

// stock puts drives into the tray of a rehearsal that it lacks. Real ones are
// bought.
func (s *Session) stock(labels []string) error {
	tray, ok := s.env.Drives.(Stocked)
	if !ok {
		return nil
	}
	for _, label := range labels {
		if err := tray.Add(label); err != nil {
			return err
		}
	}
	return nil
}

// fitsName takes a name of a person or a role, as it will be shown for years.
func fitsName(a Answer) error {
	switch name := strings.TrimSpace(a.Text); {
	case name == "":
		return remarkf("A name is needed here.")
	case len(name) > 60:
		return remarkf("That is longer than 60 letters.")
	case Foreign(name) != name:
		return remarkf("That has characters that cannot be shown: %s", Foreign(name))
	}
	return nil
}

// data is the plan for the record: with the keys and signatures that follow, a
// machine can rebuild what was published.
func (p Plan) data(now time.Time) map[string]string {
	d := map[string]string{
		"now": now.Format(time.RFC3339), "root_keys": strconv.Itoa(p.RootKeys), "threshold": strconv.Itoa(p.Threshold),
		"backups": strconv.Itoa(p.Backups), "per_holder": strconv.FormatBool(p.PerHolder), "releaser": p.Releaser, "consistent_snapshot": strconv.FormatBool(p.Consistent),
	}
	for role, t := range p.Expires {
		d["expires."+string(role)] = t.Format(time.RFC3339)
	}
	return d
}

// has reports whether the plan wants a key of this name.
func (p Plan) has(k HeldKey) bool {
	for i := range p.RootKeys {
		if k.Name == rootKeyName(i+1) {
			return true
		}
	}
	return k.Role != tuf.RoleRoot
}

// sound refuses a plan that this program would not have made: it was read from a
// drive.
func (p Plan) sound() error {
	switch {
	case p.RootKeys < 1 || p.RootKeys > mostRootKeys, p.Threshold < 1 || p.Threshold > p.RootKeys, p.Backups < 1 || p.Backups > mostBackups:
		return fmt.Errorf("%d of %d root keys on %d backups cannot be", p.Threshold, p.RootKeys, p.Backups)
	}
	return fitsName(Answer{Text: p.Releaser})
}

// planFromData is the plan that a record tells of, and the moment it counts from.
func planFromData(d map[string]string) (p Plan, now time.Time, err error) {
	p = Plan{Releaser: d["releaser"], Consistent: d["consistent_snapshot"] == "true", PerHolder: d["per_holder"] == "true", Expires: map[tuf.Role]time.Time{}}
	for name, n := range map[string]*int{"root_keys": &p.RootKeys, "threshold": &p.Threshold, "backups": &p.Backups} {
		v, e := strconv.Atoi(d[name])
		err = errors.Join(err, e)
		*n = v
	}
	for _, role := range tuf.Roles() {
		t, e := time.Parse(time.RFC3339, d["expires."+string(role)])
		err = errors.Join(err, e)
		p.Expires[role] = t
	}
	now, e := time.Parse(time.RFC3339, d["now"])
	if err = errors.Join(err, e, p.sound()); err != nil {
		return p, now, fmt.Errorf("plan in the record: %w", err)
	}
	return p, now, nil
}
