//go:build !airgap

package remote

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"
)

// Store is a place that clients read a repository from: a bucket, or a folder.
// Names are slash-separated paths below the place that root.json is in.
type Store interface {
	// String names the store as people write it.
	String() string
	// List names every file, in no order.
	List(ctx context.Context) ([]Object, error)
	// Read reads a file of at most limit bytes, and the tag of what was read.
	Read(ctx context.Context, name string, limit int64) (b []byte, tag string, err error)
	// Open reads a file of any size.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Look says what is there now, and the digest that was noted with it.
	Look(ctx context.Context, name string) (Object, error)
	// Put writes a file. It becomes visible whole, or not at all.
	Put(ctx context.Context, name string, c Content, how How) (Object, error)
	// Copy writes a file that is in the store once more, without sending it:
	// errNoCopy where the store cannot. The content only says what it is.
	Copy(ctx context.Context, from Object, name string, c Content, how How) (Object, error)
}

// Object is a file in a store.
type Object struct {
	Name string
	Size int64
	Tag  string // changes with the content; "" where the listing does not say
	// Modified is when it was put, as a bucket's listing says it; to the second.
	Modified time.Time
	Digest   Digest // as Look says it; zero where nobody noted one
}

// Content is what a file is to hold. It is read more than once.
type Content struct {
	Size   int64
	Digest Digest
	Open   func(ctx context.Context) (io.ReadCloser, error)
}

// How says the circumstances of writing.
type How struct {
	CacheControl string
	ContentType  string
	// Absent wants nothing to be there; Tag wants that which has it. Where the
	// store can, it compares and writes in one step, else one after the other.
	Absent bool
	Tag    string
	Sent   func(int64) // counts bytes; may be nil
}

// unconditional writes can go in parts: not all servers compare when these are put
// together.
func (h How) unconditional() bool { return !h.Absent && h.Tag == "" }

func (h How) sent(n int64) {
	if h.Sent != nil {
		h.Sent(n)
	}
}

// Errors of stores, for errors.Is. What is absent is fs.ErrNotExist.
var (
	// ErrChanged means that something else is there than what was read before.
	ErrChanged = errors.New("somebody else has changed it meanwhile")
	// ErrDigest means content that is not what it should be.
	ErrDigest = errors.New("its content is not what targets.json lists")

	errNoCopy = errors.New("the store does not copy")
)

// maxObjects bounds a listing: 100,000 targets under ten names each.
const maxObjects = 1_000_000

// properName reports whether a name from elsewhere is one that stays below the
// store, whatever reads it.
func properName(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, "\\\x00") && len(name) <= 1024
}
