package ceremony

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"signer/ceremony/tuf"
)

// checkKeyFiles finds private keys, wherever they lie.
func (c *checker) checkKeyFiles() {
	budget := int64(64 << 20)
	same := map[tuf.Digest]string{}
	for _, e := range c.entries {
		if !e.Mode.IsRegular() || e.Size > tuf.MaxKeyFileSize {
			continue
		}
		if budget -= e.Size; budget < 0 {
			c.find(Notice, e.Name, "From here on files were not searched for private keys: there are too many.")
			return
		}
		b := c.read(e.Name, tuf.MaxKeyFileSize)
		if !c.checkKeyFile(e.Name, b) {
			continue
		}
		if nextKeyFile.MatchString(e.Name) {
			c.find(Notice, e.Name, "A change of its passphrase was begun here, and not finished. The ceremony passphrase finishes it.")
			continue
		}
		if other, ok := same[tuf.DigestOf(b)]; ok {
			c.find(Broken, e.Name, "It is a copy of %s: one key is missing, or is here twice.", Foreign(other))
		}
		same[tuf.DigestOf(b)] = e.Name
	}
	c.checkKeysTogether()
}

// checkKeyFile tells about one file, and whether it holds private keys.
func (c *checker) checkKeyFile(name string, b []byte) bool {
	inKeys := path.Dir(name) == "keys"
	if strings.Contains(string(b), "PRIVATE KEY-----") {
		c.find(Refused, name, "It holds a private key in PEM form.")
		return false
	}
	info, err := tuf.InspectKeyFile(b)
	if err != nil {
		if inKeys && !tuf.Harmless(name) && !unfinished(name) {
			c.find(Broken, name, "It is no key file: %v.", err)
		}
		return false
	}
	seen := KeyFileSeen{Name: c.shown(name), Locked: info.Encrypted, Cost: info.Cost, Usual: info.Known, Holder: c.holding[name]}
	if !info.Encrypted {
		c.find(Refused, name, "The private key in it is not locked by a passphrase.")
	} else if info.Known && inKeys && slices.Contains(usualKeyFiles(), name) {
		if _, err := tuf.OpenKeyFile(b, nil); errors.Is(err, tuf.ErrEmptyPassphrase) {
			seen.Locked = false
			c.find(Refused, name, "The empty passphrase opens it.")
		}
	}
	c.r.KeyFiles = append(c.r.KeyFiles, seen)
	c.checkKeyPlace(name, inKeys)
	return true
}

// usualKeyFiles are those on which the empty passphrase is tried: trying costs
// time and memory, and a hostile drive could have thousands.
func usualKeyFiles() []string {
	names := []string{"keys/root.json", "keys/targets.json", "keys/snapshot.json", "keys/timestamp.json"}
	for n := 1; n <= 9; n++ {
		names = append(names, "keys/root"+strconv.Itoa(n)+".json")
	}
	return names
}

func (c *checker) checkKeyPlace(name string, inKeys bool) {
	switch {
	case c.manifest != nil && c.manifest.Role.MayHold(name) && inKeys:
	case c.manifest != nil && strings.HasPrefix(name, "keys/"): // checkPresent has told
	case c.manifest != nil:
		c.find(Refused, name, "It holds a private key, and a %s drive must not have one there.", c.manifest.Role)
	case !inKeys:
		c.find(Refused, name, "It holds a private key, and lies where it could be published.")
	}
}

// checkKeysTogether tells when one folder can do everything.
func (c *checker) checkKeysTogether() {
	var root, online bool
	for _, k := range c.r.KeyFiles {
		root = root || rootKeyFile.MatchString(k.Name)
		online = online || onlineKeyFile.MatchString(k.Name)
	}
	if c.manifest == nil && root && online {
		c.find(Notice, "keys", "Root keys and online keys lie together: who takes this folder needs only the passphrases.")
	}
}
