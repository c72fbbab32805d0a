package proof_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf/oracle"
)

// sizes are how many targets a repository has.
var sizes = []int{100, 1_000, 10_000, 100_000}

// BenchmarkAdd adds one file of 50 MB under four channels, and BenchmarkTimestamp
// renews the timestamp, to repositories of several sizes: this program, tuf v0.5.2
// as it is, and the calls that fleetctl makes of it. Each is a process of its own,
// with its time and the most memory it had.
func BenchmarkAdd(b *testing.B) {
	file := filepath.Join(b.TempDir(), "osqueryd")
	write(b, file, append(elf(62, ""), bytes.Repeat([]byte("0123456789abcdef"), 50_000_000/16)...))
	channels := []string{"5.10.2", "stable", "5", "5.10"}
	flags := []string{"--target", file, "--name", "osqueryd", "--platform", "linux", "--version", channels[0]}
	var paths []string
	for _, c := range channels {
		paths = append(paths, "osqueryd/linux/"+c+"/osqueryd")
	}
	for _, tag := range channels[1:] {
		flags = append(flags, "--tag", tag)
	}
	eachSize(b, func(b *testing.B, dir string) map[string]func() cost {
		return map[string]func() cost{
			"signer": func() cost { return measured(b, dir, append([]string{signer(b), "updates", "add"}, flags...)) },
			"fleetctl": func() cost {
				return measured(b, dir, oracle.FleetctlTool().Command(b, append([]string{"add"}, flags...)...))
			},
			"tuf": func() cost {
				began := time.Now() // fleetctl copies: so must whoever uses tuf
				for _, p := range paths {
					write(b, filepath.Join(dir, "staged", "targets", p), read(b, file))
				}
				total := cost{time: time.Since(began)}
				tuf := oracle.TufTools()[0]
				add := append([]string{"add", `--custom={"version":"5.10.2"}`}, paths...)
				for _, args := range [][]string{add, {"snapshot"}, {"timestamp"}, {"commit"}} {
					total.plus(measured(b, dir, tuf.Command(b, args...)))
				}
				return total
			},
		}
	})
}

func BenchmarkTimestamp(b *testing.B) {
	eachSize(b, func(b *testing.B, dir string) map[string]func() cost {
		return map[string]func() cost{
			"signer":   func() cost { return measured(b, dir, []string{signer(b), "updates", "timestamp"}) },
			"fleetctl": func() cost { return measured(b, dir, oracle.FleetctlTool().Command(b, "timestamp")) },
			"tuf": func() cost {
				total := measured(b, dir, oracle.TufTools()[0].Command(b, "timestamp"))
				total.plus(measured(b, dir, oracle.TufTools()[0].Command(b, "commit")))
				return total
			},
		}
	})
}

// eachSize runs programs in turns, each on a repository of its own.
func eachSize(b *testing.B, programs func(b *testing.B, dir string) map[string]func() cost) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d targets", size), func(b *testing.B) {
			made := filled(b, size)
			for _, name := range []string{"tuf", "fleetctl", "signer"} {
				b.Run(name, func(b *testing.B) {
					dir := filepath.Join(b.TempDir(), "updates")
					if out, err := exec.Command("cp", "-a", "--reflink=auto", made, dir).CombinedOutput(); err != nil {
						b.Fatalf("%v\n%s", err, out)
					}
					run, most := programs(b, dir)[name], cost{}
					b.ResetTimer()
					for range b.N {
						c := run()
						most.time, most.memory = most.time+c.time, max(most.memory, c.memory)
					}
					b.ReportMetric(most.time.Seconds()/float64(b.N), "s/command")
					b.ReportMetric(float64(most.memory)/1e6, "MB-peak")
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}

// cost is what a process took.
type cost struct {
	time   time.Duration
	memory int64 // bytes, at most
}

func (c *cost) plus(d cost) {
	c.time += d.time
	c.memory = max(c.memory, d.memory)
}

func measured(b *testing.B, dir string, args []string) cost {
	b.Helper()
	var said bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stderr = dir, &said
	cmd.Env = append(os.Environ(), environ()...)
	for _, role := range roles {
		cmd.Env = append(cmd.Env, "TUF_"+strings.ToUpper(role)+"_PASSPHRASE="+passphrases[role])
	}
	return timed(b, cmd, &said)
}

// timed runs a command, and looks at its memory every other millisecond: what the
// kernel says afterwards (ru_maxrss) is at least what this process has had.
func timed(b *testing.B, cmd *exec.Cmd, said *bytes.Buffer) (c cost) {
	b.Helper()
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended, looked := make(chan bool), make(chan bool)
	go func() {
		defer close(looked)
		for {
			c.memory = max(c.memory, peak(cmd.Process.Pid))
			select {
			case <-ended:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	err := cmd.Wait()
	c.time = time.Since(began)
	close(ended)
	<-looked
	if err != nil {
		b.Fatalf("%q: %v\n%s", cmd.Args, err, said.String())
	}
	return c
}

// peak is the most memory that a process has had, or 0 when it has ended.
func peak(process int) (bytes int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		return 0
	}
	if _, after, ok := strings.Cut(string(status), "VmHWM:"); ok {
		fmt.Sscan(after, &bytes)
	}
	return bytes * 1024
}

// filled is a repository with so many targets of a few bytes: as fleetctl makes
// it, but listed at once.
func filled(b *testing.B, targets int) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "updates")
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	must(b, fleetctl(b), dir, "init")
	list := make(map[string]any, targets)
	for i := range targets {
		path := fmt.Sprintf("component%d/linux/1.0.%d/component%d", i/50, i%50, i/50)
		content := fmt.Appendf(nil, "component %d", i)
		sum := sha512.Sum512(content)
		list[path] = map[string]any{"length": len(content), "hashes": map[string]string{"sha512": hex.EncodeToString(sum[:])},
			"custom": map[string]string{"version": fmt.Sprintf("1.0.%d", i%50)}}
		write(b, filepath.Join(dir, "repository", "targets", filepath.FromSlash(path)), content)
	}
	// A staged targets.json is taken for what there is, and signed with what is added.
	var file map[string]map[string]any
	if err := json.Unmarshal([]byte(`{"signed":`+signedPart(b, dir)+`}`), &file); err != nil {
		b.Fatal(err)
	}
	file["signed"]["targets"] = list
	staged, err := json.Marshal(map[string]any{"signed": file["signed"], "signatures": []any{}})
	if err != nil {
		b.Fatal(err)
	}
	write(b, filepath.Join(dir, "staged", "targets.json"), staged)
	last := filepath.Join(b.TempDir(), "hello.ext")
	write(b, last, elf(62, "hello"))
	must(b, fleetctl(b), dir, "add", "--target", last, "--name", "extensions/hello", "--platform", "linux", "--version", "0.1")
	return dir
}

func signedPart(b *testing.B, dir string) string {
	b.Helper()
	var file struct{ Signed json.RawMessage }
	if err := json.Unmarshal(read(b, filepath.Join(dir, "repository", "targets.json")), &file); err != nil {
		b.Fatal(err)
	}
	return string(file.Signed)
}
