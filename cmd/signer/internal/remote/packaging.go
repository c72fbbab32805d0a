//go:build !airgap

package remote

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What fleetctl package downloads for an installer. Fleet Desktop is only wanted
// where a company uses it.
const (
	orbit    = "orbit"
	osqueryd = "osqueryd"
	desktop  = "desktop"
)

// warnings are what no client of TUF minds, and people should know.
func (p *publication) warnings() (sentences []string) {
	if p.targets == nil {
		return nil
	}
	if !bytes.Equal(p.after.Targets, p.to.targets) { // who renews a timestamp was told before
		sentences = missingComponents(slices.Collect(maps.Keys(p.targets.Files)))
	}
	var altered []string
	for _, i := range p.plan.replaced {
		if isFixed(i.name, p.root.Consistent) {
			altered = append(altered, i.name)
		}
	}
	if len(altered) > 0 {
		slices.Sort(altered)
		sentences = append(sentences, fmt.Sprintf("Published before under the same version with other content: %s. Caches keep the old content, which clients then refuse: give it a new version.", inShort(altered, ", ")))
	}
	return sentences
}

// missingComponents names channels from which fleetctl package could not make an
// installer. Versions are left out: those of orbit and osqueryd are not the same.
func missingComponents(targets []string) []string {
	var missing []string
	have := map[string]map[string]bool{} // by "platform channel"
	withDesktop := map[string]bool{}     // platforms
	for _, target := range targets {
		parts := strings.Split(target, "/")
		if len(parts) != 4 || parts[2] == "" || parts[2][0] >= '0' && parts[2][0] <= '9' {
			continue
		}
		platform := strings.TrimSuffix(parts[1], "-app") // osqueryd for macOS is in macos-app
		key := platform + " " + parts[2]
		if have[key] == nil {
			have[key] = map[string]bool{}
		}
		have[key][parts[0]] = true
		withDesktop[platform] = withDesktop[platform] || parts[0] == desktop
	}
	for _, key := range slices.Sorted(maps.Keys(have)) {
		platform, channel, _ := strings.Cut(key, " ")
		var lacks []string
		for _, component := range []string{orbit, osqueryd, desktop} {
			if !have[key][component] && (component != desktop || withDesktop[platform]) {
				lacks = append(lacks, component)
			}
		}
		if len(lacks) > 0 && (have[key][orbit] || have[key][osqueryd] || have[key][desktop]) {
			missing = append(missing, fmt.Sprintf("%s for %s has no %s", channel, platform, strings.Join(lacks, " and no ")))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []string{"fleetctl package cannot make an installer from every channel: " + inShort(missing, "; ") + "."}
}
