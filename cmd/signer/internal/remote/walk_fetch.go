//go:build !airgap

package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"signer/ceremony/tuf"
)

// maxRedirects is what Go's client follows, and so go-tuf v0.5.2's.
const maxRedirects = 10

var (
	errDowngrade = errors.New("it redirects from https to http")
	errRedirects = fmt.Errorf("it redirects more than %d times", maxRedirects)
	errStalled   = errors.New("nothing arrives")
)

// NewClient is for walks: patient with what answers, and not with what does not.
func NewClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	t.TLSHandshakeTimeout = 10 * time.Second
	t.MaxResponseHeaderBytes = 64 << 10
	return &http.Client{Transport: t}
}

// fetcher reads files of one repository.
type fetcher struct {
	client *http.Client
	base   *url.URL
	o      WalkOptions
}

func newFetcher(client *http.Client, base string, o WalkOptions) (fetcher, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return fetcher{}, fmt.Errorf("%w: it cannot be read", ErrAddress) // the error of url would show a password
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return fetcher{}, fmt.Errorf("%w: %q does not begin with https:// or http:// and a host", ErrAddress, u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return fetcher{}, fmt.Errorf("%w: %q has more than a path, and file names could not be added", ErrAddress, u.Redacted())
	}
	own := *client
	own.CheckRedirect = checkRedirect
	return fetcher{&own, u, o}, nil
}

// checkRedirect lets a server send clients elsewhere, as content networks do, but
// not out of TLS. What is signed would be noticed; that a network watches or
// withholds would not.
func checkRedirect(to *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return errRedirects
	case via[len(via)-1].URL.Scheme == "https" && to.URL.Scheme != "https":
		return errDowngrade
	}
	return nil
}

// fetch reads a file of at most limit bytes, again where the network was at fault.
// A status is an answer: it is not asked for twice.
func (f fetcher) fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	for attempt := 1; ; attempt++ {
		b, err := f.once(ctx, name, limit)
		if err == nil || attempt >= f.o.Attempts || !passing(err) || ctx.Err() != nil {
			return b, err
		}
		if waited := sleep(ctx, f.o.Pause); waited != nil {
			return nil, err
		}
	}
}

// once asks for a file. What it counts is the body as a client reads it, so a
// small one that unpacks to gigabytes is bounded too.
func (f fetcher) once(ctx context.Context, name string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(f.o.Stall, func() { cancel(fmt.Errorf("%w for %s", errStalled, f.o.Stall)) })
	defer stall.Stop()
	response, err := f.ask(ctx, name)
	if err != nil {
		return nil, unreachable(ctx, name, err)
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, fmt.Errorf("%s: %w", name, errAbsent)
	default:
		return nil, &StatusError{Name: name, Status: response.StatusCode}
	}
	b, err := io.ReadAll(io.LimitReader(&lively{response.Body, stall, f.o.Stall}, limit+1))
	switch {
	case err != nil:
		return nil, unreachable(ctx, name, err)
	case int64(len(b)) > limit:
		return nil, fmt.Errorf("%w: %s: %w: it has more than %d bytes", ErrNotRepository, name, tuf.ErrTooLarge, limit)
	}
	return b, nil
}

func (f fetcher) ask(ctx context.Context, name string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base.JoinPath(name).String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", f.o.UserAgent)
	return f.client.Do(request)
}

// lively puts off the end for as long as something arrives.
type lively struct {
	io.Reader
	stall *time.Timer
	after time.Duration
}

func (l *lively) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if n > 0 {
		l.stall.Reset(l.after)
	}
	return n, err
}

// unreachable says why, without the address in front: whoever calls knows it, and
// it may hold a password.
func unreachable(ctx context.Context, name string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if wrapped := new(url.Error); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("%w: %s: %w", ErrUnreachable, name, err)
}

// passing reports whether the same request may do better in a moment: not where a
// name does not exist, a certificate is not good, or a redirect is not followed.
func passing(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		noTLS       tls.RecordHeaderError
		alert       tls.AlertError
		name        *net.DNSError
		network     net.Error
	)
	switch {
	case !errors.Is(err, ErrUnreachable), errors.Is(err, errAbsent),
		errors.As(err, &certificate), errors.As(err, &noTLS), errors.As(err, &alert):
		return false
	case errors.As(err, &name):
		return name.IsTemporary || name.IsTimeout
	}
	return errors.Is(err, errStalled) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.As(err, &network)
}

// sleep is an error when there was no time for it.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
