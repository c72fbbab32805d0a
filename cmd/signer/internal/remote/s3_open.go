//go:build !airgap

package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3Options say where a bucket is. Credentials are those that every AWS tool
// finds: the AWS_… variables, the profiles of ~/.aws, or what the machine has.
type S3Options struct {
	Endpoint string // "https://…"; empty: AWS, or what AWS_ENDPOINT_URL says
	Region   string // empty: that of the environment, else us-east-1
	Profile  string // of ~/.aws
	// VirtualHost puts the bucket's name before the endpoint's. Without it, an
	// endpoint that was given has it in the path, as MinIO and others want it.
	VirtualHost bool
	Attempts    int           // of each request; 0: 6
	Stall       time.Duration // ends a connection on which nothing moves; 0: one minute
}

// defaultRegion: Cloudflare R2 takes it for "auto", and servers of one's own for
// theirs.
const defaultRegion = "us-east-1"

// ErrUsage means a place that is not written as one.
var ErrUsage = errors.New("not a place that a repository can be in")

// OpenStore opens "s3://bucket/prefix", or a folder. Nothing is asked of a server
// yet.
func OpenStore(ctx context.Context, name string, o S3Options) (Store, error) {
	scheme, rest, isURL := strings.Cut(name, "://")
	switch {
	case isURL && scheme == "s3":
		return openBucket(ctx, rest, o)
	case isURL:
		return nil, fmt.Errorf("%q: %w: want s3://BUCKET or a folder", name, ErrUsage)
	}
	return openFolder(name)
}

// IsBucket reports whether a place is one that OpenStore takes for a bucket.
func IsBucket(name string) bool { return strings.HasPrefix(name, "s3://") }

// bucketName is what all S3 servers take.
var bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$`)

func openBucket(ctx context.Context, place string, o S3Options) (*bucket, error) {
	name, prefix, _ := strings.Cut(place, "/")
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		if !properName(prefix) {
			return nil, fmt.Errorf("s3://%s: %w: not a prefix", name, ErrUsage)
		}
		prefix += "/"
	}
	if !bucketName.MatchString(name) { // it may be anything: also a key and its secret
		return nil, fmt.Errorf("s3://…: %w: not the name of a bucket", ErrUsage)
	}
	if err := checkEndpoint(o.Endpoint); err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, o.load()...)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	client := s3.NewFromConfig(cfg, func(s *s3.Options) {
		if o.Endpoint != "" {
			s.BaseEndpoint = &o.Endpoint
		}
		s.UsePathStyle = s.BaseEndpoint != nil && !o.VirtualHost
		// Servers that are not AWS refuse or store the newer checksums.
		s.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		s.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		s.DisableLogOutputChecksumValidationSkipped = true
	})
	return &bucket{name: name, prefix: prefix, client: client, buffers: newBuffers()}, nil
}

// checkEndpoint: what stands in a URL ends up in errors and logs, so no password
// may.
func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("--endpoint-url: %w: want https://HOST", ErrUsage)
	}
	if u.User != nil || u.RawQuery != "" {
		return fmt.Errorf("--endpoint-url: %w: credentials do not belong there", ErrUsage)
	}
	return nil
}

func (o S3Options) load() []func(*config.LoadOptions) error {
	options := []func(*config.LoadOptions) error{
		config.WithDefaultRegion(defaultRegion),
		config.WithHTTPClient(newClient(o.stall())),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(s *retry.StandardOptions) {
				s.MaxAttempts = o.attempts()
				s.MaxBackoff = 10 * time.Second
			})
		}),
	}
	if o.Region != "" {
		options = append(options, config.WithRegion(o.Region))
	}
	if o.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Endpoint != "" && !strings.Contains(o.Endpoint, ".amazonaws.com") {
		// A machine of AWS has no credentials for other servers: do not wait for it.
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	return options
}

func (o S3Options) attempts() int {
	if o.Attempts > 0 {
		return o.Attempts
	}
	return 6
}

func (o S3Options) stall() time.Duration {
	if o.Stall > 0 {
		return o.Stall
	}
	return time.Minute
}

// newClient keeps as many connections as there are jobs: the default of two
// for each host opens a new one for nearly every request.
func newClient(stall time.Duration) *awshttp.BuildableClient {
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return stalling{c, stall}, nil
		}
		t.TLSHandshakeTimeout = 15 * time.Second
		t.ResponseHeaderTimeout = stall
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 256
		t.WriteBufferSize, t.ReadBufferSize = 64<<10, 64<<10
	})
}

// stalling is a connection that ends when nothing moves for a while. However long
// a transfer takes, it goes on while bytes do.
type stalling struct {
	net.Conn
	after time.Duration
}

func (s stalling) Read(p []byte) (int, error) {
	if err := s.SetReadDeadline(time.Now().Add(s.after)); err != nil {
		return 0, err
	}
	return s.Conn.Read(p)
}

func (s stalling) Write(p []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(s.after)); err != nil {
		return 0, err
	}
	return s.Conn.Write(p)
}
