package main

import (
	"fmt"
	"strings"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// variables are the names that fleetctl and tuf have for a role's passphrase, in
// the order in which they are looked at.
func variables(role tuf.Role) []string {
	name := strings.ToUpper(string(role)) + "_PASSPHRASE"
	return []string{"FLEET_" + name, "TUF_" + name}
}

// fromEnvironment looks under the names that fleetctl and tuf have. A process's
// environment cannot be wiped; it is for scripts that have it there anyway.
func fromEnvironment(env []string, role tuf.Role) (pass secret.Bytes, given bool, err error) {
	for _, name := range variables(role) {
		for _, entry := range env {
			value, ok := strings.CutPrefix(entry, name+"=")
			switch {
			case !ok:
			case value == "":
				return pass, false, fmt.Errorf("%s is set, and empty: %w", name, tuf.ErrEmptyPassphrase)
			case given && !pass.Equal(secret.Bytes(value)):
				return pass, false, fmt.Errorf("%s is another than that of FLEET_: %w", name, errUnsafe)
			default:
				pass, given = secret.Bytes(value), true
			}
		}
	}
	return pass, given, nil
}

// passphraseTerms say in help where passphrases are looked for.
func passphraseTerms(roles []tuf.Role) []meaning {
	var terms []meaning
	for _, role := range roles {
		terms = append(terms, meaning{strings.Join(variables(role), ", "), fmt.Sprintf(
			"The passphrase of the %s key. Set and empty is an error, and so are two that differ.", role)})
	}
	return terms
}

func roleNames(roles []tuf.Role) []string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return names
}
