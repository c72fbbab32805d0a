package boot_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/image/qemu"
)

// What docs/benchmarks.md says of the image is measured here.

// BenchmarkFirstScreen takes the time from the kernel's start to the first screen,
// and the same of the same kernel with an init that does nothing but draw a mark,
// by turns: of each the median, and their ratio.
func BenchmarkFirstScreen(b *testing.B) {
	m := theImageToMeasure(b)
	mark := buildMark(b)
	var ours, nothing []float64
	for b.Loop() {
		nothing = append(nothing, timeTo(b, "IBIS", qemu.Config{Kernel: m.kernel, Initrd: mark, Append: m.Lines[0], Fonts: m.Fonts}))
		ours = append(ours, timeTo(b, "Which keyboard is it?", qemu.Config{Kernel: m.kernel, Initrd: m.initrd, Append: m.Lines[0], Fonts: m.Fonts}))
	}
	b.ReportMetric(median(ours), "s/first-screen")
	b.ReportMetric(median(nothing), "s/mark")
	b.ReportMetric(median(ours)/median(nothing), "ratio")
	b.Logf("first screen: %.1f; mark: %.1f", ours, nothing)
}

// BenchmarkLeastMemory finds the least memory with which home is reached.
func BenchmarkLeastMemory(b *testing.B) {
	m := theImageToMeasure(b)
	for b.Loop() {
		for _, size := range []int{96, 112, 128, 160, 192, 256, 512} {
			c := qemu.Config{Kernel: m.kernel, Initrd: m.initrd, Append: m.Lines[0], Fonts: m.Fonts, Memory: size, Keyboard: qemu.PS2Keyboard}
			if err := reachesHome(b.Context(), c); err != nil {
				b.Logf("%d MiB are not enough", size)
				continue
			}
			b.ReportMetric(float64(size), "MiB")
			break
		}
	}
}

func theImageToMeasure(b *testing.B) medium {
	b.Helper()
	qemu.Need(b, qemu.Config{})
	m, err := amd64()
	qemu.NeedPackages(b, err)
	return m
}

// timeTo starts a machine, and takes the time from when its firmware hands over to
// the kernel until its screen shows a text.
func timeTo(b *testing.B, text string, c qemu.Config) float64 {
	b.Helper()
	c.Keyboard = qemu.NoKeyboard
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	m, err := qemu.Start(ctx, c)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	var began time.Time
	for {
		lines, err := m.ScreenText(ctx)
		if err != nil {
			b.Fatal(err)
		}
		shown := strings.Join(lines, "\n")
		switch {
		case strings.Contains(shown, text):
			return time.Since(began).Seconds()
		case began.IsZero() && strings.Contains(shown, "Booting"):
			began = time.Now()
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// reachesHome goes through the first screens of a machine without a boot drive.
func reachesHome(ctx context.Context, c qemu.Config) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m, err := qemu.Start(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	for _, page := range []string{"Which keyboard is it?", "Type here to try", "Go on?", "Is that the date", "What is to be done?"} {
		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := m.WaitScreen(short, page); err != nil {
			return err
		}
		if err := m.Key(ctx, "ret"); err != nil {
			return err
		}
	}
	return nil
}

// buildMark makes an initramfs with nothing but the program of testdata/mark.
func buildMark(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	program := filepath.Join(dir, "init")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./testdata/mark")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	code, err := os.ReadFile(program)
	if err != nil {
		b.Fatal(err)
	}
	const folder, executable = 0o040755, 0o100755
	var packed bytes.Buffer
	for i, e := range []struct {
		name string
		mode int
		data []byte
	}{{"dev", folder, nil}, {"init", executable, code}, {"TRAILER!!!", 0, nil}} {
		fmt.Fprintf(&packed, "070701%08X%08X%032X%08X%032X%08X%08X%s\x00", i+1, e.mode, 0, len(e.data), 0, len(e.name)+1, 0, e.name)
		packed.Write(make([]byte, -packed.Len()&3))
		packed.Write(e.data)
		packed.Write(make([]byte, -packed.Len()&3))
	}
	file := filepath.Join(dir, "initrd")
	if err := os.WriteFile(file, packed.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
