//go:build !airgap

package remote

import (
	"errors"
	"fmt"
	"net/http"

	"signer/ceremony/tuf"
)

// Errors of a walk, for errors.Is.
var (
	// ErrAddress means an address that no file can be asked for at.
	ErrAddress = errors.New("not the address of a repository")
	// ErrPinned means that the root to begin with is none. Nothing was asked for.
	ErrPinned = errors.New("the root file is not one to begin with")
	// ErrUnreachable means a server, a network or a certificate that is at fault, or
	// a status that says neither that a file is there nor that it is not.
	ErrUnreachable = errors.New("cannot be reached")
	// ErrNotRepository means that something is there, and that it is no repository.
	ErrNotRepository = errors.New("not a TUF repository that clients can read")
	// ErrNotTrusted means bytes that the pinned root does not vouch for.
	ErrNotTrusted = errors.New("not to be trusted")
	// ErrMixed means files that are each well signed, and of different publishes.
	ErrMixed = errors.New("files of different publishes")
)

// errAbsent is 404, the only status that says so.
var errAbsent = fmt.Errorf("%w: it is not there (404)", ErrUnreachable)

// StatusError is an answer that is neither 200 nor 404. orbit stops at it.
type StatusError struct {
	Name   string // of the file
	Status int
	hint   string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: the server says %d %s", e.Name, e.Status, http.StatusText(e.Status))
}

func (e *StatusError) Unwrap() error { return ErrUnreachable }

// Hint is what to do, where that is known.
func (e *StatusError) Hint() string { return e.hint }

// atRoot is an error of asking for a root that may not be there.
func atRoot(err error) error {
	answer := new(StatusError)
	if !errors.As(err, &answer) {
		return err
	}
	answer.hint = "clients look for the next root until the server says 404: orbit stops at any other status"
	if answer.Status == http.StatusForbidden || answer.Status == http.StatusUnauthorized {
		answer.hint = "some buckets say 403 for what is absent, and orbit stops there: let it say 404 (on S3, whoever reads needs s3:ListBucket)"
	}
	return err
}

// refused tells what is no metadata at all from metadata that is not to be
// trusted: an error page with status 200 is the first.
func refused(name string, err error) error {
	fault := new(tuf.Fault)
	if errors.As(err, &fault) || errors.Is(err, tuf.ErrTooLarge) {
		return fmt.Errorf("%w: %s: %w", ErrNotRepository, name, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrNotTrusted, name, err)
}
