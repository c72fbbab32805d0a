package keyring

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ulikunitz/xz"

	"signer/image/debian"
)

// A mirror that signs with its own key gets nothing into a lock; the same mirror
// with Debian's signature does, and what is fetched is what was signed.
func TestOnlyWhatTheRingSignedIsLocked(t *testing.T) {
	debians, others := newEntity(t), newEntity(t)
	ring, err := Open(publicFile(t, debians))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		signer *openpgp.Entity
		want   error
	}{{"Debian's key", debians, nil}, {"another key", others, ErrSignature}} {
		server := httptest.NewServer(http.FileServer(http.Dir(makeMirror(t, c.signer))))
		defer server.Close()
		mirror, err := debian.OpenMirror(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		wants := []debian.Want{{Name: "shim-signed", Arch: "amd64", Suites: []string{"trixie"}}}
		lock, err := mirror.Resolve(t.Context(), wants, ring)
		if !errors.Is(err, c.want) || (len(lock) == 1) != (c.want == nil) {
			t.Errorf("%s: %v, error %v, want %v", c.name, lock, err, c.want)
		}
		for _, p := range lock {
			fetchIt(t, mirror, p)
		}
	}
}

const content = "the package"

func fetchIt(t *testing.T, mirror debian.Mirror, p debian.Package) {
	t.Helper()
	path, err := mirror.Fetch(context.Background(), t.TempDir(), p)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != content {
		t.Errorf("%q %v", data, err)
	}
}

// makeMirror is a mirror with one suite of one package.
func makeMirror(t *testing.T, signer *openpgp.Entity) string {
	t.Helper()
	var index bytes.Buffer
	w, err := xz.NewWriter(&index)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Fprintf(w, "Package: shim-signed\nVersion: 1.51-1\nArchitecture: amd64\nFilename: pool/main/s/shim.deb\nSize: %d\nSHA256: %x\n",
		len(content), sha256.Sum256([]byte(content)))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	release := fmt.Sprintf("Suite: stable\nCodename: trixie\nDate: %s UTC\nSHA256:\n %x %d main/binary-amd64/Packages.xz\n",
		time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05"), sha256.Sum256(index.Bytes()), index.Len())
	root := t.TempDir()
	write(t, root, "debian/dists/trixie/InRelease", sign(t, release, nil, signer))
	write(t, root, "debian/dists/trixie/main/binary-amd64/Packages.xz", index.String())
	write(t, root, "debian/pool/main/s/shim.deb", content)
	return root
}

func write(t *testing.T, root, name, data string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(data), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func newEntity(t *testing.T) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity("test", "", "", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicFile(t *testing.T, key *openpgp.Entity) string {
	t.Helper()
	var b strings.Builder
	if err := key.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "ring.gpg", b.String())
	return filepath.Join(dir, "ring.gpg")
}
