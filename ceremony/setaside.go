package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A drive that gave trouble, or whose key was made anew, still holds locked keys,
// and may hold a signed root. Where it can be, it is emptied; where another one
// took its place, people are told to the end to erase or destroy it.

// empty takes off a drive what names a root that will not be, when the ceremony
// goes back for a new key; why is how it goes back.
func (s *Session) empty(ctx context.Context, d Drive, job driveJob, why error) error {
	_, err := s.askBeside(ctx, Question{ID: job.label + ".emptying", Kind: Wait, Title: job.title, NoBack: true,
		Prompt: "Emptying " + job.label + ". Leave the drive in."}, func(ctx context.Context) error {
		return troubled("emptying", s.env.Drives.Format(ctx, d, job.label))
	})
	var broken *driveError
	switch {
	case errors.As(err, &broken):
		s.trouble("%s: %s. If another drive takes its place, erase or destroy this one", job.label, broken)
	case err != nil:
		return err
	default:
		s.written = slices.DeleteFunc(s.written, func(r DriveReport) bool { return r.Label == job.label })
	}
	return why
}

// setAside are the drives that others took the place of.
func (s *Session) setAside() (out []DriveReport) {
	for _, r := range s.aside {
		same := func(other DriveReport) bool { return other.Drive.Same(r.Drive) }
		if !slices.ContainsFunc(s.written, same) && !slices.ContainsFunc(out, same) {
			out = append(out, r)
		}
	}
	return out
}

// setAsideText tells what to do with them; nothing when there are none.
func (s *Session) setAsideText() string {
	var names []string
	for _, r := range s.setAside() {
		names = append(names, fmt.Sprintf("%s, serial %s", r.Label, Foreign(r.Drive.Serial)))
	}
	if len(names) == 0 {
		return ""
	}
	return "Erase or destroy what others took the place of: " + strings.Join(names, "; ") + "."
}
