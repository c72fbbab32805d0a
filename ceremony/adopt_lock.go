package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// oldLock is how keys were locked on their old drive.
type oldLock struct {
	file  []byte       // nil: nothing locked them
	pass  secret.Bytes // that opens it
	whole bool         // nothing else is in the file
	alone bool         // no other key that is taken over leaves the file for one of its own
}

// lockAdopted settles which file the keys lie in from now on. One that is as this
// program writes them stays byte for byte, and its passphrase with it. Another is
// locked anew: by the same passphrase when it opened just these keys, or else by
// one of their own.
func (s *Session) lockAdopted(ctx context.Context, k *HeldKey, keys []*tuf.PrivateKey, old oldLock) error {
	switch why := s.whyLockAnew(old); {
	case why == "":
		k.File = old.file
		s.proven[tuf.DigestOf(k.File)] = true // these very bytes were unlocked today
		return nil
	case old.file != nil && old.alone:
		s.note("%s: locked anew by the same passphrase: %s", k.Title(), why)
		return s.sealBeside(ctx, k, keys, old.pass, false)
	default:
		return s.lockByNewPassphrase(ctx, k, keys, why)
	}
}

// whyLockAnew says why a key file cannot stay as it is; nothing when it can.
func (s *Session) whyLockAnew(old oldLock) string {
	info, err := tuf.InspectKeyFile(old.file)
	switch {
	case old.file == nil:
		return "no passphrase locks it"
	case err != nil:
		return "it is no key file"
	case !old.alone:
		return "its file holds several root keys, and each gets one of its own"
	case !old.whole:
		return "its file holds keys that no root names"
	case !slices.Contains([]tuf.Cost{tuf.ProductCost, s.env.Cost}, info.Cost):
		// go-tuf v0.5.2: "encrypted: unexpected kdf parameters" (measured).
		return fmt.Sprintf("fleetctl opens key files with N %d only, and this one has N %d", tuf.ProductCost, info.Cost)
	}
	return ""
}

// lockByNewPassphrase asks for a passphrase until it will do.
func (s *Session) lockByNewPassphrase(ctx context.Context, k *HeldKey, keys []*tuf.PrivateKey, why string) error {
	title, problem := "A new passphrase for "+k.The(), ""
	s.note("%s needs a new passphrase: %s", k.Title(), why)
	for {
		pass, err := s.newPassphrase(ctx, *k, title, problem)
		if err != nil {
			return err
		}
		err = s.sealBeside(ctx, k, keys, pass, true)
		pass.Wipe()
		var r remark
		if !errors.As(err, &r) {
			return err
		}
		problem = r.Error()
	}
}

// sealBeside locks keys in a file, while the screen says so. It is opened again
// on the drive that it gets onto.
func (s *Session) sealBeside(ctx context.Context, k *HeldKey, keys []*tuf.PrivateKey, pass secret.Bytes, fresh bool) error {
	_, err := s.askBeside(ctx, Question{ID: k.Name + ".locking", Kind: Wait, Title: "Lock " + k.The(), NoBack: true, Prompt: "Locking the key"},
		func(context.Context) (err error) {
			if fresh {
				if err := s.notUsedBefore(k.Name, pass); err != nil {
					return err
				}
			}
			k.File, err = tuf.SealKeys(keys, pass, s.env.Cost, s.rand)
			return err
		})
	return err
}
