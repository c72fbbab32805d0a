package release

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"signer/ceremony/tuf"
)

// One file of 50 MB under four channels, with keys that cost what the product's
// cost, in repositories of so many targets.
func BenchmarkAdd(b *testing.B) {
	for _, targets := range []int{100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(targets), func(b *testing.B) {
			dir := crowded(b, targets)
			body := make([]byte, 50_000_000)
			for i, from := 0, rand.NewChaCha8([32]byte{}); i < len(body); i += 1000 {
				_, _ = from.Read(body[i : i+1000])
			}
			copy(body, elfHead(elfAMD64, 0))
			file := builtFrom(b, "orbit", body)
			for b.Loop() {
				b.StopTimer()
				body[100]++
				if err := os.WriteFile(file, body, 0o700); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				o := testOptions("updates add")
				o.Cost = tuf.ProductCost
				if _, err := tryAdd(b, dir, o, AddOptions{}, &phrases{}, orbit(file)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// crowded is a repository that lists many targets.
func crowded(b *testing.B, targets int) string {
	b.Helper()
	o := testOptions("updates init")
	o.Cost = tuf.ProductCost
	dir := b.TempDir() + "/repo"
	r, err := Create(b.Context(), dir, o)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Init(b.Context(), &phrases{}); err != nil {
		b.Fatal(err)
	}
	var all []tuf.Addition
	for i := range targets {
		all = append(all, tuf.Addition{Path: fmt.Sprintf("osqueryd/linux/%d.%d/osqueryd", i/100, i%100), Length: int64(i), SHA512: [64]byte{byte(i), byte(i >> 8)}, Version: fmt.Sprintf("%d.%d", i/100, i%100)})
	}
	rel, err := r.release()
	if err != nil {
		b.Fatal(err)
	}
	keys, err := r.unlock(b.Context(), &phrases{}, tuf.OnlineRoles()...)
	if err != nil {
		b.Fatal(err)
	}
	defer keys.wipe()
	p, err := rel.AddTargets(all, nil, keys.all()...)
	if err != nil {
		b.Fatal(err)
	}
	files, err := p.Files()
	if err != nil {
		b.Fatal(err)
	}
	if err := r.commit(b.Context(), change{files: files}); err != nil {
		b.Fatal(err)
	}
	return dir
}
