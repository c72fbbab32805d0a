package debian

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ulikunitz/xz"
)

// seal stands for signatures here: what begins with it is signed. Package keyring
// has the real ones, and their tests.
type seal struct{}

const sealed = "sealed\n"

func (seal) Text(signed []byte, _ time.Time) ([]byte, error) {
	text, ok := bytes.CutPrefix(signed, []byte(sealed))
	if !ok {
		return nil, errSeal
	}
	return text, nil
}

var errSeal = errors.New("no seal")

// testMirror is the files of a mirror, by paths.
type testMirror map[string]string

func (m testMirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := m[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write([]byte(text))
}

const dateForm = "Mon, 02 Jan 2006 15:04:05 UTC"

// add puts a suite into the mirror; extra are further lines of its Release file.
func (m testMirror) add(t *testing.T, suite, extra string, byHash bool, index map[string]string) {
	t.Helper()
	folder := "/" + archiveOf(suite) + "/dists/" + suite + "/"
	var files strings.Builder
	for arch, text := range index {
		packed := pack(t, text)
		name := "main/binary-" + arch
		fmt.Fprintf(&files, " %x %d %s/Packages.xz\n", sha256.Sum256([]byte(packed)), len(packed), name)
		m[folder+name+"/Packages.xz"] = packed
		if byHash {
			m[folder+name+"/by-hash/SHA256/"+fmt.Sprintf("%x", sha256.Sum256([]byte(packed)))] = packed
			m[folder+name+"/Packages.xz"] = "the next one, a moment later"
			extra += "Acquire-By-Hash: yes\n"
		}
	}
	m[folder+"InRelease"] = sealed + "Suite: stable\nCodename: " + suite + "\nDate: " +
		time.Now().UTC().Add(-time.Hour).Format(dateForm) + "\n" + extra + "MD5Sum:\n 00 1 main/x\nSHA256:\n" + files.String()
}

func pack(t testing.TB, text string) string {
	t.Helper()
	var b strings.Builder
	w, err := xz.WriterConfig{DictCap: 1 << 16}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func entry(name, version, arch string) string {
	return fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\nDescription: text\n more text\nFilename: pool/main/%s_%s_%s.deb\nSize: 7\nSHA256: %x\n\n",
		name, version, arch, name, version, arch, sha256.Sum256([]byte(name+version+arch)))
}

func (m testMirror) open(t *testing.T) Mirror {
	t.Helper()
	opened, _ := serve(t, m.ServeHTTP)
	return opened
}

var (
	all    = []string{"trixie", "trixie-updates", "trixie-security"}
	kernel = Want{Pattern: regexp.MustCompile(`linux-image-6\.12\.[0-9.]+\+deb13(\.\d+)?-amd64`), Arch: "amd64", Suites: all}
)

func fullMirror(t *testing.T) testMirror {
	m := testMirror{}
	m.add(t, "trixie", "", true, map[string]string{
		"amd64": entry("linux-image-6.12.90+deb13-amd64", "6.12.90-1", "amd64") + entry("linux-image-6.12.90+deb13-cloud-amd64", "6.12.90-1", "amd64") +
			entry("grub-efi-amd64-signed", "1+2.12+9", "amd64") + entry("grub-efi-amd64-signed", "1+2.12+9+deb13u1", "amd64") + entry("xkb-data", "2.42-1", "all"),
		"arm64": entry("xkb-data", "2.42-1", "all") + entry("shim-signed", "1.51-1", "arm64")})
	m.add(t, "trixie-updates", "Valid-Until: "+time.Now().UTC().Add(time.Hour).Format(dateForm)+"\n", false, map[string]string{"amd64": entry("xkb-data", "2.42-1", "all"), "arm64": ""})
	m.add(t, "trixie-security", "", false, map[string]string{
		"amd64": entry("linux-image-6.12.107+deb13-amd64", "6.12.107-1", "amd64") + entry("linux-image-6.12.99+deb13-amd64", "6.12.99-1", "amd64") +
			entry("linux-image-6.12.200+deb13-rt-amd64", "6.12.200-1", "amd64") + entry("linux-image-6.12.200+deb13-amd64-dbg", "6.12.200-1", "amd64") +
			entry("grub-efi-amd64-signed", "1+2.12+8", "amd64"), "arm64": ""})
	return m
}

func TestResolveTakesTheNewestAndNamesItsSuite(t *testing.T) {
	m := fullMirror(t).open(t)
	lock, err := m.Resolve(t.Context(), []Want{kernel,
		{Name: "xkb-data", Arch: "arm64", Suites: all}, {Name: "xkb-data", Arch: "amd64", Suites: all},
		{Name: "grub-efi-amd64-signed", Arch: "amd64", Suites: all}, {Name: "shim-signed", Arch: "arm64", Suites: all}}, seal{})
	if err != nil {
		t.Fatal(err)
	}
	var have strings.Builder
	for _, p := range lock {
		fmt.Fprintf(&have, "%s from %s of %s\n", p, p.Suite, p.Archive)
		if p.SHA256 != sha256.Sum256([]byte(p.Name+p.Version+p.Arch)) || p.Path != "pool/main/"+p.Name+"_"+p.Version+"_"+p.Arch+".deb" {
			t.Errorf("%s: %x %s", p, p.SHA256, p.Path)
		}
	}
	const want = `grub-efi-amd64-signed 1+2.12+9+deb13u1 amd64 from trixie of debian
linux-image-6.12.107+deb13-amd64 6.12.107-1 amd64 from trixie-security of debian-security
shim-signed 1.51-1 arm64 from trixie of debian
xkb-data 2.42-1 all from trixie of debian
`
	if have.String() != want {
		t.Errorf("resolved\n%swant\n%s", have.String(), want)
	}
}

func TestResolveRefusesWhatIsNotDebians(t *testing.T) {
	const release, index = "/debian/dists/trixie/InRelease", "/debian/dists/trixie-updates/main/binary-amd64/Packages.xz"
	ago := func(d time.Duration) string { return time.Now().UTC().Add(-d).Format(dateForm) }
	replace := func(name, old, with string) func(*testing.T, testMirror) {
		return func(t *testing.T, m testMirror) {
			if !strings.Contains(m[name], old) {
				t.Fatalf("%s has no %q", name, old)
			}
			m[name] = strings.Replace(m[name], old, with, 1)
		}
	}
	for _, c := range []struct {
		name  string
		alter func(*testing.T, testMirror)
		is    error
		want  string
	}{
		{"not signed", replace(release, sealed, ""), errSeal, "release file of trixie"},
		{"another suite", func(_ *testing.T, m testMirror) { m[release] = m["/debian/dists/trixie-updates/InRelease"] }, ErrRelease, `it is of "trixie-updates"`},
		{"security in place of it", func(_ *testing.T, m testMirror) { m[release] = m["/debian-security/dists/trixie-security/InRelease"] }, ErrRelease, `"trixie-security"`},
		{"expired", replace(release, "MD5Sum:", "Valid-Until: "+ago(time.Minute)+"\nMD5Sum:"), ErrExpired, "clock"},
		{"from the future", replace(release, "Date: ", "Date: "+ago(-48*time.Hour)+"\nOld: "), ErrExpired, "clock"},
		{"without date", replace(release, "Date: ", "Data: "), ErrRelease, "field Date"},
		{"a date of another zone", replace(release, " UTC\n", " PST\n"), ErrRelease, "not in UTC"},
		{"a date that is none", replace(release, "MD5Sum:", "Valid-Until: tomorrow UTC\nMD5Sum:"), nil, "field Valid-Until"},
		{"two parts", replace(release, "MD5Sum:", "\nMD5Sum:"), ErrRelease, "more than one part"},
		{"no SHA-256", replace(release, "SHA256:", "SHA1:"), ErrRelease, "no index"},
		{"a digest that is none", replace(release, "SHA256:\n", "SHA256:\n 00 1 main/x\n"), nil, "64 digits"},
		{"a size that is none", replace(release, "SHA256:\n", "SHA256:\n "+strings.Repeat("00", 32)+" -1 main/x\n"), ErrRelease, "size"},
		{"an altered index", func(t *testing.T, m testMirror) { m[index] = pack(t, entry("xkb-data", "99-1", "all")) }, ErrAltered, "trixie-updates"},
		{"a cut index", func(_ *testing.T, m testMirror) { m[index] = m[index][:40] }, ErrAltered, ""},
		{"a longer index", func(_ *testing.T, m testMirror) { m[index] += "x" }, ErrAltered, ""},
		{"no index", func(_ *testing.T, m testMirror) { delete(m, index) }, ErrGone, ""},
		{"no Release file", func(_ *testing.T, m testMirror) { delete(m, release) }, ErrGone, "trixie/InRelease"},
		{"a Release file without end", func(_ *testing.T, m testMirror) { m[release] += strings.Repeat("\n", maxRelease) }, nil, "more than"},
		{"a package out of the pool", func(t *testing.T, m testMirror) {
			m.add(t, "trixie-updates", "", false, map[string]string{"amd64": strings.Replace(entry("xkb-data", "99-1", "all"), "pool/main", "pool/../..", 1)})
		}, nil, "filename"},
		{"a package without digest", func(t *testing.T, m testMirror) {
			m.add(t, "trixie-updates", "", false, map[string]string{"amd64": strings.Replace(entry("xkb-data", "99-1", "all"), "SHA256", "MD5", 1)})
		}, nil, "SHA-256"},
	} {
		m := fullMirror(t)
		c.alter(t, m)
		lock, err := m.open(t).Resolve(t.Context(), []Want{{Name: "xkb-data", Arch: "amd64", Suites: all}}, seal{})
		if lock != nil || err == nil || (c.is != nil && !errors.Is(err, c.is)) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, error %v, want %v %q", c.name, lock, err, c.is, c.want)
		}
	}
}

