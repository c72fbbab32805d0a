package tuf_test

import (
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"signer/ceremony/tuf"
)

// A repository with one root key: derived from a change, read and confirmed by
// words, signed, and tried as a client would.
func Example() {
	now := time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)
	change := tuf.Change{Name: "create", Expires: now.AddDate(1, 0, 0),
		Thresholds: map[tuf.Role]int{}, Online: map[tuf.Role]time.Time{}}
	keys := map[tuf.Role]*tuf.PrivateKey{}
	for _, role := range tuf.Roles() {
		key, err := tuf.NewKey(rand.Reader)
		if err != nil {
			log.Fatal(err)
		}
		defer key.Wipe()
		keys[role] = key
		change.Grants = append(change.Grants, tuf.Grant{Role: role, Key: key.Key(), Holder: "CEO"})
		change.Thresholds[role] = 1
	}
	for _, role := range tuf.OnlineRoles() {
		change.Online[role] = now.AddDate(0, 0, 14)
	}

	draft, err := tuf.Derive(nil, change, now)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(draft.Review().Sentences[0])
	challenge, err := draft.Review().Challenge(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	typed := challenge.Words[0] + " " + challenge.Words[1] // by a person, from the page
	reviewed, err := challenge.Confirm(typed)
	if err != nil {
		log.Fatal(err)
	}
	root, err := tuf.Sign(reviewed, keys[tuf.RoleRoot])
	if err != nil {
		log.Fatal(err)
	}
	published, err := tuf.SignOnline(reviewed, root, keys[tuf.RoleTargets], keys[tuf.RoleSnapshot], keys[tuf.RoleTimestamp])
	if err != nil {
		log.Fatal(err)
	}
	if _, err := tuf.Simulate(published, now); err != nil {
		log.Fatal(err)
	}
	fmt.Println("Clients accept it.")
	// Output:
	// Root version 1 begins a new repository.
	// Clients accept it.
}
