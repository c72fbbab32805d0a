//go:build !airgap

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/ceremony/tuf"
)

// bucket is an S3-compatible bucket, or what lies below a prefix in one, as a
// store.
type bucket struct {
	name, prefix  string // the prefix is empty, or ends in a slash
	client        *s3.Client
	buffers       buffers
	unconditional atomic.Bool // the server has said that it knows no conditions
	noCopies      atomic.Bool // the server has refused to copy
}

// digestNote is the metadata under which an upload notes what it holds.
const digestNote = "digest"

func (b *bucket) String() string {
	return "s3://" + strings.TrimSuffix(b.name+"/"+b.prefix, "/")
}

func (b *bucket) key(name string) *string { return aws.String(b.prefix + name) }

// List implements Store: a request for each thousand files.
func (b *bucket) List(ctx context.Context) ([]Object, error) {
	var list []Object
	seen, token := 0, "" // also names that are none, and pages without any: a listing ends
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: aws.String(b.prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", b, plain(err))
		}
		for _, o := range page.Contents {
			name, below := strings.CutPrefix(aws.ToString(o.Key), b.prefix)
			if below && properName(name) {
				list = append(list, Object{Name: name, Size: aws.ToInt64(o.Size), Tag: aws.ToString(o.ETag), Modified: aws.ToTime(o.LastModified)})
			}
		}
		next := aws.ToString(page.NextContinuationToken)
		if next != "" && next == token {
			return nil, fmt.Errorf("list %s: %w: the server gives one page again and again", b, tuf.ErrTooLarge)
		}
		token = next
		if seen += max(1, len(page.Contents)); seen > maxObjects {
			return nil, fmt.Errorf("list %s: %w: more than %d files", b, tuf.ErrTooLarge, maxObjects)
		}
	}
	return list, nil
}

// Read implements Store.
func (b *bucket) Read(ctx context.Context, name string, limit int64) ([]byte, string, error) {
	var read []byte
	var tag string
	err := again(ctx, func() error {
		out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: b.key(name)})
		if err != nil {
			return plain(err)
		}
		read, err = readAtMost(out.Body, limit)
		tag = aws.ToString(out.ETag)
		if err = errors.Join(err, out.Body.Close()); err != nil && !errors.Is(err, tuf.ErrTooLarge) {
			return brokenOff{plain(err)}
		}
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("read %q of %s: %w", name, b, err)
	}
	return read, tag, nil
}

// Open implements Store.
func (b *bucket) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: b.key(name)})
	if err != nil {
		return nil, fmt.Errorf("read %q of %s: %w", name, b, plain(err))
	}
	return body{out.Body, fmt.Sprintf("read %q of %s", name, b)}, nil
}

// body says what was read when reading breaks off.
type body struct {
	io.ReadCloser
	doing string
}

func (r body) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = brokenOff{fmt.Errorf("%s: %w", r.doing, plain(err))}
	}
	return n, err
}

// Look implements Store.
func (b *bucket) Look(ctx context.Context, name string) (Object, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: b.key(name)})
	if err != nil {
		return Object{}, fmt.Errorf("look at %q of %s: %w", name, b, plain(err))
	}
	return Object{Name: name, Size: aws.ToInt64(out.ContentLength), Tag: aws.ToString(out.ETag), Digest: parseDigest(out.Metadata[digestNote])}, nil
}

// Put implements Store.
func (b *bucket) Put(ctx context.Context, name string, c Content, how How) (Object, error) {
	o, err := b.put(ctx, name, c, how)
	if err != nil {
		return Object{}, fmt.Errorf("write %q to %s: %w", name, b, err)
	}
	return o, nil
}

func (b *bucket) put(ctx context.Context, name string, c Content, how How) (Object, error) {
	if !properName(name) {
		return Object{}, tuf.ErrNotFile
	}
	if c.Size > partSize && how.unconditional() {
		return b.putParts(ctx, name, c, how)
	}
	buffer, release, err := b.buffers.get(ctx, c.Size)
	if err != nil {
		return Object{}, err
	}
	defer release()
	whole, err := c.into(ctx, buffer)
	if err != nil {
		return Object{}, err
	}
	return b.putWhole(ctx, name, whole, c, how)
}

