package debian

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

const deb822 = `# Debian
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://security.example/debian-security
Suites: trixie-security
Components: main contrib
Signed-By:
 /usr/share/keyrings/debian-archive-keyring.gpg
`

// places as text: archive and address, in the order in which they are tried.
func placesOf(m Mirror) string {
	var b strings.Builder
	for _, p := range m.places {
		b.WriteString(p.archive + " " + p.base.String() + "\n")
	}
	return b.String()
}

func TestTheMirrorIsThatOfApt(t *testing.T) {
	const both = "debian http://mirror.example/debian\ndebian-security http://mirror.example/debian-security\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"stanzas", map[string]string{"sources.list.d/debian.sources": deb822},
			"debian http://mirror.example/debian\ndebian-security https://security.example/debian-security\n"},
		{"lines", map[string]string{"sources.list": `
# deb http://commented.example/debian trixie main
deb-src http://source.example/debian trixie main
deb	[arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]  http://mirror.example/debian/ trixie main contrib # why
deb http://mirror.example/debian-security trixie-security main
`}, both},
		{"in a part", map[string]string{"sources.list.d/a.list": "deb http://mirror.example/debian trixie main\ndeb http://mirror.example/debian-security trixie-security main"}, both},
		{"security as of old", map[string]string{"sources.list": "deb http://mirror.example/debian buster main\ndeb http://security.example/ buster/updates main"},
			"debian http://mirror.example/debian\ndebian-security http://security.example\n"},
		{"the main archive only", map[string]string{"sources.list": "deb http://mirror.example/debian stable main"}, both},
		{"security only", map[string]string{"sources.list": "deb http://mirror.example/debian-security stable-security main"},
			"debian-security http://mirror.example/debian-security\ndebian http://mirror.example/debian\n"},
		{"under a name of its own, nothing to derive", map[string]string{"sources.list": "deb http://corp.example/repository/deb13 trixie main"},
			"debian http://corp.example/repository/deb13\n"},
		{"on a disk", map[string]string{"sources.list": "deb file:/srv/debian sid main"}, "debian file:/srv/debian\ndebian-security file:/srv/debian-security\n"},
		{"disabled and other files", map[string]string{
			"sources.list.d/old.list.disabled":   "deb http://disabled.example/debian trixie main",
			"sources.list.d/old.sources.save":    deb822,
			"sources.list.d/a.sources":           "Types: deb\nURIs: http://off.example/debian\nSuites: trixie\nComponents: main\nEnabled: No\n",
			"sources.list.d/cd.list":             "deb cdrom:[Debian 13]/ trixie main\ndeb http://mirror.example/debian trixie main",
			"sources.list.d/source-only.sources": "Types: deb-src\nURIs: http://source.example/debian\nSuites: trixie\nComponents: main\n"}, both},
		{"vendors before Debian", map[string]string{
			"sources.list.d/a-vendor.list":  "deb https://download.vendor.example/linux/debian trixie stable\ndeb https://vendor.example/debian trixie-vendor main\n",
			"sources.list.d/b-other.list":   "deb https://packages.vendor.example/debian nodistro main\ndeb https://wine.example/wine trixie main\n",
			"sources.list.d/debian.sources": deb822},
			"debian http://mirror.example/debian\ndebian-security https://security.example/debian-security\ndebian https://vendor.example/debian\ndebian https://wine.example/wine\n"},
		{"the list of a cloud image", map[string]string{
			"sources.list.d/debian.sources": "Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: trixie\nComponents: main\n",
			"mirrors/debian.list":           "# near\nhttp://mirror.example/debian\tpriority:1\n"}, both},
		{"two components of one", map[string]string{"sources.list": "deb http://mirror.example/debian trixie main\ndeb http://mirror.example/debian trixie contrib\ndeb http://mirror.example/debian/ trixie-updates main"}, both},
	} {
		root := fstest.MapFS{}
		for name, text := range c.files {
			root["etc/apt/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
		m, err := openMirror("", root)
		if have := placesOf(m); err != nil || have != c.want {
			t.Errorf("%s: %v\n%swant:\n%s", c.name, err, have, c.want)
		}
	}
}

func TestWithoutAptTheHintNamesTheFlag(t *testing.T) {
	for name, root := range map[string]fs.FS{
		"nothing": fstest.MapFS{},
		"ubuntu":  fstest.MapFS{"etc/apt/sources.list": {Data: []byte("deb http://mirror.example/ubuntu noble main\ndeb http://mirror.example/ubuntu noble-security main")}},
		"huge":    fstest.MapFS{"etc/apt/sources.list": {Data: make([]byte, maxAptFile+1)}},
	} {
		_, err := openMirror("", root)
		if err == nil || !strings.Contains(err.Error(), "--mirror") {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(err, ErrNoMirror) == (name == "huge") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheMirrorIsThatOfTheFlag(t *testing.T) {
	const both = "debian http://mirror.example/debian\ndebian-security http://mirror.example/debian-security\n"
	for base, want := range map[string]string{
		"http://mirror.example":                  both,
		"http://mirror.example/":                 both,
		"http://mirror.example/debian/":          both,
		"http://mirror.example/debian-security":  both,
		"https://u:secret@mirror.example:8/a/b/": "debian https://u:secret@mirror.example:8/a/b/debian\ndebian-security https://u:secret@mirror.example:8/a/b/debian-security\n",
		"file:///srv":                            "debian file:///srv/debian\ndebian-security file:///srv/debian-security\n",
		"copy:/srv/debian":                       "debian copy:/srv/debian\ndebian-security copy:/srv/debian-security\n",
		"mirror.example":                         "", "/srv/debian": "", "ftp://mirror.example": "", "http:///debian": "",
		"file:srv": "", "file://host/srv": "", "http://u:secret@[::1": "", "http://u:secret@": "",
	} {
		m, err := OpenMirror(base)
		if have := placesOf(m); have != want || (err == nil) != (want != "") {
			t.Errorf("%q: %v\n%swant:\n%s", base, err, have, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error has the password: %v", base, err)
		}
	}
}

func FuzzApt(f *testing.F) {
	f.Add(deb822, "deb [a=b] http://mirror.example/debian trixie main")
	f.Add("Types: deb\nURIs: mirror+file:/etc/apt/sources.list\nSuites: sid", "mirror+file:/etc/apt/sources.list")
	f.Fuzz(func(t *testing.T, sources, list string) {
		m, err := openMirror("", fstest.MapFS{
			"etc/apt/sources.list":             {Data: []byte(list)},
			"etc/apt/sources.list.d/a.sources": {Data: []byte(sources)}})
		if err == nil && len(m.places) == 0 {
			t.Error("neither a mirror nor an error")
		}
	})
}
