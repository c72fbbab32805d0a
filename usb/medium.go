package usb

import "sync"

// medium is the drive below a volume's files: a virtual one with its faults, or
// a real one. Volumes of both share every step of writing and reading; what
// differs is here.
type medium interface {
	sync.Locker
	// name is the drive as errors call it.
	name() string
	// ready says whether the volume is of use: not closed, and the drive is in.
	ready() error
	// at is called before each write point, reading before each reading point.
	at(op Op, name string) error
	reading(op Op, name string) error
	// room says whether so many bytes more fit.
	room(more int64) error
	// remember is called before a file changes, renamed after it got its name.
	remember(name string)
	renamed(from, to string)
	// flush makes everything durable.
	flush() error
	// explain says what an error means on this drive.
	explain(err error) error
	// close unmounts the drive, and makes what was written durable before.
	close() error
}