func TestResolveSaysWhatNoSuiteHas(t *testing.T) {
	m := fullMirror(t).open(t)
	_, err := m.Resolve(t.Context(), []Want{{Name: "linux-image", Arch: "amd64", Suites: all}}, seal{})
	if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "linux-image amd64: no package fits in trixie, trixie-updates, trixie-security") {
		t.Error(err)
	}
	_, err = m.Resolve(t.Context(), []Want{{Name: "linux-image", Arch: "amd64", Suites: []string{"../sid"}}}, seal{})
	if err == nil || !strings.Contains(err.Error(), "suite") {
		t.Error(err)
	}
}

func FuzzParseRelease(f *testing.F) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	f.Add([]byte("Suite: stable\nCodename: trixie\nDate: Sat, 12 Sep 2026 07:55:41 UTC\nAcquire-By-Hash: yes\nSHA256:\n 926e365110c83a7bc974c2700a82cbd833a4ce1ea6b4134c97b6aba85e5ecb84    53856 contrib/x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rel, err := parseRelease(text, "trixie", now)
		if err == nil && !bytes.Contains(text, []byte("trixie")) {
			t.Errorf("taken for trixie: %q", text)
		}
		for name, file := range rel.files {
			if file.size < 0 || name == "" {
				t.Errorf("%q %v", name, file)
			}
		}
	})
}
