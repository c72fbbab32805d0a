//go:build !airgap

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/ceremony/tuf"
)

const (
	partSize   = 8 << 20 // what is larger is sent in parts of this size
	maxParts   = 10_000  // S3's bound
	partsAhead = 4       // of one file, on their way at once
	inMemory   = 16      // buffers of this size there are in all: 128 MiB
)

// buffers bounds the memory that content takes on its way, whatever the number of
// jobs. What is small takes none.
type buffers chan []byte

const smallSize = 256 << 10

func newBuffers() buffers {
	b := make(buffers, inMemory)
	for range inMemory {
		b <- nil
	}
	return b
}

func (b buffers) get(ctx context.Context, size int64) (buffer []byte, release func(), err error) {
	if size <= smallSize || size > partSize { // large metadata goes in one piece, and one at a time
		return make([]byte, size), func() {}, nil
	}
	select {
	case buffer = <-b:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	if buffer == nil {
		buffer = make([]byte, partSize)
	}
	return buffer[:size], func() { b <- buffer }, nil
}

// parts is a file on its way in several parts. It appears when all are there, and
// only when they are what they should be together.
type parts struct {
	b      *bucket
	name   string
	id     *string
	how    How
	ctx    context.Context // ends when a part does not get through
	cancel context.CancelCauseFunc

	ways sync.WaitGroup
	room chan struct{}
	lock sync.Mutex
	done []types.CompletedPart
}

func (b *bucket) putParts(ctx context.Context, name string, c Content, how How) (Object, error) {
	if c.Size > partSize*maxParts {
		return Object{}, fmt.Errorf("%w: more than %d bytes", tuf.ErrTooLarge, partSize*maxParts)
	}
	begun, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &b.name, Key: b.key(name),
		CacheControl: text(how.CacheControl), ContentType: text(how.ContentType), Metadata: noted(c)})
	if err != nil {
		return Object{}, plain(err)
	}
	p := &parts{b: b, name: name, id: begun.UploadId, how: how, room: make(chan struct{}, partsAhead)}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	defer p.cancel(nil)
	o, err := p.send(c)
	if err != nil {
		p.abort(ctx)
		return Object{}, err
	}
	return o, nil
}

// send reads the content once: each part is hashed as it leaves.
func (p *parts) send(c Content) (Object, error) {
	err := p.sendAll(c)
	p.ways.Wait()
	if failed := context.Cause(p.ctx); failed != nil {
		err = failed // it is why reading ended
	}
	if err != nil {
		return Object{}, err
	}
	slices.SortFunc(p.done, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	out, err := p.b.client.CompleteMultipartUpload(p.ctx, &s3.CompleteMultipartUploadInput{Bucket: &p.b.name, Key: p.b.key(p.name),
		UploadId: p.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: p.done}})
	if err != nil {
		return p.settle(c, plain(err))
	}
	return Object{Name: p.name, Size: c.Size, Tag: aws.ToString(out.ETag), Digest: c.Digest}, nil
}

// settle finds out whether an upload is complete whose answer was lost: asked
// again, the server no longer knows it.
func (p *parts) settle(c Content, lost error) (Object, error) {
	there, err := p.b.Look(p.ctx, p.name)
	if err == nil && there.Size == c.Size && there.Digest == c.Digest {
		return there, nil
	}
	return Object{}, lost
}

func (p *parts) sendAll(c Content) error {
	from, err := c.verified(p.ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was only read
	for number := int32(1); ; number++ {
		select {
		case p.room <- struct{}{}:
		case <-p.ctx.Done():
			return context.Cause(p.ctx)
		}
		buffer, release, err := p.b.buffers.get(p.ctx, partSize)
		if err != nil {
			return err
		}
		n, err := io.ReadFull(from, buffer)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			release()
			return err
		}
		p.ways.Go(func() {
			defer func() { release(); <-p.room }()
			if n > 0 {
				p.part(number, buffer[:n])
			}
		})
		if err != nil {
			return from.ended()
		}
	}
}

func (p *parts) part(number int32, b []byte) {
	out, err := p.b.client.UploadPart(p.ctx, &s3.UploadPartInput{Bucket: &p.b.name, Key: p.b.key(p.name), UploadId: p.id,
		PartNumber: aws.Int32(number), Body: bytes.NewReader(b), ContentLength: aws.Int64(int64(len(b)))})
	if err != nil {
		p.cancel(plain(err))
		return
	}
	p.how.sent(int64(len(b)))
	p.lock.Lock()
	defer p.lock.Unlock()
	p.done = append(p.done, types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(number)})
}

// abort lets the server drop the parts, also when everything is being stopped.
func (p *parts) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, _ = p.b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &p.b.name, Key: p.b.key(p.name), UploadId: p.id}) // the first error is told
}

// into reads content into a buffer of its size.
func (c Content) into(ctx context.Context, buffer []byte) ([]byte, error) {
	r, err := c.verified(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was only read
	_, err = io.ReadFull(r, buffer)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || (err == io.EOF && len(buffer) > 0):
		return nil, r.ended()
	case err != nil && err != io.EOF:
		return nil, err
	}
	if n, err := r.Read(make([]byte, 1)); n > 0 || (err != nil && err != io.EOF) {
		return nil, errors.Join(fmt.Errorf("%w: more than %d bytes", ErrDigest, c.Size), err)
	}
	return buffer, r.ended()
}
