package boot_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/image/qemu"
)

// passphraseFor is what the holder of a key types: of "root 1", of "targets".
func passphraseFor(key string) string { return "Zebra quill, said " + key + ", and ate 7 pears" }

// usualRules are the questions that every ceremony has, for so many of them.
func usualRules(ceremonies int) []*rule {
	last := ""
	secret := func(p *player, passphrase string) string {
		last = passphrase
		p.typed = append(p.typed, passphrase)
		return passphrase
	}
	return []*rule{
		reads(`Before you begin .*?Ready\?`, ceremonies),
		chooses(`Is the date right\?`, ceremonies, "Yes, go on"),
		asks(`Passphrase (root \d|targets|snapshot|timestamp): $`, anyNumber, func(p *player, q question) string {
			return secret(p, passphraseFor(q.parts[1]))
		}),
		asks(`The same passphrase once more: $`, anyNumber, func(p *player, _ question) string { return secret(p, last) }),
		asks(`Type word (\d+) and word (\d+):`, 1, func(p *player, q question) string {
			return wordOf(p, q, q.parts[1]) + " " + wordOf(p, q, q.parts[2])
		}),
		asks(`To format it, type: (\S+)\n`, anyNumber, func(p *player, q question) string {
			if serial := p.table.serialOf(p); q.parts[1] != serial[len(serial)-4:] {
				p.fails("the drive has the serial number %s", serial)
			}
			return q.parts[1]
		}),
		inserts(`Insert the drive that becomes (\S+)\n`, anyNumber, "$1"),
		inserts(`Insert (\S+) again\n`, anyNumber, "$1"),
		takesOut(`Take (\S+) out\.`, anyNumber),
		types(`Press Enter first: this computer is still reading the answer to the question before\.`, anyNumber, ""), // a drive was waited for
		reads(`Enter ends the ceremony\.`, ceremonies),
		chooses(`How shall the passphrase be made\?`, anyNumber, "I type one"),
	}
}

// wordOf is a word of the list that names the root.
func wordOf(p *player, q question, number string) string {
	list := q.page[strings.LastIndex(q.page, "Review: confirm"):]
	m := regexp.MustCompile(`(?m)(?:^|\s)` + number + ` ([A-Za-z]+)`).FindStringSubmatch(list)
	if m == nil {
		p.fails("there is no word %s", number)
	}
	return m[1]
}

// createRules are those of a creation by the usual plan.
func createRules() []*rule {
	names := []string{"Ada", "Ben", "Cleo"}
	return []*rule{
		chooses(`Go on with this plan, or choose a line to change it\.`, 1, "Go on with this plan"),
		asks(`.*Root key (\d) of 3\n.*?Who will hold this key\?`, 3, func(_ *player, q question) string {
			return names[int(q.parts[1][0]-'1')]
		}),
		reads(`Is this what was decided\?`, 1),
		reads(`Every key, and who holds it\.`, 1),
		reads(`Review: the digest of root 1`, 1),
		reads(`Begin to write\?`, 1),
		reads(`Next, the drives that carry it out are written\.`, 1),
		reads(`Every key is listed, and signed\.`, 1),
		reads(`The dates are in ledger/expiries\.ics, for a calendar\.`, 1),
		reads(`Write this down before you go on\.`, 1),
	}
}

// rotateRules are those of a rotation by the usual plan, by two of three holders.
func rotateRules() []*rule {
	return []*rule{
		inserts(`Insert the repository drive, or else a root backup\n`, 1, "repository"),
		inserts(`Insert a root backup drive\n`, 1, "root-backup-1"),
		inserts(`Insert another root backup with root key 1 \(Ada\)\n`, 1, "root-backup-2"),
		chooses(`Go on with this plan, or choose a line to change it\.`, 1, "Go on with this plan"),
		reads(`Is this what was decided\?`, 1),
		inserts(`Insert (root-backup-[12])\n`, 2, "$1"),
		reads(`Write down what is to do next\.`, 1),
	}
}

// checkRules are those of a check of all drives that are in use after a rotation.
func checkRules() []*rule {
	drives := []*rule{inserts(`Insert a drive: the repository drive first\n`, 1, "repository")}
	for before, label := range map[string]string{"root-backup-3, root-backup-4, signing": "root-backup-3", "root-backup-4, signing": "root-backup-4", "signing": "signing"} {
		drives = append(drives, inserts(`Not seen yet: `+before+`\. 1\. That was all Insert the next drive\n`, 1, label))
	}
	return append(drives,
		chooses(`Is there another drive\?`, 4, "Yes, another drive", "Yes, another drive", "Yes, another drive", "No, that was all"),
		reads(`Is this what you expected\?`, 2),
		reads(`Checked: what to do next .* Write this down\.`, 1),
	)
}

