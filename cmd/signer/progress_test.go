//go:build !airgap

package main

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressLineFitsTheTerminal(t *testing.T) {
	began := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := &progress{title: "Uploading", bytes: 20e6, ofBytes: 50e6, items: 2, ofItems: 5,
		seen: []sample{{began, 0}, {began.Add(2 * time.Second), 20e6}}}
	for width, want := range map[int]string{
		100: "Uploading  [############------------------]   40%  20.0 of 50.0 MB  10.0 MB/s  0:03 left  2/5 files",
		79:  "Uploading  [####------]   40%  20.0 of 50.0 MB  10.0 MB/s  0:03 left  2/5 files",
		60:  "Uploading  [#####--------]   40%  20.0 of 50.0 MB  10.0 MB/s",
		40:  "Uploading  [########-------------]   40%",
		16:  "Uploading   40%",
		8:   "Uploa...",
		2:   "Up",
		0:   "",
	} {
		if got := p.line(width); got != want {
			t.Errorf("%d columns:\n%q, want\n%q", width, got, want)
		}
	}
	for _, c := range []struct {
		p    *progress
		want string
	}{
		{&progress{title: "Listing", items: 12}, "Listing  12 files"},
		{&progress{title: "Reading", bytes: 1234}, "Reading  1.2 kB"},
		{&progress{title: "Copying", items: 1, ofItems: 2}, "Copying  [###############---------------]   50%  1/2 files"},
		{&progress{title: "Hashing ü\x1b[2J", bytes: 999, ofBytes: 999_960}, "Hashing ?<1B>[2J  [------------------------------]    0%  999 B of 1.0 MB"},
		{&progress{title: "More than there was", bytes: 3, ofBytes: 2}, "More than there was  [##############################]  100%  3 of 2 B"},
	} {
		if got := c.p.line(100); got != c.want {
			t.Errorf("%q, want\n%q", got, c.want)
		}
	}
	for left, want := range map[time.Duration]string{3 * time.Second: "0:03", 75 * time.Second: "1:15", 2*time.Hour + 5*time.Second: "2:00:05"} {
		if got := leftText(left); got != want {
			t.Errorf("%v: %s", left, got)
		}
	}
}

// screen is a terminal of one line, as people see it, and how often it was drawn.
type screen struct {
	mu   sync.Mutex
	all  bytes.Buffer
	runs int
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs++
	return s.all.Write(b)
}

func (s *screen) see() (line string, draws int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var shown []byte
	column := 0
	for _, b := range s.all.Bytes() {
		if b == '\r' {
			column = 0
			continue
		}
		if column == len(shown) {
			shown = append(shown, b)
		}
		shown[column] = b
		column++
	}
	return strings.TrimRight(string(shown), " "), s.runs
}

func eighty() int { return 80 }

// pass waits, and lets what happens then happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestProgressComesLateAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s screen
		p := progressOn(&s, eighty, "Hashing")
		p.expect(50e6, 0)
		p.at(5e6)
		pass(noticed - time.Millisecond)
		if line, draws := s.see(); draws != 0 {
			t.Errorf("work that nobody notices shows %q", line)
		}
		for i := range int64(10) {
			p.at(i * 2e6)
			pass(drawEvery)
		}
		line, draws := s.see()
		if !strings.HasPrefix(line, "Hashing  [") || !strings.Contains(line, "18.0 of 50.0 MB") || !strings.Contains(line, "20.0 MB/s") || draws != 10 {
			t.Errorf("after a second, drawn %d times: %q", draws, line)
		}
		p.rest()
		if line, _ = s.see(); line != "" {
			t.Errorf("beside a question stands %q", line)
		}
		pass(time.Minute)
		if line, _ = s.see(); line != "" {
			t.Errorf("beside a question stands %q", line)
		}
		p.doing("Signing")
		p.at(20e6)
		pass(drawEvery)
		if line, _ = s.see(); !strings.HasPrefix(line, "Signing ") || strings.Contains(line, "/s") {
			t.Errorf("other work: %q", line)
		}
		p.finish()
		p.finish()
		if line, _ = s.see(); line != "" {
			t.Errorf("%q is left", line)
		}
		_, draws = s.see()
		pass(time.Minute)
		if _, after := s.see(); after != draws {
			t.Error("it is drawn after its end")
		}
	})
}

// What stalls has no rate, and a rate is that of the last seconds.
func TestProgressRateIsOfTheLastSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s screen
		p := progressOn(&s, eighty, "Uploading")
		defer p.finish()
		p.expect(1e9, 0)
		for range 50 {
			p.add(10e6)
			pass(100 * time.Millisecond)
		}
		for range 50 {
			p.add(1e6)
			pass(100 * time.Millisecond)
		}
		if line, _ := s.see(); !strings.Contains(line, "  10.0 MB/s") {
			t.Errorf("%q", line)
		}
		pass(10 * time.Second)
		if line, _ := s.see(); strings.Contains(line, "/s") || strings.Contains(line, "left") {
			t.Errorf("what stalls: %q", line)
		}
	})
}

func TestProgressIsOnlyAtATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s screen
		p := newProgress(stdio{err: &s}, "Hashing")
		p.expect(2, 2)
		p.add(1)
		p.item()
		pass(time.Hour)
		p.rest()
		p.finish()
		if _, draws := s.see(); draws != 0 || p.bytes != 1 || p.items != 1 {
			t.Errorf("drawn %d times", draws)
		}
	})
	if terminalWidth(io.Discard, nil) != nil {
		t.Error("nothing is a terminal")
	}
}