// putWhole sends what lies in memory, in one request.
func (b *bucket) putWhole(ctx context.Context, name string, whole []byte, c Content, how How) (Object, error) {
	in := &s3.PutObjectInput{Bucket: &b.name, Key: b.key(name), Body: bytes.NewReader(whole), ContentLength: aws.Int64(c.Size),
		CacheControl: text(how.CacheControl), ContentType: text(how.ContentType), Metadata: noted(c)}
	if err := b.condition(ctx, name, c.Size, how, &in.IfMatch, &in.IfNoneMatch); err != nil {
		return Object{}, err
	}
	out, err := b.client.PutObject(ctx, in)
	if conditional := in.IfMatch != nil || in.IfNoneMatch != nil; err != nil && conditional && isUnknown(err) {
		b.unconditional.Store(true)
		return b.putWhole(ctx, name, whole, c, how)
	} else if err != nil && conditional && isConflict(err) {
		return b.settle(ctx, name, whole)
	}
	if err != nil {
		return Object{}, plain(err)
	}
	how.sent(c.Size)
	return Object{Name: name, Size: c.Size, Tag: aws.ToString(out.ETag), Digest: c.Digest}, nil
}

// condition sets the headers that compare and write in one step. Where the server
// knows none, what is there is looked at right before; and where much would be
// sent to be refused, which some servers do by hanging up.
func (b *bucket) condition(ctx context.Context, name string, size int64, how How, match, noneMatch **string) error {
	known := !b.unconditional.Load()
	switch {
	case how.unconditional():
		return nil
	case known && how.Absent:
		*noneMatch = aws.String("*")
	case known:
		*match = aws.String(how.Tag)
	}
	if known && size <= partSize {
		return nil
	}
	there, err := b.Look(ctx, name)
	switch gone := errors.Is(err, fs.ErrNotExist); {
	case gone && how.Absent:
		return nil
	case err != nil && !gone:
		return err
	case gone || how.Absent || there.Tag != how.Tag:
		return ErrChanged
	}
	return nil
}

// settle finds out what a refused condition means: a request whose answer was
// lost is sent again, and then meets what it wrote itself.
func (b *bucket) settle(ctx context.Context, name string, whole []byte) (Object, error) {
	there, tag, err := b.Read(ctx, name, int64(len(whole)))
	switch {
	case err == nil && bytes.Equal(there, whole):
		return Object{Name: name, Size: int64(len(whole)), Tag: tag}, nil
	case err == nil, errors.Is(err, tuf.ErrTooLarge), errors.Is(err, fs.ErrNotExist):
		return Object{}, ErrChanged
	}
	return Object{}, err
}

// Copy implements Store: the server copies what was put before.
func (b *bucket) Copy(ctx context.Context, from Object, name string, c Content, how How) (Object, error) {
	if b.noCopies.Load() || c.Size > maxCopy || from.Tag == "" {
		return Object{}, errNoCopy
	}
	out, err := b.client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &b.name, Key: b.key(name),
		CopySource:        aws.String(copySource(b.name + "/" + b.prefix + from.Name)),
		CopySourceIfMatch: aws.String(from.Tag), MetadataDirective: "REPLACE",
		CacheControl: text(how.CacheControl), ContentType: text(how.ContentType), Metadata: noted(c)})
	switch {
	case err != nil && statusOf(err) >= 400 && !isConflict(err):
		b.noCopies.Store(true) // servers refuse copies in many words: whether it may be sent is told when it is
		return Object{}, errNoCopy
	case err != nil && isConflict(err):
		return Object{}, errNoCopy // it is another by now
	case err != nil:
		return Object{}, fmt.Errorf("copy %q to %q in %s: %w", from.Name, name, b, plain(err))
	case out.CopyObjectResult == nil: // an answer without a body
		return Object{}, errNoCopy
	}
	how.sent(c.Size)
	return Object{Name: name, Size: c.Size, Tag: aws.ToString(out.CopyObjectResult.ETag), Digest: c.Digest}, nil
}

// copySource escapes a plus too, which servers read as a space there.
func copySource(name string) string {
	return strings.ReplaceAll((&url.URL{Path: name}).EscapedPath(), "+", "%2B")
}

// maxCopy is what S3 copies in one request.
const maxCopy = 5 << 30

func noted(c Content) map[string]string { return map[string]string{digestNote: string(c.Digest)} }

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
