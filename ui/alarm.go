package ui

import "signer/ceremony"

// pinned is the latest alarm. It has its lines at the bottom, whatever else stands
// on the screen, until a person has had time to read it and answers something.
type pinned struct {
	event ceremony.Event
	beats int // since it came
}

const (
	readingBeats = 8 // two seconds
	mostPinned   = 6 // lines: a device says of itself what it likes
)

// pin puts an alarm there; the one before joins the log.
func (s *screen) pin(e ceremony.Event) {
	s.toLog(s.pinned.event)
	s.pinned = pinned{event: e}
}

// unpin is for when somebody answers: who typed just then may not have seen it.
func (s *screen) unpin() {
	if s.pinned.beats >= readingBeats {
		s.toLog(s.pinned.event)
		s.pinned = pinned{}
	}
}

// toLog keeps an event among the latest.
func (s *screen) toLog(e ceremony.Event) {
	if e.Kind != "" {
		s.log = append(s.log, e)
		s.log = s.log[max(0, len(s.log)-logKept):]
	}
}

func (s *screen) pinnedLines() []string {
	if s.pinned.event.Kind == "" {
		return nil
	}
	lines := eventLines(s.pinned.event)
	if len(lines) > mostPinned {
		lines = append(lines[:mostPinned-1], "  ...")
	}
	return append([]string{""}, lines...)
}
