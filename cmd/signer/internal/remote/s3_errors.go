//go:build !airgap

package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// errNoCredentials: the library says where it looked, in a paragraph.
var errNoCredentials = errors.New("no credentials were found")

// plain is an error of the S3 library in a few words: what the server said, or
// what happened on the way. What else the library tells (request ids, hosts, its
// own operations) helps nobody here.
func plain(err error) error {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return fromServer(answer, statusOf(err))
	}
	if status := statusOf(err); status == http.StatusNotFound {
		return fs.ErrNotExist
	} else if status >= 300 {
		return fmt.Errorf("the server answered %d %s", status, http.StatusText(status))
	}
	if strings.Contains(err.Error(), "get credentials") {
		return Hinted{errNoCredentials, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile: --profile"}
	}
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		err = operation.Err
	}
	var sending *awshttp.ResponseError
	if errors.As(err, &sending) {
		err = sending.Err
	}
	var canceled *smithy.CanceledError
	if errors.As(err, &canceled) || errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return err
}

func fromServer(answer smithy.APIError, status int) error {
	code, said := answer.ErrorCode(), answer.ErrorMessage()
	if hint := hints()[code]; hint != "" {
		return Hinted{fmt.Errorf("the server says %s (%s)", code, said), hint}
	}
	switch {
	case code == "NoSuchKey" || code == "NotFound":
		return fs.ErrNotExist
	case status == http.StatusPreconditionFailed:
		return ErrChanged
	case said == "" || said == code:
		return fmt.Errorf("the server says %s", code)
	}
	return fmt.Errorf("the server says %s (%s)", code, said)
}

func hints() map[string]string {
	return map[string]string{
		"NoSuchBucket":          "make the bucket first, or look at --endpoint-url and --region",
		"AccessDenied":          "the credentials lack a permission: s3:ListBucket on the bucket, s3:GetObject and s3:PutObject on what is in it",
		"InvalidAccessKeyId":    "look at AWS_ACCESS_KEY_ID or the profile: they are of another server",
		"SignatureDoesNotMatch": "look at AWS_SECRET_ACCESS_KEY, and at --region",
		"RequestTimeTooSkewed":  "this computer's clock is wrong",
		"PermanentRedirect":     "the bucket is in another region: --region",
		"ExpiredToken":          "the credentials are no longer good: get new ones",
	}
}

func statusOf(err error) int {
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// isConflict reports whether a condition did not hold: 412, and 409 when another
// request for the same file was on its way.
func isConflict(err error) bool {
	status := statusOf(err)
	return status == http.StatusPreconditionFailed || status == http.StatusConflict
}

// isUnknown reports whether the server does not know what was asked of it.
func isUnknown(err error) bool {
	var answer smithy.APIError
	return statusOf(err) == http.StatusNotImplemented || errors.As(err, &answer) && answer.ErrorCode() == "NotImplemented"
}

// Hinted is an error with what to do about it.
type Hinted struct {
	Err  error
	Hint string
}

func (h Hinted) Error() string { return h.Err.Error() }
func (h Hinted) Unwrap() error { return h.Err }

// HintOf is what to do about an error; empty where nobody knows.
func HintOf(err error) string {
	var h Hinted
	if errors.As(err, &h) {
		return h.Hint
	}
	return ""
}

// brokenOff is an answer that ended early. The library asks again for a request,
// and no longer once the answer has begun.
type brokenOff struct{ error }

func (b brokenOff) Unwrap() error { return b.error }

// again repeats what broke off, a few times.
func again(ctx context.Context, read func() error) error {
	for attempt := 1; ; attempt++ {
		err := read()
		if !errors.As(err, new(brokenOff)) || attempt == 4 {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Duration(attempt) * 200 * time.Millisecond):
		}
	}
}
