package boot_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// player leads a machine in line mode through whatever it asks. It is strict: a
// question that no rule answers, a rule that answers more often than it says, a
// refused answer and a trouble end the test, with all that was said.
type player struct {
	*appliance
	table *table
	rules []*rule

	// when has what is done when a text is said, before anything is answered. It
	// ends the playing where it says so.
	when map[string]func() (stop bool)
	// asked, when set, is called before each answer, with the question.
	asked func(question string)
	// tolerates are texts that would otherwise end the test: "Trouble: " and all that
	// follows, or nothing of it.
	tolerates []string

	page   string   // what was said since the last answer
	typed  []string // passphrases
	offset int      // up to here texts of when were looked for
	heard  string   // all
	began  time.Time
	steps  []string // what took how long
}

// rule answers a question.
type rule struct {
	ask    *regexp.Regexp
	hinted bool // the question ends with a line that says what may be typed
	times  int  // how often it is asked, exactly; anyNumber for any number of times
	used   int
	answer func(p *player, q question) string
}

// question is what a rule has found.
type question struct {
	page  string   // what was said since the last answer, up to the question's end
	parts []string // what the expression has in brackets
}

const anyNumber = -1

// stall is how long a machine says nothing while no rule fits, and then does nothing
// either: nobody may wait for a question that was not understood.
const stall = 2 * time.Minute

// hand is how long a person needs at least to answer. Line mode takes no Enter that
// comes within 100 ms of a question, counted from when it reads.
const hand = 200 * time.Millisecond

// plays leads a machine by rules. Its first screens come first.
func plays(a *appliance, t *table, rules ...[]*rule) *player {
	p := &player{appliance: a, table: t, rules: firstScreens(), when: map[string]func() bool{}, began: time.Now()}
	for _, more := range rules {
		p.rules = append(p.rules, more...)
	}
	return p
}

// asks is a question without a hint: a drive to be moved, a word to be typed. A
// space in the expression is any white space. The answer is what is typed; without
// one (notTyped) the rule did something else.
func asks(ask string, times int, answer func(*player, question) string) *rule {
	return &rule{ask: expression(ask), times: times, answer: answer}
}

// hints is a question that says what may be typed.
func hints(ask string, times int, answer func(*player, question) string) *rule {
	r := asks(ask, times, answer)
	r.hinted = true
	return r
}

func expression(e string) *regexp.Regexp {
	return regexp.MustCompile("(?s)" + strings.ReplaceAll(e, " ", `\s+`))
}

// notTyped is the answer of a rule that typed nothing.
const notTyped = "\x00"

// reads passes a page by Enter.
func reads(ask string, times int) *rule {
	return hints(ask, times, func(*player, question) string { return "" })
}

// chooses takes the option whose text begins so.
func chooses(ask string, times int, options ...string) *rule {
	n := 0
	return hints(ask, times, func(p *player, q question) string {
		option := options[min(n, len(options)-1)]
		n++
		return p.numberOf(q, option)
	})
}

var optionLine = regexp.MustCompile(`(?m)^ *(\d+)\. (.*)$`)

func (p *player) numberOf(q question, option string) string {
	p.t.Helper()
	for _, m := range optionLine.FindAllStringSubmatch(q.page, -1) {
		if strings.HasPrefix(m[2], option) {
			return m[1]
		}
	}
	p.fails("there is no option %q", option)
	return ""
}

// inserts puts a drive in: the label may have parts of the expression in it.
func inserts(ask string, times int, label string) *rule {
	return asks(ask, times, func(p *player, q question) string {
		name := label
		for i, part := range q.parts {
			name = strings.ReplaceAll(name, fmt.Sprintf("$%d", i), part)
		}
		p.table.plug(p, name)
		return notTyped
	})
}

// takesOut takes out the drive that the text names.
func takesOut(ask string, times int) *rule {
	return asks(ask, times, func(p *player, q question) string {
		if in := p.table.plugged; len(in) != 1 || in[0] != q.parts[1] {
			p.fails("%s is to be taken out, and %q is in", q.parts[1], in)
		}
		p.table.unplug(p)
		return notTyped
	})
}

// types answers with a text.
func types(ask string, times int, text string) *rule {
	return asks(ask, times, func(*player, question) string { return text })
}

// hintLine ends every question that has options, a default or nothing but Enter.
var hintLine = regexp.MustCompile(`\(Enter\s+goes\s+on\.\)|\(Type\s+a\s+number\.\)|\((Type\s+a\s+number\.\s+)?Enter\s+is\s(?s:.*?)\.\)\n`)

// play answers until a text is said; "" is until the machine ends.
func (p *player) play(until string) {
	p.t.Helper()
	for {
		if p.attends(until) {
			return
		}
		p.refuses()
		for p.answers() {
		}
		if !p.listens() {
			if until != "" {
				p.fails("the machine has ended")
			}
			return
		}
	}
}

// listens waits for more. It is false when the machine has ended.
func (p *player) listens() bool {
	p.t.Helper()
	said, err := p.hearsMore()
	for err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && p.ctx.Err() == nil && p.works() {
		said, err = p.hearsMore()
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return false
	case err != nil:
		p.fails("%v", err)
	}
	p.page += said
	p.heard += said
	return true
}

