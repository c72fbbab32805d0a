// Command s3 is versitygw, a server of the S3 protocol that stores objects as
// files, on the loopback interface and for one test:
//
//	s3 FOLDER ACCESS SECRET BUCKET…
//
// Each bucket is a folder below FOLDER. Everybody may read what is in one and
// learn what is not, as updates are published: computers in the field have no
// key, and look for the next root until they are told 404. The address is
// printed once requests are answered. The server ends when its input does, so
// that none outlives a test that was killed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: s3 FOLDER ACCESS SECRET BUCKET…")
		os.Exit(2)
	}
	answer := os.Stdout
	os.Stdout = os.Stderr // the server says there what it does
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := run(ctx, answer, os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, answer io.Writer, folder, access, secret string, buckets []string) error {
	storage, err := open(folder)
	if err != nil {
		return err
	}
	for _, bucket := range buckets {
		if err := create(ctx, storage, bucket, access); err != nil {
			return fmt.Errorf("create bucket %s: %w", bucket, err)
		}
	}
	address, err := free()
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, storage, &embedgw.Config{
		RootUserAccess: access, RootUserSecret: secret, Region: "us-east-1",
		Ports:          []string{address},
		MaxConnections: 4096, MaxRequests: 2048, MultipartMaxParts: 10000,
		KeepAlive: true, Quiet: true,
		S3Options: []s3api.Option{s3api.WithOnListen(func() { fmt.Fprintln(answer, "http://"+address) })},
	})
}

// open keeps what is known of an object with its file, or in a folder beside
// where the file system has no extended attributes.
func open(folder string) (*posix.Posix, error) {
	options := posix.PosixOpts{CopyObjectThreshold: 5 << 30} // what S3 copies; zero would refuse every copy
	files := filepath.Join(folder, "buckets")
	if err := os.Mkdir(files, 0o755); err != nil {
		return nil, err
	}
	if (meta.XattrMeta{}).Test(files) == nil {
		return posix.New(files, meta.XattrMeta{}, options)
	}
	beside := filepath.Join(folder, "attributes")
	if err := os.Mkdir(beside, 0o755); err != nil {
		return nil, err
	}
	attributes, err := meta.NewSideCar(beside)
	if err != nil {
		return nil, err
	}
	return posix.New(files, attributes, options)
}

func create(ctx context.Context, storage *posix.Posix, bucket, owner string) error {
	acl, err := json.Marshal(auth.ACL{Owner: owner})
	if err != nil {
		return err
	}
	err = storage.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    &bucket,
		ObjectOwnership:           types.ObjectOwnershipBucketOwnerEnforced,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{},
	}, acl)
	if err != nil {
		return err
	}
	return storage.PutBucketPolicy(ctx, bucket, fmt.Appendf(nil, readable, bucket))
}

// readable is a bucket policy. Storage that hides from a reader what the bucket
// holds answers 403 for what is absent, which stops orbit: hence ListBucket.
const readable = `{"Version": "2012-10-17", "Statement": [
	{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::%[1]s/*"},
	{"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::%[1]s"}]}`

// free is an address that nobody listens at: the server does not say which port
// it got.
func free() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
