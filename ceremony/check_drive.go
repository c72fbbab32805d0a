package ceremony

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"signer/ceremony/tuf"
)

// checkManifest compares a drive with what it says of itself.
func (c *checker) checkManifest() {
	if c.r.Kind == KindTree && c.names["ledger"].Mode.IsDir() {
		c.find(Broken, ManifestName, "It is missing, and there is a ledger: this drive is unfinished.")
	}
	if c.r.Kind != KindDrive {
		return
	}
	c.read(ManifestName, manifestLimit) // finds what is no file, or too large
	_, m, err := readManifest(c.tree)
	switch {
	case c.unread[ManifestName]:
		return
	case errors.Is(err, ErrForbidden):
		c.find(Refused, ManifestName, "%v.", err)
		return
	case errors.Is(err, errNoManifest):
		c.find(Broken, "", "The drive is unfinished: writing it was cut short.")
		return
	case err != nil:
		c.find(Broken, ManifestName, "The drive is unfinished, or not of this program: %v.", err)
		return
	}
	c.manifest = m
	c.r.Drive = &DriveSeen{Role: m.Role, Label: m.Label, Rehearsal: m.Rehearsal, Repository: m.Repository,
		Ceremony: m.Ceremony.Name, Began: m.Ceremony.Began}
	c.compareFiles()
	c.checkPresent()
}

// compareFiles reads every file that the manifest lists.
func (c *checker) compareFiles() {
	c.r.Files.Listed = len(c.manifest.Files)
	for _, f := range c.manifest.Files {
		e, ok := c.names[f.Name]
		if !ok {
			c.find(Broken, f.Name, "The drive lists it, and it is missing.")
			continue
		}
		if e.Mode.IsRegular() && e.Size != f.Size {
			c.find(Broken, f.Name, "It has %d bytes, and the drive lists %d.", e.Size, f.Size)
			continue
		}
		b := c.read(f.Name, tuf.MaxTargetsSize)
		switch {
		case b == nil: // read has told why
		case tuf.DigestOf(b) != f.SHA256:
			c.find(Broken, f.Name, "It has other bytes than those that the drive lists.")
		default:
			c.r.Files.Matching++
		}
	}
}

// checkPresent looks for files that the role forbids, or the manifest does not
// know.
func (c *checker) checkPresent() {
	listed := map[string]bool{ManifestName: true}
	for _, f := range c.manifest.Files {
		listed[f.Name] = true
	}
	for _, e := range c.entries {
		switch {
		case e.Mode.IsDir() || tuf.Harmless(e.Name) || unfinished(e.Name):
		case e.Name == tuf.WorkLock:
			c.find(Notice, e.Name, "A signer updates command has worked in the drive's own folder. A releaser works on a copy of keys and repository.")
		case e.Name == nextManifest:
			c.find(Notice, e.Name, "Writing the drive was cut short when all was written.")
		case strings.HasPrefix(e.Name, "keys/") && !c.manifest.Role.MayHold(e.Name):
			c.find(Refused, e.Name, "A %s drive must not hold it.", c.manifest.Role)
		case !listed[e.Name]:
			c.find(Broken, e.Name, "The drive does not list it.")
		}
	}
}

var ledgerRoot = regexp.MustCompile(`^` + ledgerRoots + `([1-9][0-9]{0,8})\.root\.json$`)

// readLedger reads roots, holders and records of the ledger.
func (c *checker) readLedger() {
	for _, e := range c.entries {
		if m := ledgerRoot.FindStringSubmatch(e.Name); m != nil {
			version, _ := strconv.ParseInt(m[1], 10, 64)
			if b := c.read(e.Name, tuf.MaxRootSize); b != nil {
				c.ledger[version] = b
			}
		}
		if strings.HasPrefix(e.Name, ledgerRecords) && strings.HasSuffix(e.Name, ".jsonl") {
			if b := c.read(e.Name, tuf.MaxTargetsSize); b != nil {
				if _, _, err := ReadRecord(b); err != nil {
					c.find(Broken, e.Name, "The record is not whole: %v.", err)
					continue
				}
				c.records = append(c.records, e)
			}
		}
	}
	c.checkRecords()
	c.readHolders()
	if b := c.read(ledgerDrives, manifestLimit); b != nil {
		var file drivesFile
		if err := json.Unmarshal(b, &file); err != nil || file.Format != drivesFormat {
			c.find(Broken, ledgerDrives, "It does not say which drives there are.")
			return
		}
		c.r.Custody = append(c.r.Custody, file.Drives...)
	}
}

func (c *checker) readHolders() {
	b := c.read(ledgerHolders, manifestLimit)
	if b == nil {
		return
	}
	var file holdersFile
	if err := json.Unmarshal(b, &file); err != nil || file.Format != holdersFormat {
		c.find(Broken, ledgerHolders, "It does not say who holds which key.")
		return
	}
	for _, h := range file.Holders {
		c.holders[h.KeyID] = h.Holder
		c.holding[HeldKey{Name: h.Name}.FileName()] = h.Holder
	}
}

// checkLedger compares the repository with the roots that the ledger has seen,
// and with the one that the manifest names.
func (c *checker) checkLedger() {
	for version, b := range c.ledger {
		digest := tuf.DigestOf(b)
		switch {
		case c.chain == nil || c.r.Chain.Folder != repositoryFolder:
		case version > int64(c.chain.Len()):
			c.find(Refused, insideOf+"root.json", "It is root %d, and the ledger has seen root %d (%s).", c.chain.Len(), version, digest)
		case c.chain.Digest(version) != digest:
			c.find(Refused, insideOf+strconv.FormatInt(version, 10)+".root.json", "There are two roots of version %d: this one is %s, and the ledger has %s.",
				version, c.chain.Digest(version), digest)
		}
	}
	if c.manifest == nil || c.chain == nil {
		return
	}
	if named := c.manifest.Repository; named != nil && c.chain.Base() == 1 && *named != c.chain.First() {
		c.find(Broken, ManifestName, "It is of repository %s, and the roots are of %s.", named.Groups()[:9], c.chain.First().Groups()[:9])
	}
	latest := c.chain.Latest()
	if mark := c.manifest.Root; mark.Version == latest.Version && mark.Signed != latest.Digest() {
		c.find(Refused, ManifestName, "It names another root %d (%s) than the one that is here (%s).", mark.Version, mark.Signed, latest.Digest())
	}
}
