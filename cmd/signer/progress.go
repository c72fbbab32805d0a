//go:build !airgap

package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress is one line on standard error that tells how far long work is: bytes,
// their rate, and files. It is only at a terminal, comes when the work has taken
// as long as people notice, and is gone when it ends.
//
//	p := newProgress(std, "Uploading")
//	defer p.finish()
//	p.expect(bytes, files)
//	p.add(n)  // bytes that are done
//	p.item()  // a file that is done
//
// Its methods may be called by several at once; without a terminal they only count.
type progress struct {
	out   io.Writer
	width func() int // of the terminal, each time the line is drawn

	mu                  sync.Mutex
	title               string
	bytes, ofBytes      int64
	items, ofItems      int
	seen                []sample // of the last seconds, for the rate
	drawn               int      // columns of the line that stands there
	resting             bool
	ended, drawingEnded chan struct{}
}

// sample is how much was done at a time.
type sample struct {
	at    time.Time
	bytes int64
}

const (
	noticed    = 200 * time.Millisecond // work that is shorter shows nothing
	drawEvery  = 100 * time.Millisecond
	rateOver   = 3 * time.Second
	widestLine = 100
)

func newProgress(std stdio, title string) *progress {
	return progressOn(std.err, terminalWidth(std.err, std.env), title)
}

// terminalWidth is nil where lines cannot be drawn over.
func terminalWidth(out io.Writer, env []string) func() int {
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || slices.Contains(env, "TERM=dumb") {
		return nil
	}
	return func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil || width <= 0 {
			return 80
		}
		return width
	}
}

func progressOn(out io.Writer, width func() int, title string) *progress {
	p := &progress{out: out, width: width, title: title}
	if width != nil {
		p.ended, p.drawingEnded = make(chan struct{}), make(chan struct{})
		go p.drawUntilEnded()
	}
	return p
}

// expect says how much there is to do; zero where nobody knows.
func (p *progress) expect(bytes int64, items int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ofBytes, p.ofItems = bytes, items
}

// doing changes what the line says is done. Other work has another rate.
func (p *progress) doing(title string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.title != title {
		p.title, p.seen = title, nil
	}
}

// at says how many bytes are done in all.
func (p *progress) at(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if bytes < p.bytes {
		p.seen = nil
	}
	p.bytes, p.resting = bytes, false
}

// add says how many more bytes are done. What must be done again is negative.
func (p *progress) add(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes, p.resting = p.bytes+bytes, false
}

func (p *progress) item() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.items, p.resting = p.items+1, false
}

// rest takes the line away until there is progress again: somebody is asked.
func (p *progress) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resting = true
	p.clear()
}

// finish takes the line away for good. Calling it again does nothing.
func (p *progress) finish() {
	p.mu.Lock()
	ended := p.ended
	p.ended = nil
	p.mu.Unlock()
	if ended == nil {
		return
	}
	close(ended)
	<-p.drawingEnded
	p.rest()
}

func (p *progress) drawUntilEnded() {
	defer close(p.drawingEnded)
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	wait := noticed
	for ended != nil {
		select {
		case <-ended:
			return
		case <-time.After(wait):
			p.draw(time.Now())
		}
		wait = drawEvery
	}
}

// draw writes the line over the one before, in one go, so that nothing flickers.
func (p *progress) draw(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resting || p.bytes == 0 && p.items == 0 && p.ofBytes == 0 && p.ofItems == 0 {
		return
	}
	p.seen = append(p.seen, sample{now, p.bytes})
	for len(p.seen) > 2 && now.Sub(p.seen[0].at) > rateOver {
		p.seen = p.seen[1:]
	}
	// The last column stays free: some terminals go to the next line there.
	line := p.line(min(p.width()-1, widestLine))
	_, _ = fmt.Fprintf(p.out, "\r%s%s", line, strings.Repeat(" ", max(0, p.drawn-len(line))))
	p.drawn = len(line)
}

func (p *progress) clear() {
	if p.drawn > 0 {
		_, _ = fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", p.drawn))
		p.drawn = 0
	}
}
