package ceremony

import (
	"context"
	"crypto/sha3"
	"fmt"
	"io"
	"strings"

	"signer/ceremony/secret"
)

// leastDice is how many throws are worth stirring in: 50 throws of a die are 129
// bits.
const leastDice = 50

// stirIn mixes dice into the generator. It can only help: the kernel's bytes are
// combined with a stream drawn from the dice, and whoever knows one of the two
// knows nothing of the result.
func (s *Session) stirIn(ctx context.Context) error {
	a, err := s.ask(ctx, Question{ID: "computer.dice", Kind: Passphrase, Title: "Dice",
		Text:   []Block{Para(fmt.Sprintf("Throw a die %d times or more and type the numbers, 1 to 6. They are mixed with this computer's own randomness, and are a secret like a passphrase.", leastDice))},
		Prompt: "Throws:"}, func(a Answer) error {
		throws := 0
		for _, c := range a.Secret {
			if c >= '1' && c <= '6' {
				throws++
			} else if c != ' ' {
				return remarkf("Only the digits 1 to 6 and spaces are throws.")
			}
		}
		if throws < leastDice {
			return remarkf("That is %d throws; %d are needed.", throws, leastDice)
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer a.Secret.Wipe()
	s.rand = stir(s.rand, a.Secret)
	s.stirs++
	s.did("dice stirred into the random generator")
	return nil
}

func (s *Session) randomnessText() string {
	if s.stirs == 0 {
		return "ready"
	}
	return "ready, with dice" + strings.Repeat(" and dice", s.stirs-1)
}

// stirred gives the kernel's bytes, each combined with one drawn from the dice.
type stirred struct {
	kernel io.Reader
	dice   *sha3.SHAKE
}

func stir(kernel io.Reader, throws secret.Bytes) io.Reader {
	dice := sha3.NewSHAKE256()
	_, _ = dice.Write([]byte("signer dice v1\x00"))
	_, _ = dice.Write(throws)
	return stirred{kernel: kernel, dice: dice}
}

func (r stirred) Read(p []byte) (int, error) {
	n, err := r.kernel.Read(p)
	stream := make([]byte, n)
	_, _ = r.dice.Read(stream)
	for i := range n {
		p[i] ^= stream[i]
	}
	clear(stream)
	return n, err
}