// home are choices at the home screen, one after the other, and then the power
// switch.
func home(choices ...string) []*rule {
	choices = append(choices, "Switch off")
	return []*rule{chooses(`What is to be done\?`, len(choices), choices...)}
}

// blankDrives are those of a creation and of a rotation of its root keys, of sizes
// that are still sold and less.
func blankDrives() []drive {
	return []drive{{"root-backup-1", "RB1-0A41", 256}, {"root-backup-2", "RB2-7C52", 4096}, {"root-backup-3", "RB3-19D3", 1024},
		{"root-backup-4", "RB4-E064", 300}, {"signing", "SIG-55B5", 2048}, {"repository", "REP-81F6", 512}}
}

// TestCreateAndRotate: a whole creation, and after a restart a whole rotation and a
// check, on drives that the appliance formats itself, in 512 MB of memory: a kernel
// that runs out of them ends PID 1, and restarts. What is on the drives then is read
// by other programs, and followed by clients.
func TestCreateAndRotate(t *testing.T) {
	t.Parallel()
	drives := lay(t, blankDrives()...)
	ceremoniesOf(t, drives, nil, home("Create a repository"), usualRules(1), createRules())

	roles := map[string]ceremony.DriveRole{"root-backup-1": ceremony.RootBackup, "root-backup-2": ceremony.RootBackup,
		"signing": ceremony.Signing, "repository": ceremony.Repository}
	keys := map[string][]string{"root-backup-1": {"root1", "root2", "root3"}, "root-backup-2": {"root1", "root2", "root3"},
		"signing": {"snapshot", "targets", "timestamp"}, "repository": nil}
	first := copied(t, drives, slices.Sorted(maps.Keys(roles))...)
	t.Run("created", func(t *testing.T) { first.isAsItShouldBe(t, roles, keys) })
	clients := published(t, first)
	t.Run("clients", func(t *testing.T) { clients.accept(t, 1) })
	t.Run("release", func(t *testing.T) { clients.isReleased(t, first, "osqueryd/linux/stable/osqueryd") })

	ceremoniesOf(t, drives, func(p *player) {
		p.tolerates = []string{"Trouble: signing: Its ledger ends with root 1, and the latest is root 2. Its keys count all the same."}
	}, home("Rotate the root keys", "Check drives"), usualRules(2), rotateRules(), checkRules(), []*rule{
		inserts(`Insert repository\n`, 2, "repository"), // for the root, and for the record of the check
	})
	roles["root-backup-3"], roles["root-backup-4"] = ceremony.RootBackup, ceremony.RootBackup
	keys["root-backup-3"], keys["root-backup-4"] = []string{"root4", "root5", "root6"}, []string{"root4", "root5", "root6"}
	second := copied(t, drives, slices.Sorted(maps.Keys(roles))...)
	t.Run("rotated", func(t *testing.T) { second.isAsItShouldBe(t, roles, keys) })
	clients.upload(t, second, "repository", "2.root.json", "root.json")
	t.Run("clients after it", func(t *testing.T) { clients.accept(t, 2, "osqueryd/linux/stable/osqueryd") })
	clients.device.Memory = t.TempDir()
	t.Run("new clients after it", func(t *testing.T) { clients.accept(t, 2, "osqueryd/linux/stable/osqueryd") })
}

func (c copies) isAsItShouldBe(t *testing.T, roles map[string]ceremony.DriveRole, keys map[string][]string) {
	c.areAsListed(t, roles)
	c.areGood(t, slices.Sorted(maps.Keys(roles))...)
	c.keysAreWhereTheyBelong(t, keys)
}

// ceremoniesOf starts a machine, plays until it is switched off, and tells how long
// what took.
func ceremoniesOf(t *testing.T, drives *table, change func(*player), rules ...[]*rule) {
	t.Helper()
	p := plays(startLines(t, nil), drives, rules...)
	if change != nil {
		change(p)
	}
	p.play("")
	if end, err := p.Wait(p.ctx); err != nil || end != qemu.PoweredOff {
		t.Errorf("%s, %v", end, err)
	}
	p.ended(t)
	t.Logf("%.0f s\n%s", time.Since(p.began).Seconds(), strings.Join(p.steps, "\n"))
}