// attends does what is to be done when texts are said, each once.
func (p *player) attends(until string) (stop bool) {
	for text, do := range p.when {
		if strings.Contains(p.heard[p.offset:], text) {
			delete(p.when, text)
			stop = do() || stop
		}
	}
	if until != "" && strings.Contains(p.heard[p.offset:], until) {
		stop = true
	}
	if end := strings.LastIndexByte(p.heard, '\n') + 1; stop {
		p.offset = len(p.heard)
	} else {
		p.offset = max(p.offset, end) // a text is within a line
	}
	return stop
}

// refuses ends the test when the machine was not content.
func (p *player) refuses() {
	p.t.Helper()
	if said := discontent(p.page, p.tolerates); said != "" {
		p.fails("the machine says: %s", said)
	}
}

// discontent is what stands in a page from a text on that no machine should say and
// the test does not tolerate. The page's end may be anywhere, also within a word:
// what may still become a tolerated text is none yet.
func discontent(page string, tolerates []string) string {
	for _, bad := range []string{"Trouble: ", "Not taken: ", "panic: ", "fatal error: ", "Signer has broken off"} {
		for _, i := range indices(page, bad) {
			said := strings.Join(strings.Fields(page[i:]), " ")
			known := slices.ContainsFunc(tolerates, func(text string) bool {
				return strings.HasPrefix(said+" ", text) || strings.HasPrefix(text, said)
			})
			if !known && strings.Contains(page[i:], "\n") {
				return page[i:]
			}
		}
	}
	return ""
}

// indices are all places of a text in another.
func indices(in, text string) (all []int) {
	for from := 0; ; {
		i := strings.Index(in[from:], text)
		if i < 0 {
			return all
		}
		all = append(all, from+i)
		from += i + len(text)
	}
}

// answers answers the question that was asked, if it is there to its end.
func (p *player) answers() bool {
	p.t.Helper()
	hint := hintLine.FindStringIndex(p.page)
	if r, at := p.first(hint); r != nil {
		end := at[1]
		if r.hinted {
			end = hint[1]
		}
		q := question{page: p.page[:end]}
		for i := 0; i < len(at); i += 2 {
			q.parts = append(q.parts, strings.Join(strings.Fields(p.page[at[i]:at[i+1]]), " "))
		}
		p.takes(r, q)
		p.page = p.page[end:]
		return true
	}
	if hint != nil {
		p.fails("no rule answers this question")
	}
	return false
}

// first finds the rule whose question comes first.
func (p *player) first(hint []int) (found *rule, at []int) {
	whole := p.page[:strings.LastIndexByte(p.page, '\n')+1]
	for _, r := range p.rules {
		text := whole
		switch {
		case r.hinted && hint == nil:
			continue
		case r.hinted:
			text = p.page[:hint[1]]
		case strings.HasSuffix(r.ask.String(), "$"):
			text = p.page // a prompt for a passphrase ends no line
		case hint != nil:
			text = p.page[:hint[0]]
		}
		if m := r.ask.FindStringSubmatchIndex(text); m != nil && (found == nil || m[1] < at[1]) {
			found, at = r, m
		}
	}
	return found, at
}

func (p *player) takes(r *rule, q question) {
	p.t.Helper()
	if r.used++; r.times != anyNumber && r.used > r.times {
		p.fails("%q is asked for the %d. time", r.ask, r.used)
	}
	if p.asked != nil {
		p.asked(q.page)
	}
	p.steps = append(p.steps, fmt.Sprintf("%6.1f s  %s", time.Since(p.began).Seconds(), q.parts[0][max(0, len(q.parts[0])-60):]))
	answer := r.answer(p, q)
	if answer == notTyped {
		return
	}
	if p.minds(); !p.Ended() {
		p.says(answer)
	}
}

// fails ends the test, and shows what was said.
func (p *player) fails(format string, args ...any) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), 10*time.Second)
	defer cancel()
	screen, err := p.ScreenText(ctx) // where a kernel says why it stands still
	p.t.Fatalf("%s\nsince the last answer:\n%s\nscreen: %v\n%s\nall:\n%s", fmt.Sprintf(format, args...), p.page, err, strings.Join(screen, "\n"), p.heard)
}

// ended tells what the rules expected and was never asked, and passphrases that
// were seen.
func (p *player) ended(t *testing.T) {
	t.Helper()
	for _, r := range p.rules {
		if r.times != anyNumber && r.used != r.times {
			t.Errorf("%q was asked %d times; %d were expected", r.ask, r.used, r.times)
		}
	}
	for _, secret := range p.typed {
		if strings.Contains(p.heard, secret) {
			t.Errorf("the passphrase %q stands on the console", secret)
		}
	}
	if t.Failed() {
		t.Log(p.heard)
	}
}

// firstScreens are the questions from the power switch to the home screen.
func firstScreens() []*rule {
	return []*rule{
		chooses(`Which keyboard is it\?`, 1, "English (US)"),
		types(`Type here to try: z y`, 1, "z y"),
		hints(`Is it what was written down\?`, 1, func(p *player, q question) string {
			digest := fmt.Sprintf("%x", sha256.Sum256(p.medium.data))
			if shown := strings.Join(strings.Fields(q.page), ""); !strings.Contains(shown, digest) {
				p.fails("the digest of the image is %s", digest)
			}
			return ""
		}),
		asks(`Take the boot drive out now\.`, 1, func(p *player, _ question) string {
			p.must(p.UnplugStick(p.ctx, "boot"))
			return notTyped
		}),
		chooses(`Is that the date, and where you are the time on your watch\?`, 1, "Yes, go on"),
	}
}
