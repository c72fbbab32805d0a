package ceremony

import (
	"context"
	"errors"
	"slices"
	"time"
)

// StartUp leads through the appliance: the first screens, which say what this
// computer runs and ask what it must be told before a ceremony, and then Home. It
// returns when the computer is to be switched off; the error is nil when somebody
// chose that. What was seen on the first screens goes into the record of every
// ceremony that follows.
func StartUp(ctx context.Context, env Env, m Machine, op Operator) error {
	f := &firstScreens{machine: m}
	err := untilNetwork(ctx, env, op, func(ctx context.Context) error {
		s, err := newSession(f.script(), env, op)
		if err != nil {
			return err
		}
		err = s.play(ctx)
		env = f.after(s)
		return err
	})
	if err == nil {
		err = Home(ctx, env, op)
	}
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

// Start is the script of the first screens. Without a Machine they are those of a
// rehearsal, whose computer is made up.
func Start(m Machine) Script { return (&firstScreens{machine: m}).script() }

// firstScreens is what was done to the computer. Going back takes none of it back.
type firstScreens struct {
	machine Machine
	ready   chan error // has how the loading of drivers ended
	drivers string     // why not all of them were loaded

	layout  Layout
	guarded bool
	guard   string     // as records have it
	boot    *BootDrive // nil: it was not read
	noBoot  string     // why
	out     string
	clock   string
	network string
}

func (f *firstScreens) script() Script {
	return Script{
		Name:  "start",
		Title: "Start of this computer",
		Intro: "The first screens of the appliance, before any ceremony: the keyboard, what this computer runs, the date, and that there is no network.",
		Leave: "Nothing was done yet, and no drive was written. If you stop now, the appliance is switched off.",
		Steps: []Step{
			{ID: "keyboard", Title: "Keyboard", Do: f.keyboard,
				Help:    "A passphrase that was typed on the wrong layout opens nothing later. From the next screen on, only drives are admitted: whatever else is plugged in is refused by name, on the screen and in the record.",
				Witness: "One keyboard is plugged in, and nothing else but the boot drive."},
			{ID: "boot", Title: "Boot drive", Do: f.bootDrive,
				Help:    "The whole image is read again from the drive that this computer started from. Its digest tells an altered drive from a good one only as long as the program that shows it is good: an image that was swapped can show any digest. So the stick is verified on another computer first; docs/image.md says how.",
				Witness: "Compare the digest with the one that was written down when the drive was verified on another computer."},
			{ID: "out", Title: "Take it out", Do: f.takeOut,
				Help:    "This computer runs from memory now. A drive that is not plugged in is neither written by mistake nor taken for another.",
				Witness: "The boot drive is taken out and put where you see it."},
			{ID: "date", Title: "Date and time", Do: f.date,
				Help:    "Expiry dates are counted from this clock, in UTC. Many computers keep local time in their clock chip; then the time shown here is wrong by whole hours, which is easy to overlook. A watch or a telephone is good enough to compare with.",
				Witness: "The line of this place shows the time of your own watch, and the date is right."},
			{ID: "network", Title: "Network", Do: f.noNetwork,
				Help:    "This computer has no driver for any network. If an interface is there nevertheless, now or later, the appliance stops: nothing is signed beside a network.",
				Witness: "The screen says that there is no network."},
		},
	}
}

// StartItem is the first screens as they are rehearsed.
func StartItem() Item {
	return Item{Script: func() Script { return Start(nil) }, Stage: stageBoot, Sticks: []string{bootLabel, spareSticker}}
}

// after is the world as it is for what follows.
func (f *firstScreens) after(s *Session) Env {
	env := s.env
	env.Image = f.boot
	env.Before = append(slices.Clone(env.Before), f.facts()...)
	if ahead := s.ahead(); ahead.Abs() > time.Second { // the clock did not follow
		now := env.Now
		env.Now = func() time.Time { return now().Add(ahead) }
	}
	return env
}

// facts are for the records of the ceremonies that follow.
func (f *firstScreens) facts() []string {
	facts := []string{"keyboard layout: " + f.layout.Title, f.guard, f.imageFact(), f.out, f.clock, f.network}
	if f.drivers != "" {
		facts = append(facts, "not all drivers were loaded: "+f.drivers)
	}
	return slices.DeleteFunc(facts, func(text string) bool { return text == "" })
}
