package ceremony

import (
	"context"
	"errors"
	"strings"
)

// NetworkUp is why the appliance stops: it has no driver for any network, so an
// interface that is there was not meant to be. As the cause of a context's end,
// at any moment, it ends whatever runs; StartUp and Home then show why, until
// somebody switches off.
type NetworkUp struct{ Names []string }

func (n *NetworkUp) Error() string {
	return "a network interface is there: " + strings.Join(n.Names, ", ")
}

// noNetwork looks for interfaces. A rehearsal is held on computers that have some.
func (f *firstScreens) noNetwork(_ context.Context, s *Session) error {
	names, err := s.env.Network()
	if err != nil {
		names = []string{err.Error()}
	}
	switch {
	case len(names) == 0:
		f.network = "no network interface but loopback"
		s.did("no network")
	case s.env.Rehearsal:
		f.network = "network interfaces, in a rehearsal: " + strings.Join(names, ", ")
		s.note("network: %s", networkRow(s.env))
	default:
		return &NetworkUp{Names: names}
	}
	return nil
}

// untilNetwork plays until its end, or until a network is there. Then keys are
// wiped, because what was played has ended, and the last page is shown.
func untilNetwork(ctx context.Context, env Env, op Operator, play func(context.Context) error) error {
	err := play(ctx)
	var up *NetworkUp
	if !errors.As(context.Cause(ctx), &up) && !errors.As(err, &up) {
		return err
	}
	if err := showStopped(context.WithoutCancel(ctx), env, op, up); err != nil && !errors.Is(err, ErrStop) {
		return errors.Join(up, err)
	}
	return up
}

// showStopped is the last page: from here the computer can only be switched off.
func showStopped(ctx context.Context, env Env, op Operator, up *NetworkUp) error {
	s, err := newSession(stoppedScript(), env, op)
	if err != nil {
		return err
	}
	s.outline.Network = "network: " + strings.Join(up.Names, ", ")
	s.tell(Event{Kind: Began, Text: s.script.Title, Outline: s.outline})
	s.tell(Event{Kind: StepAt, Text: s.script.Steps[0].Title})
	s.trouble("%v", up)
	q := stoppedQuestion(up.Names, env.Live)
	for {
		a, err := s.op.Ask(ctx, q)
		switch {
		case errors.Is(err, ErrBack):
		case err != nil:
			return err
		case fits(q, a) == nil:
			return nil
		}
	}
}

// stoppedQuestion says what became of the keys, and what to do about the network:
// a live system has drivers and a will of its own.
func stoppedQuestion(names []string, live bool) Question {
	list := Foreign(strings.Join(names, ", "))
	q := Question{ID: "stopped", Kind: Choose, NoBack: true, Title: "The appliance has stopped", Default: "off", Prompt: "There is nothing else to choose:",
		Options: []Option{{Key: "off", Label: "Switch off"}}}
	what := "There is a network interface: " + list + ". This program signs nothing beside a network, and has no driver for one."
	then := "Find out where the interface comes from (a device that was plugged in, another image) before you start this computer again."
	if live {
		q.Title, q.Options[0].Label = "This program has stopped", endProgram
		what = "A network interface is up: " + list + ". This program signs nothing beside a network."
		then = "Switch Wi-Fi off and pull the cable. The system may hold an interface up without a cable, too: `nmcli networking off` ends that, or `ip link set NAME down`. Then start this program again."
	}
	q.Text = []Block{Warn(what),
		Para("The keys that were unlocked are wiped from memory. Nothing is written any more; a drive that was being written is unfinished, and is found out as such when it is plugged in the next time."),
		Para(then)}
	return q
}

func stoppedScript() Script {
	return Script{Name: "stopped", Title: "Stopped", Intro: "The appliance has stopped, because a network interface is there.",
		Steps: []Step{{ID: "stopped", Title: "Stopped",
			Help: "Root keys are worth the trouble of a computer that nobody can reach. An interface that appears on one that has no drivers for any is a sign that something is not as it should be."}}}
}
