package ceremony

import (
	"context"
	"errors"
	"time"

	"signer/ceremony/secret"
)

// Operator is where a ceremony meets people. The text screen, line mode and an
// answer file are operators; the record wraps one.
//
// An operator is dumb: it shows what it is told, and hands back what was
// entered. Whether an answer will do is for the ceremony to say, which asks
// again with Question.Problem set.
type Operator interface {
	// Tell shows something and never waits for a person.
	Tell(Event)
	// Ask waits for an answer. Its error is ErrBack, ErrStop, or the cause of
	// ctx: what the person was asked has been answered by the world, as when the
	// drive that was waited for is there.
	Ask(ctx context.Context, q Question) (Answer, error)
}

var (
	// ErrBack is Esc: the person wants the question before this one.
	ErrBack = errors.New("back")
	// ErrStop is Ctrl+C, and the end of input: the person wants to leave. The
	// ceremony asks first, and says what has been written.
	ErrStop = errors.New("stop")
)

// Kind says what a question wants. Each kind is one widget on the screen, one
// rule in line mode and one paragraph form in the handbook.
type Kind string

const (
	Read       Kind = "read"       // a text; Enter goes on
	Choose     Kind = "choose"     // one of Options
	Type       Kind = "type"       // a line of text
	Number     Kind = "number"     // a whole number
	Date       Kind = "date"       // 2027-11-22, or with 15:04
	Passphrase Kind = "passphrase" // a secret
	Wait       Kind = "wait"       // for the world; Options, if any, are other ways on
)

// Question is one thing asked. It is a value; nothing in it is secret, but for
// Reveal.
type Question struct {
	ID      string // stable: answer files and records use it, "root-1.holder"
	Kind    Kind
	Title   string  // what it is about: "Root key 2 of 3"
	Text    []Block // what to know before answering
	Prompt  string  // the question itself: "Who will hold this key?"
	Help    string  // more than the step's help has to say; for the ? screen
	Problem string  // why the last answer was not taken, and what to do

	Options []Option // Choose, Wait
	Default string   // an option's key, or the text that stands in the field
	Suggest []string // Type, Passphrase: words that complete what is typed
	Refresh func() []Option
	Motion  Motion // Wait: what a person is to do with a drive
	NoBack  bool   // Esc does nothing here: the operator says so
	Repeats string // the ID of the question whose answer is wanted once more
	// Optional lets a passphrase be passed over by Enter alone: its holder is not
	// here. Of a text it says that nothing is an answer, too.
	Optional bool

	// Shown is what the answer file's {shown} stands for: the confirmation
	// words that the text names.
	Shown string
	// Reveal is a secret to be shown once with this question: a passphrase made
	// by the device. Operators show it, and never keep or record it.
	Reveal secret.Bytes
}

// Option is one choice.
type Option struct {
	Key      string // stable, for answer files and records
	Label    string
	Value    string // the current value, as on the plan page
	Disabled string // why it cannot be chosen now
}

// Motion is what a person is to do with a drive while a Wait question stands.
type Motion struct {
	Move  Move
	Label string // of the drive: "root-backup-1"
}

// Move is a motion of the hand.
type Move string

const (
	Insert Move = "insert"
	Remove Move = "remove"
)

// Answer is what came back. Secret belongs to the receiver, who wipes it.
type Answer struct {
	Text   string // an option's key, the text, the number, the date
	Secret secret.Bytes
}

// BlockKind says how a block of text is set.
type BlockKind string

const (
	Paragraph BlockKind = "paragraph"
	Caution   BlockKind = "caution"  // a paragraph that must not be overlooked
	Facts     BlockKind = "facts"    // rows of label and value
	Verbatim  BlockKind = "verbatim" // lines as they are, never wrapped: at most 52 columns
	QRCode    BlockKind = "qr"       // Text as a QR code; beside it only the prompt has room
)

// Block is a piece of a question's text.
type Block struct {
	Kind BlockKind
	Text string
	Rows []Row
}

// Row is a fact: its label and its value.
type Row struct{ Label, Value string }

// Para is a paragraph, Warn one that must not be overlooked, and Lines text
// whose line breaks count.
func Para(text string) Block  { return Block{Kind: Paragraph, Text: text} }
func Warn(text string) Block  { return Block{Kind: Caution, Text: text} }
func Lines(text string) Block { return Block{Kind: Verbatim, Text: text} }
func QR(text string) Block    { return Block{Kind: QRCode, Text: text} }

// Table is rows of label and value.
func Table(rows ...Row) Block { return Block{Kind: Facts, Rows: rows} }

// EventKind says what happened.
type EventKind string

const (
	Began    EventKind = "began"    // a ceremony: Outline is set
	StepAt   EventKind = "step"     // the ceremony is at Step now, also after going back
	Note     EventKind = "note"     // something worth a line
	Did      EventKind = "did"      // something was finished: shown with a check mark
	Trouble  EventKind = "trouble"  // something went wrong and a way on will be asked for
	Alarm    EventKind = "alarm"    // the world did what nobody asked for: a device was refused
	Fact     EventKind = "fact"     // for the record alone: operators show nothing
	Progress EventKind = "progress" // Done of Total of Text; Done == Total ends it
	Ended    EventKind = "ended"    // the ceremony: Text says how
)

// Event is something that people and the record are told.
type Event struct {
	Kind    EventKind
	Time    time.Time // of the ceremony's clock
	Step    string    // the ID of the step it belongs to
	Text    string
	Outline *Outline // Began

	Done, Total int64 // Progress

	// Data is for the record, not for the screen: what a machine needs to
	// rebuild the public output.
	Data map[string]string
}

// Outline is what a ceremony's screens show of its script.
type Outline struct {
	Name, Title, Intro string
	Rehearsal          bool
	Network            string // "no network", or what is up
	Steps              []OutlineStep
}

// OutlineStep is a step as the list shows it.
type OutlineStep struct {
	ID, Title, Help string
	Commits         bool
}
