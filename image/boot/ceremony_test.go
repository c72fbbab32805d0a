package boot_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"signer/image/qemu"
)

// passphraseFor is what the holder of a key types: of "root 1", of "targets".
func passphraseFor(key string) string { return "Zebra quill, said " + key + ", and ate 7 pears" }

// usualRules are the questions that every ceremony has.
func usualRules() []*rule {
	last := ""
	secret := func(p *player, passphrase string) string {
		last = passphrase
		p.typed = append(p.typed, passphrase)
		return passphrase
	}
	return []*rule{
		reads(`Before you begin .*?Ready\?`, 1),
		chooses(`Is the date right\?`, 1, "Yes, go on"),
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
	return append(usualRules(),
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
		reads(`Enter ends the ceremony\.`, 1),
	)
}

// home are choices at the home screen, one after the other, and then the power
// switch.
func home(choices ...string) []*rule {
	choices = append(choices, "Switch off")
	return []*rule{chooses(`What is to be done\?`, len(choices), choices...)}
}

// blankDrives are those of a creation and of a rotation of its root keys.
func blankDrives() []drive {
	return []drive{{"root-backup-1", "RB1-0A41", 256}, {"root-backup-2", "RB2-7C52", 4096}, {"root-backup-3", "RB3-19D3", 1024},
		{"root-backup-4", "RB4-E064", 300}, {"signing", "SIG-55B5", 2048}, {"repository", "REP-81F6", 512}}
}

// TestCreateAndRotate: a whole creation, and after a restart a whole rotation, on
// drives that the appliance formats itself, in 512 MB of memory.
func TestCreateAndRotate(t *testing.T) {
	drives := lay(t, blankDrives()...)
	ceremonyOf(t, drives, createRules(), home("Create a repository"))
}

// ceremonyOf starts a machine, plays, and has it switched off.
func ceremonyOf(t *testing.T, drives *table, rules ...[]*rule) *player {
	t.Helper()
	p := plays(startLines(t, nil), drives, rules...)
	p.play("")
	if end, err := p.Wait(p.ctx); err != nil || end != qemu.PoweredOff {
		t.Errorf("%s, %v", end, err)
	}
	p.ended(t)
	t.Logf("%.0f s\n%s", time.Since(p.began).Seconds(), strings.Join(p.steps, "\n"))
	return p
}
