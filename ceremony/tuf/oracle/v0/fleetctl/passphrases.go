package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// passphrases are those given before, by role.
type passphrases map[string][]byte

// passphrase is how go-tuf asks for one.
func (p passphrases) passphrase(role string, _, _ bool) ([]byte, error) {
	if given, ok := p[role]; ok {
		return given, nil
	}
	given, ok := os.LookupEnv(variable(role))
	if !ok {
		return nil, fmt.Errorf("read password: %s is not set, and nobody is there to be asked", variable(role))
	}
	if given == "" {
		return nil, errors.New("passphrase must not be empty")
	}
	p[role] = []byte(given)
	return p[role], nil
}

func variable(role string) string { return "FLEET_" + strings.ToUpper(role) + "_PASSPHRASE" }

// check opens the key files of the roles, so that a command that cannot sign
// changes nothing.
func (c *call) check(roles ...string) error {
	store := c.store()
	for _, role := range roles {
		keys, err := store.GetSigners(role)
		if err != nil && err.Error() == "encrypted: decryption failed" {
			return fmt.Errorf("%s passphrase from %s is invalid", role, variable(role))
		}
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return fmt.Errorf("%s key not found", role)
		}
	}
	return nil
}
