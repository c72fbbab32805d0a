package main

import "time"

// buildDate is set by the image's builder (-ldflags -X); a program built by hand
// is no older than this source.
var buildDate = "2026-11-22T00:00:00Z"

// built is when this program was made: the floor of every clock.
func built() time.Time {
	t, err := time.Parse(time.RFC3339, buildDate)
	if err != nil {
		return time.Time{} // a builder's mistake; its test fails
	}
	return t
}
