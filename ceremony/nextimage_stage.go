package ceremony

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"io"

	"signer/ceremony/tuf"
)

// stageNextImage makes the stick with a next image, and a drive with its digest,
// signed as ssh-keygen would.
func stageNextImage(ctx context.Context, env Env, tray Tray) error {
	files := madeUpImage(env.Now(), "rehearsal 2")
	if err := stageFiles(ctx, env, tray, nextLabel, files...); err != nil {
		return err
	}
	digest := tuf.File{Name: "signer" + digestSuffix, Data: []byte(tuf.DigestOf(files[0].Data).String() + "  " + imageName + "\n"), Perm: 0o644}
	signature, err := madeUpSignature(env.Rand, digest.Data)
	if err != nil {
		return err
	}
	return stageFiles(ctx, env, tray, transferLabel, digest, tuf.File{Name: digest.Name + signatureSuffix, Data: signature, Perm: 0o644})
}

// madeUpSignature is by a key that is forgotten.
func madeUpSignature(random io.Reader, message []byte) ([]byte, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, err
	}
	private := ed25519.NewKeyFromSeed(seed)
	defer clear(private)
	public := sshStrings([]byte(sshEd25519), private.Public().(ed25519.PublicKey))
	sum, err := sshHash("sha512", message)
	if err != nil {
		return nil, err
	}
	signed := ed25519.Sign(private, sshsigSigned([]byte(sshsigNamespace), []byte("sha512"), sum))
	blob := append([]byte(sshsigMagic+"\x00\x00\x00\x01"),
		sshStrings(public, []byte(sshsigNamespace), nil, []byte("sha512"), sshStrings([]byte(sshEd25519), signed))...)
	return armour(blob), nil
}

func armour(blob []byte) []byte {
	return []byte(sshsigBegin + "\n" + base64.StdEncoding.EncodeToString(blob) + "\n" + sshsigEnd + "\n")
}
