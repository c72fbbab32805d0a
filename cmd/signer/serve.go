//go:build !airgap

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"signer/ceremony"
)

// serving is what the options of serve say.
type serving struct {
	listen string
	public bool
}

func serveCommand() command {
	s := serving{listen: "127.0.0.1:8080"}
	return command{name: "serve", args: "DIR", does: "serve a repository on this computer, to try it",
		text: `Serves DIR/repository over HTTP to programs on this computer, until Ctrl+C. Where
there is no such folder, DIR itself has to be one: with a root.json in it.

Only what clients ask for is served: no private keys, nothing that is staged, no
names that begin with a dot, no lists of folders, and nothing that a link leads
to outside. What is absent is 404, as clients want it.

It is no web server for production: put the folder on storage with signer
publish, or behind nginx.`,
		options: []option{
			textOption(&s.listen, "listen", "HOST:PORT", "Where to answer. Port 0 takes a free one."),
			yesOption(&s.public, "public", "Answer other computers as well, where HOST is no loopback address."),
		},
		examples: []meaning{{"Try what was staged before it is published", "signer serve ~/updates"},
			{"See it as clients do", "signer watch http://127.0.0.1:8080 --root ~/updates/repository/root.json"}},
		seeAlso: []string{"publish", "watch"}, completes: completes{folders: true}, run: s.run}
}

func (s *serving) run(ctx context.Context, args []string, std stdio) int {
	if len(args) != 1 {
		return wrongUsage("", "serve: which folder?\nhint: signer serve DIR", std)
	}
	if wrong := s.wrong(); wrong != "" {
		return wrongUsage("", "serve: --listen "+s.listen+wrong, std)
	}
	shown, err := openShown(args[0])
	if err != nil {
		return fail(std, err)
	}
	defer func() { _ = shown.Close() }()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w; another port: --listen 127.0.0.1:0", err)
	}
	if err != nil {
		return fail(std, fmt.Errorf("serve %q: %w", args[0], err))
	}
	return serveUntil(ctx, listener, shown, std)
}

// wrong refuses addresses that other computers reach, unless that was said.
func (s *serving) wrong() string {
	address, err := net.ResolveTCPAddr("tcp", s.listen)
	switch {
	case err != nil:
		return ": that is not HOST:PORT\nhint: --listen 127.0.0.1:8080"
	case !address.IP.IsLoopback() && !s.public:
		return " answers other computers as well\nhint: --public, if that is meant; else 127.0.0.1 in place of the host"
	}
	return ""
}

// serveUntil serves until somebody presses Ctrl+C, which is a good end.
func serveUntil(ctx context.Context, listener net.Listener, shown *shownFolder, std stdio) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	said := log.New(std.err, "", log.Ltime)
	server := &http.Server{Handler: logged(said, shown), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	_, _ = io.WriteString(std.out, shown.welcome("http://"+listener.Addr().String()))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fail(std, fmt.Errorf("serve: %w", err))
	case <-ctx.Done():
	}
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(patient); err != nil {
		_ = server.Close() // a download that goes on: it is cut off
	}
	return exitGood
}

// welcome says where it is, and what to do with it.
func (f *shownFolder) welcome(url string) string {
	return ceremony.Foreign("Serving "+f.name) + "\n" +
		"at " + url + " until Ctrl+C.\n\n" +
		"A package that updates from here:\n" +
		ceremony.Foreign(fmt.Sprintf("  fleetctl package --type=deb --update-url=%s --update-roots=\"$(cat %s)\"", url, shellQuoted(filepath.Join(f.name, "root.json")))) + "\n" +
		"What a client sees:\n" +
		ceremony.Foreign(fmt.Sprintf("  signer watch %s --root %s", url, shellQuoted(filepath.Join(f.name, "root.json")))) + "\n\n"
}

// shellQuoted is a word as a shell takes it.
func shellQuoted(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// logged writes a line for each request: method, path, status, bytes.
func logged(to *log.Logger, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := &notedResponse{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(noted, r)
		to.Printf("%s %s %d %d", ceremony.Foreign(r.Method), ceremony.Foreign(r.URL.Path), noted.status, noted.bytes)
	})
}

// notedResponse remembers what was answered.
type notedResponse struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (n *notedResponse) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

func (n *notedResponse) Write(p []byte) (int, error) {
	written, err := n.ResponseWriter.Write(p)
	n.bytes += int64(written)
	return written, err
}
