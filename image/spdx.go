package image

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// SPDX lists every file of the image with its digests and where it is from, as
// SPDX 2.3 in JSON. The image itself is named by what it is made from: its own
// digest stands beside it in another file.
func (b *Built) SPDX() ([]byte, error) {
	d := spdxDocument{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: fmt.Sprintf("Signer %s %s", b.Version, b.Arch),
		Namespace: "urn:uuid:" + strings.ToLower(b.Disk),
		Creation:  spdxCreation{Created: b.Built.UTC().Format(time.RFC3339), Creators: []string{"Tool: mkimage"}},
	}
	ids := map[string]string{thisSource: "SPDXRef-image"}
	d.add(spdxPackage{Name: "Signer", ID: ids[thisSource], Version: b.Version})
	d.relate(d.ID, "DESCRIBES", ids[thisSource])
	for i, p := range b.Packages {
		id := fmt.Sprintf("SPDXRef-package-%d", i+1)
		ids[originOf(p)] = id
		d.add(spdxPackage{Name: p.Name, ID: id, Version: p.Version, Supplier: "Organization: Debian",
			Sums: []spdxSum{{"SHA256", fmt.Sprintf("%x", p.SHA256)}}})
		d.relate(ids[thisSource], "GENERATED_FROM", id)
	}
	for i, f := range b.Files {
		id := fmt.Sprintf("SPDXRef-file-%d", i+1)
		d.Files = append(d.Files, spdxFile{Name: "./" + f.Name, ID: id, Comment: f.Origin, License: noAssertion,
			Sums: []spdxSum{{"SHA1", fmt.Sprintf("%x", f.SHA1)}, {"SHA256", fmt.Sprintf("%x", f.SHA256)}}})
		d.relate(ids[thisSource], "CONTAINS", id)
		if from := ids[f.Origin]; from != "" && from != ids[thisSource] {
			d.relate(id, "GENERATED_FROM", from)
		}
	}
	data, err := json.MarshalIndent(d, "", "  ")
	return append(data, '\n'), err
}

const noAssertion = "NOASSERTION"

type spdxDocument struct {
	Version   string         `json:"spdxVersion"`
	License   string         `json:"dataLicense"`
	ID        string         `json:"SPDXID"`
	Name      string         `json:"name"`
	Namespace string         `json:"documentNamespace"`
	Creation  spdxCreation   `json:"creationInfo"`
	Packages  []spdxPackage  `json:"packages"`
	Files     []spdxFile     `json:"files"`
	Relations []spdxRelation `json:"relationships"`
}

type spdxCreation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	Name     string    `json:"name"`
	ID       string    `json:"SPDXID"`
	Version  string    `json:"versionInfo"`
	Supplier string    `json:"supplier,omitempty"`
	Location string    `json:"downloadLocation"` // any mirror will do
	Analyzed bool      `json:"filesAnalyzed"`
	Sums     []spdxSum `json:"checksums,omitempty"`
}

type spdxFile struct {
	Name    string    `json:"fileName"`
	ID      string    `json:"SPDXID"`
	Sums    []spdxSum `json:"checksums"`
	License string    `json:"licenseConcluded"`
	Comment string    `json:"comment"`
}

type spdxSum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type spdxRelation struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

func (d *spdxDocument) add(p spdxPackage) {
	p.Location = noAssertion
	d.Packages = append(d.Packages, p)
}

func (d *spdxDocument) relate(from, how, to string) {
	d.Relations = append(d.Relations, spdxRelation{from, how, to})
}
