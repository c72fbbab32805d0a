package release

import (
	"fmt"
	"slices"
	"strings"
)

// platform is one of Fleet's, and what runs there.
type platform struct {
	name     string
	program  kind      // of program file
	machines []machine // any of them
	only     string    // the ending that every target has; "" when there are several
}

// platforms are those that orbit asks for. Windows on arm64 runs programs for
// amd64 as well, slowly; one that is published there was meant for elsewhere.
func platforms() []platform {
	return []platform{
		{name: "macos", program: machO, machines: []machine{amd64, arm64}},
		{name: "macos-app", program: machO, machines: []machine{amd64, arm64}, only: ".app.tar.gz"},
		{name: "linux", program: elf, machines: []machine{amd64, i386}},
		{name: "linux-arm64", program: elf, machines: []machine{arm64}},
		{name: "windows", program: pe, machines: []machine{amd64, i386}},
		{name: "windows-arm64", program: pe, machines: []machine{arm64}},
	}
}

func findPlatform(name string) (platform, bool) {
	all := platforms()
	i := slices.IndexFunc(all, func(p platform) bool { return p.name == name })
	if i < 0 {
		return platform{}, false
	}
	return all[i], true
}

// unknownPlatform says which may have been meant.
func unknownPlatform(name string) error {
	if near := nearPlatform(name); near != "" {
		return fmt.Errorf("the platform %q is not known: did you mean %s?", name, near)
	}
	var names []string
	for _, p := range platforms() {
		names = append(names, p.name)
	}
	return fmt.Errorf("the platform %q is not known: there are %s", name, strings.Join(names, ", "))
}

// nearPlatform knows what other programs call the platforms.
func nearPlatform(name string) string {
	system, machine, _ := strings.Cut(strings.ToLower(strings.NewReplacer("_", "-", "/", "-").Replace(name)), "-")
	arm := strings.HasPrefix(machine, "arm") || machine == "aarch64"
	switch system {
	case "mac", "macos", "darwin", "osx", "apple":
		if machine == "app" {
			return "macos-app"
		}
		return "macos"
	case "linux", "ubuntu", "debian", "rpm", "deb":
		if arm {
			return "linux-arm64"
		}
		return "linux"
	case "windows", "win", "win32", "win64", "win10", "win11":
		if arm {
			return "windows-arm64"
		}
		return "windows"
	}
	return nearSpelling(name)
}

// nearSpelling finds a platform with one letter wrong, too many or too few.
func nearSpelling(name string) string {
	for _, p := range platforms() {
		if oneApart(strings.ToLower(name), p.name) {
			return p.name
		}
	}
	return ""
}

// oneApart reports whether a becomes b by dropping, adding, replacing or swapping
// letters in one place.
func oneApart(a, b string) bool {
	from := 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		from++
	}
	same := 0
	for same < min(len(a), len(b))-from && a[len(a)-1-same] == b[len(b)-1-same] {
		same++
	}
	x, y := a[from:len(a)-same], b[from:len(b)-same]
	swapped := len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
	return len(x) <= 1 && len(y) <= 1 || swapped
}
