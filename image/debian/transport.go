package debian

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// stalled is how long a mirror may be silent.
const stalled = time.Minute

// newClient honours the proxies of the environment. It asks for no compression
// on the way: digests are of the files as they lie on the mirror.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: stalled}).DialContext,
		TLSHandshakeTimeout:    stalled,
		ResponseHeaderTimeout:  stalled,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: 1 << 16,
	}}
}

func (m Mirror) openAt(ctx context.Context, p place, name string) (io.ReadCloser, error) {
	address := p.base.JoinPath(name)
	if p.base.Scheme == "file" || p.base.Scheme == "copy" {
		return openLocal(address)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	request.Header.Set("User-Agent", "mkimage")
	response, err := m.client.Do(request)
	if err != nil {
		cancel(nil)
		return nil, withoutAddress(err)
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		cancel(nil)
		return nil, statusError(response)
	}
	return watch(response.Body, cancel), nil
}

func openLocal(address *url.URL) (io.ReadCloser, error) {
	f, err := os.Open(filepath.FromSlash(address.Path))
	if os.IsNotExist(err) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, fmt.Errorf("not a regular file")
	}
	return f, nil
}

func statusError(response *http.Response) error {
	switch response.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return ErrGone
	}
	return fmt.Errorf("the server answers %q", response.Status)
}

// withoutAddress leaves out the address that the client's errors begin with: it
// is said already, and without password.
func withoutAddress(err error) error {
	if inner, ok := err.(*url.Error); ok {
		return inner.Err
	}
	return err
}

// watched is a body whose silence ends it.
type watched struct {
	body   io.ReadCloser
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func watch(body io.ReadCloser, cancel context.CancelCauseFunc) *watched {
	silent := fmt.Errorf("the server sent nothing for %s", stalled)
	return &watched{body, cancel, time.AfterFunc(stalled, func() { cancel(silent) })}
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	w.timer.Reset(stalled)
	return n, err
}

func (w *watched) Close() error {
	w.timer.Stop()
	err := w.body.Close()
	w.cancel(nil)
	return err
}
