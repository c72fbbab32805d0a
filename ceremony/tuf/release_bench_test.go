package tuf

import (
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// BenchmarkAddTargets opens a repository and adds a file under four channels. The
// memory is all that the program has of the system at its worst moment, the file
// that is read and the one that is written included.
func BenchmarkAddTargets(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newCrew(b, 3)
			p := crowded(b, c, n)
			b.SetBytes(int64(len(p.Targets)))
			most := uint64(0)
			for b.Loop() {
				peak := peakOf(func() { addFour(b, c, p) })
				most = max(most, peak)
			}
			b.ReportMetric(float64(most)/1e6, "peak-MB")
		})
	}
}

func addFour(t testing.TB, c crew, p Published) {
	t.Helper()
	var add []Addition
	for _, channel := range []string{"1", "1.2", "1.2.3", "stable"} {
		add = append(add, addition("desktop/macos/"+channel+"/desktop.app.tar.gz", "1.2.3"))
	}
	if _, err := opened(t, p).AddTargets(add, everyDay(), c.online...); err != nil {
		t.Fatal(err)
	}
}

// peakOf is the most memory that the program has while it does something.
func peakOf(do func()) uint64 {
	debug.FreeOSMemory()
	done, peak := make(chan bool), make(chan uint64)
	go func() {
		most := held()
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-tick.C:
				most = max(most, held())
			case <-done:
				tick.Stop()
				peak <- most
				return
			}
		}
	}()
	do()
	close(done)
	return <-peak
}

func held() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// crowded is a repository of a crew with many targets.
func crowded(t testing.TB, c crew, n int) Published {
	t.Helper()
	p := stocked(t, c, published(t, c, 2, false), 7, nil)
	r := opened(t, p)
	var add []Addition
	for i := range n - len(r.targets.entries) {
		add = append(add, addition(fmt.Sprintf("component%03d/linux-arm64/1.%d.%d/component%03d.app.tar.gz", i%997, i/997, i%7, i%997), "1.2.3"))
	}
	p, err := r.AddTargets(add, everyDay(), c.online...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
