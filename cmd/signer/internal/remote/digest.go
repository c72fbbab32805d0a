//go:build !airgap

package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
)

// Digest is one of content: "sha512:" and 128 hex digits, or "sha256:" and 64
// where metadata has no other.
type Digest string

// digestIn is the strongest digest of those that metadata lists.
func digestIn(hashes map[string][]byte) Digest {
	for _, name := range []string{"sha512", "sha256"} {
		if sum, ok := hashes[name]; ok {
			if h, _ := Digest(name + ":").hash(); len(sum) == h.Size() {
				return digestFrom(name, sum)
			}
		}
	}
	return ""
}

func digestFrom(name string, sum []byte) Digest {
	return Digest(name + ":" + hex.EncodeToString(sum))
}

// parseDigest reads one that was noted; what is none is the zero value.
func parseDigest(s string) Digest {
	name, digits, _ := strings.Cut(s, ":")
	h, known := Digest(name + ":").hash()
	sum, err := hex.DecodeString(digits)
	if !known || err != nil || len(sum) != h.Size() {
		return ""
	}
	return digestFrom(name, sum)
}

// hash is the function that the digest is of.
func (d Digest) hash() (h hash.Hash, known bool) {
	switch name, _, _ := strings.Cut(string(d), ":"); name {
	case "sha512":
		return sha512.New(), true
	case "sha256":
		return sha256.New(), true
	}
	return sha512.New(), false
}

// hex is the digest as it stands in the names of consistent snapshots.
func (d Digest) hex() string {
	_, digits, _ := strings.Cut(string(d), ":")
	return digits
}

// ContentOf is content that lies in memory.
func ContentOf(b []byte) Content {
	sum := sha512.Sum512(b)
	return Content{Size: int64(len(b)), Digest: digestFrom("sha512", sum[:]), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b)), nil
	}}
}

// verifying passes bytes on, and has an error in place of the end when they are
// not the content.
type verifying struct {
	io.ReadCloser
	want Content
	hash hash.Hash
	n    int64
	sent func(int64)
}

func (c Content) verified(ctx context.Context, sent func(int64)) (*verifying, error) {
	r, err := c.Open(ctx)
	if err != nil {
		return nil, err
	}
	h, _ := c.Digest.hash()
	return &verifying{ReadCloser: r, want: c, hash: h, sent: sent}, nil
}

func (v *verifying) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.hash.Write(p[:n])
	if v.n += int64(n); v.n > v.want.Size {
		return n, fmt.Errorf("%w: more than %d bytes", ErrDigest, v.want.Size)
	}
	if v.sent != nil {
		v.sent(int64(n))
	}
	if err == io.EOF {
		if bad := v.ended(); bad != nil {
			return n, bad
		}
	}
	return n, err
}

func (v *verifying) ended() error {
	name, _, _ := strings.Cut(string(v.want.Digest), ":")
	got := digestFrom(name, v.hash.Sum(nil))
	switch {
	case v.n != v.want.Size:
		return fmt.Errorf("%w: %d bytes, and %d are listed", ErrDigest, v.n, v.want.Size)
	case got != v.want.Digest:
		return fmt.Errorf("%w: %s, and %s is listed", ErrDigest, got, v.want.Digest)
	}
	return nil
}

// verify reads the content once, and keeps nothing of it.
func (c Content) verify(ctx context.Context, sent func(int64)) (err error) {
	r, err := c.verified(ctx, sent)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // it was only read
	buffer := make([]byte, min(c.Size+1, 256<<10))
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := r.Read(buffer); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
