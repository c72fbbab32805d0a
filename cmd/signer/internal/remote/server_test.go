//go:build !airgap

package remote_test

import (
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// server speaks as much of S3 as a test needs that has to break off single
// requests. That a real server agrees is for the tests with versitygw.
type server struct {
	*httptest.Server
	lock     sync.Mutex
	objects  map[string]object
	uploads  map[string]map[string][]byte
	requests []string
	hooks    map[string]func()
	// dies says what becomes of request n, from 1 on; nil: all is well.
	dies  func(n int, request string) death
	count int
	clock time.Time // a second passes with each file
	// ignorant servers do not know conditions, or copies.
	ignorant bool
	// endless listings give the same page again.
	endless bool
}

type object struct {
	data     []byte
	header   http.Header
	modified time.Time
}

// death is how a request ends.
type death int

const (
	lives  death = iota
	before       // the server never did it
	after        // it did it, and nobody was told
)

const bucketName = "updates"

func newServer(t testing.TB) *server {
	s := &server{objects: map[string]object{}, uploads: map[string]map[string][]byte{}, hooks: map[string]func(){}, clock: remotetest.Today()}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// onServer has a repository published: whose it is, where, and from which folder.
func onServer(t testing.TB) (r *repository, s *server, at remote.Store, dir string) {
	t.Helper()
	r, s = newRepository(t, 1, false), newServer(t)
	r.AddContent(t, wares())
	at, dir = s.open(t), r.folder(t, wares())
	publish(t, dir, at)
	return r, s, at, dir
}

// open is the bucket, with credentials that are only the test's.
func (s *server) open(t testing.TB) remote.Store {
	t.Helper()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIATESTKEY", "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-test", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} {
		if tt, ok := t.(*testing.T); ok {
			tt.Setenv(name, value)
		}
	}
	return destination(t, "s3://"+bucketName, remote.S3Options{Endpoint: s.URL, Attempts: 1})
}

func (s *server) seen() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Clone(s.requests)
}

func (s *server) forget() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.requests, s.count = nil, 0
}

// dying says which requests the server dies at, also while one that was given up
// is still on its way.
func (s *server) dying(at func(i int, request string) death) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.dies = at
}

// holding are the objects there are, and holds puts others in their place.
func (s *server) holding() map[string]object {
	s.lock.Lock()
	defer s.lock.Unlock()
	return maps.Clone(s.objects)
}

func (s *server) holds(objects map[string]object) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.objects = maps.Clone(objects)
}

// alter gives an object other content, as whoever may write to the bucket can.
func (s *server) alter(key string, data []byte) {
	s.lock.Lock()
	defer s.lock.Unlock()
	o := s.objects[key]
	o.data = data
	s.objects[key] = o
}

// before runs something once, ahead of a request.
func (s *server) before(request string, do func()) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.hooks[request] = do
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"+bucketName), "/")
	request := r.Method + " " + key
	s.lock.Lock()
	hook := s.hooks[request]
	delete(s.hooks, request)
	s.lock.Unlock()
	if hook != nil {
		hook()
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.requests = append(s.requests, request)
	s.count++
	fate := lives
	if s.dies != nil {
		fate = s.dies(s.count, request)
	}
	if fate == before {
		panic(http.ErrAbortHandler)
	}
	answer := httptest.NewRecorder()
	s.answer(answer, r, key, body)
	if fate == after {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (s *server) answer(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	query := r.URL.Query()
	switch upload := query.Get("uploadId"); {
	case key == "":
		s.list(w, query.Get("prefix"))
	case r.Method == http.MethodPost && query.Has("uploads"):
		id := fmt.Sprint(len(s.uploads) + 1)
		s.uploads[id] = map[string][]byte{}
		s.objects["\x00"+id] = object{header: noted(r)}
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
			UploadId string
		}{UploadId: id})
	case r.Method == http.MethodPut && upload != "":
		s.uploads[upload][fmt.Sprintf("%05s", query.Get("partNumber"))] = body
		w.Header().Set("ETag", tagOf(body))
	case r.Method == http.MethodPost && upload != "":
		var whole []byte
		for _, part := range slices.Sorted(maps.Keys(s.uploads[upload])) {
			whole = append(whole, s.uploads[upload][part]...)
		}
		s.keep(key, whole, s.objects["\x00"+upload].header)
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName xml.Name `xml:"CompleteMultipartUploadResult"`
			ETag    string
		}{ETag: tagOf(whole)})
	case r.Method == http.MethodDelete:
		delete(s.uploads, upload)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		s.put(w, r, key, body)
	default:
		s.get(w, key)
	}
}

func (s *server) put(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	there, ok := s.objects[key]
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch from := r.Header.Get("X-Amz-Copy-Source"); {
	case s.ignorant && (match != "" || none != "" || from != ""):
		refusal(w, http.StatusNotImplemented, "NotImplemented")
	case match != "" && (!ok || tagOf(there.data) != match), none == "*" && ok:
		refusal(w, http.StatusPreconditionFailed, "PreconditionFailed")
	case from != "":
		original := s.objects[strings.TrimPrefix(from, bucketName+"/")]
		s.keep(key, original.data, noted(r))
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName xml.Name `xml:"CopyObjectResult"`
			ETag    string
		}{ETag: tagOf(original.data)})
	default:
		s.keep(key, body, noted(r))
		w.Header().Set("ETag", tagOf(body))
	}
}

func (s *server) keep(key string, data []byte, header http.Header) {
	s.clock = s.clock.Add(time.Second)
	s.objects[key] = object{data, header, s.clock}
}

func (s *server) get(w http.ResponseWriter, key string) {
	there, ok := s.objects[key]
	if !ok {
		refusal(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	maps.Copy(w.Header(), there.header)
	w.Header().Set("ETag", tagOf(there.data))
	w.Header().Set("Content-Length", fmt.Sprint(len(there.data)))
	_, _ = w.Write(there.data)
}

func (s *server) list(w http.ResponseWriter, prefix string) {
	type content struct {
		Key, ETag    string
		Size         int
		LastModified time.Time
	}
	out := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Contents              []content
		IsTruncated           bool
		NextContinuationToken string
	}{IsTruncated: s.endless, NextContinuationToken: "on"}
	for key, o := range s.objects {
		if key[0] != 0 && strings.HasPrefix(key, prefix) {
			out.Contents = append(out.Contents, content{key, tagOf(o.data), len(o.data), o.modified})
		}
	}
	_ = xml.NewEncoder(w).Encode(out)
}

func refusal(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
}

// noted are the headers that are given back with the object.
func noted(r *http.Request) http.Header {
	h := http.Header{}
	for name, values := range r.Header {
		if name == "Cache-Control" || name == "Content-Type" || strings.HasPrefix(name, "X-Amz-Meta-") {
			h[name] = values
		}
	}
	return h
}

func tagOf(b []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(b)) }
