// Command keys uses key files as the tuf command of go-tuf v0.5.2, or of v0.7.0,
// does: without a terminal, and without the modules that the command needs.
//
//	keys make DIR ROLE SCHEME    adds a key to DIR/keys/ROLE.json
//	keys sign DIR ROLE MESSAGE   prints a signature by each key in it, as JSON
//
// The passphrase is PASSPHRASE of the environment. Exit status 3 is a refusal.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/theupdateframework/go-tuf"
	"github.com/theupdateframework/go-tuf/data"
	"github.com/theupdateframework/go-tuf/pkg/keys"
)

const refusal = 3

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: keys make|sign DIR ROLE SCHEME|MESSAGE")
		os.Exit(1)
	}
	verb, dir, role, last := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	store := tuf.FileSystemStore(dir, func(string, bool, bool) ([]byte, error) {
		return []byte(os.Getenv("PASSPHRASE")), nil
	})
	var err error
	if verb == "make" {
		err = add(store, role, data.KeyScheme(last))
	} else {
		err = sign(store, role, []byte(last))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(refusal)
	}
}

func add(store tuf.LocalStore, role string, scheme data.KeyScheme) error {
	signer, err := generate(scheme)
	if err != nil {
		return err
	}
	return store.SaveSigner(role, signer)
}

func generate(scheme data.KeyScheme) (keys.Signer, error) {
	switch scheme {
	case data.KeySchemeECDSA_SHA2_P256:
		return keys.GenerateEcdsaKey()
	case data.KeySchemeRSASSA_PSS_SHA256:
		return keys.GenerateRsaKey()
	}
	return keys.GenerateEd25519Key()
}

type signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

func sign(store tuf.LocalStore, role string, message []byte) error {
	signers, err := store.GetSigners(role)
	if err != nil {
		return err
	}
	var list []signature
	for _, signer := range signers {
		sig, err := signer.SignMessage(message)
		if err != nil {
			return err
		}
		list = append(list, signature{signer.PublicData().IDs()[0], hex.EncodeToString(sig)})
	}
	return json.NewEncoder(os.Stdout).Encode(list)
}
