package tuf

import (
	"fmt"
	"slices"
	"strings"
)

// Objections052 are the reasons why go-tuf v0.5.2, its tuf command and fleetctl
// with it, could not work with a repository that has this root; compat.md has
// the measurements. Clients and tools are told apart: the first sentences are
// the worst.
func Objections052(root *Root) []string {
	var clients, tools []string
	for _, id := range sortedIDs(root) {
		key := root.Keys[id]
		if o := clientObjection(key); o != "" {
			clients = append(clients, fmt.Sprintf("No client of go-tuf v0.5.2 takes this root: key %s %s.", id.Short(), o))
		}
		if o := toolObjection(key); o != "" {
			tools = append(tools, fmt.Sprintf("tuf and fleetctl cannot sign with key %s: %s.", id.Short(), o))
		}
	}
	if len(root.Raw) > maxRoot052 {
		clients = append(clients, fmt.Sprintf("No client of go-tuf v0.5.2 takes this root: it reads %d bytes, and the file has %d.", maxRoot052, len(root.Raw)))
	}
	return append(append(clients, tools...), thresholdObjections(root)...)
}

// sortedIDs are the listed keys in one order.
func sortedIDs(root *Root) []KeyID {
	ids := make([]KeyID, 0, len(root.Keys))
	for id := range root.Keys {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

// clientObjection: one key that it cannot read makes the client refuse all.
func clientObjection(k Key) string {
	switch {
	case k.Type == keyECDSAOld:
		return fmt.Sprintf("has the type %q", keyECDSAOld)
	case k.Type == keyECDSA && !strings.Contains(k.Public, "-----BEGIN"):
		return "is an ECDSA key in hex"
	}
	return ""
}

// toolObjection: the tools find the listed key by the id that they make
// themselves, with keyid_hash_algorithms and with no field but the four.
func toolObjection(k Key) string {
	if !slices.Equal(k.HashAlgorithms, hashAlgorithms()) {
		return "it is listed without keyid_hash_algorithms"
	}
	canonical, err := Canonical(map[string]any{
		"keytype": k.Type, "scheme": k.Scheme, "keyid_hash_algorithms": k.HashAlgorithms,
		"keyval": map[string]string{"public": k.Public},
	})
	if err != nil || KeyID(DigestOf(canonical)) != k.ID {
		return "they give it another id"
	}
	return ""
}

// thresholdObjections: rotate takes the one file keys/root.json, and a signing
// drive has one key for each role.
func thresholdObjections(root *Root) (sentences []string) {
	if n := root.Roles[RoleRoot].Threshold; n > 1 {
		sentences = append(sentences, fmt.Sprintf("fleetctl updates rotate cannot renew this root: it wants %d signatures. This program can.", n))
	}
	for _, role := range OnlineRoles() {
		if n := root.Roles[role].Threshold; n > 1 {
			sentences = append(sentences, fmt.Sprintf("One signing drive cannot publish: %s wants %d signatures.", role, n))
		}
	}
	return sentences
}
