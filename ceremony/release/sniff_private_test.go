package release

import (
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// TestAddNeverPublishesKeys: neither by mistake nor by force, and other files of
// JSON or PEM are targets like any.
func TestAddNeverPublishesKeys(t *testing.T) {
	dir := initialized(t)
	before := contents(t, dir)
	pem := func(kind string) string {
		return builtFrom(t, "pem", []byte("\n-----BEGIN "+kind+"-----\nAAAA\n-----END "+kind+"-----\n"))
	}
	for what, file := range map[string]string{
		"locked":  filepath.Join(dir, "keys", "targets.json"),
		"plain":   builtFrom(t, "plain", []byte(`{"encrypted":false,"data":[]}`)),
		"PKCS #8": pem("PRIVATE KEY"),
		"OpenSSH": pem("OPENSSH PRIVATE KEY"),
	} {
		for _, force := range []bool{false, true} {
			p := &phrases{}
			_, err := tryAdd(t, dir, testOptions("updates add"), AddOptions{Force: force}, p, orbit(file))
			if !errors.Is(err, ErrPrivate) || strings.Contains(err.Error(), "--force") || len(p.asked) > 0 {
				t.Errorf("%s, force %v: %v, asked for %q", what, force, err, p.asked)
			}
		}
	}
	if !maps.Equal(before, contents(t, dir)) {
		t.Error("something was changed")
	}
	for _, file := range []string{pem("CERTIFICATE"), builtFrom(t, "config", []byte(`{"encrypted":true}`)), builtFrom(t, "none", []byte("{}"))} {
		added(t, dir, orbit(file))
	}
}
