package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/image"
)

func TestFlagsAndWordsComeInAnyOrder(t *testing.T) {
	for _, test := range []struct {
		args string
		want options
	}{
		{"", options{command: "build"}},
		{"-o a.img", options{command: "build", output: "a.img"}},
		{"build --arch arm64 -o a.img", options{command: "build", output: "a.img", arch: "arm64"}},
		{"verify a.img --cache c", options{command: "verify", file: "a.img", cache: "c"}},
		{"--cache c verify --mirror m a.img", options{command: "verify", file: "a.img", cache: "c", mirror: "m"}},
		{"list a.img", options{command: "list", file: "a.img"}},
		{"lock --keyring k -o new.lock", options{command: "lock", output: "new.lock", keyring: "k"}},
		{"verify --help", options{help: true}},
		{"help", options{help: true}},
	} {
		got, err := parse(strings.Fields(test.args))
		if err != nil || got != test.want {
			t.Errorf("%q: %+v, %v; want %+v", test.args, got, err, test.want)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for args, want := range map[string]string{
		"signer.img":         `what is "signer.img"?`,
		"verify":             "verify takes one image",
		"list a.img b.img":   "list takes one image",
		"--arch riscv64":     `no image for the architecture "riscv64"`,
		"build --none":       "-none",
		"lock packages.lock": `what is "packages.lock"?`,
	} {
		var out, err bytes.Buffer
		if status := run(context.Background(), strings.Fields(args), stdio{&out, &err}); status != exitUsage || !strings.Contains(err.String(), want) {
			t.Errorf("%q: status %d, %q; want %q", args, status, err.String(), want)
		}
	}
}

func TestWhatIsNoImage(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.img")
	if err := os.WriteFile(name, bytes.Repeat([]byte("no image "), 9999), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"list", name}, {"list", name + "x"}, {"verify", name + "x"}} {
		var out, err bytes.Buffer
		if status := run(context.Background(), args, stdio{&out, &err}); status != exitFailed || !strings.HasPrefix(err.String(), "mkimage: ") {
			t.Errorf("%q: status %d, %q", args, status, err.String())
		}
	}
}

func TestEpoch(t *testing.T) {
	if date, err := epoch(""); err != nil || !date.IsZero() {
		t.Errorf("%s, %v", date, err)
	}
	if date, err := epoch("1795305600"); err != nil || date.Unix() != 1795305600 {
		t.Errorf("%s, %v", date, err)
	}
	for _, text := range []string{"soon", "-1", "0"} {
		if _, err := epoch(text); err == nil {
			t.Errorf("%q is a date", text)
		}
	}
}

func TestFilesBesideTheImage(t *testing.T) {
	name := filepath.Join(t.TempDir(), "signer.img")
	if err := write(name, &image.Built{Image: []byte("abc"), Version: "1"}); err != nil {
		t.Fatal(err)
	}
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if data, _ := os.ReadFile(name + ".sha256"); string(data) != sum+"  signer.img\n" {
		t.Errorf("digest %q", data)
	}
	data, _ := os.ReadFile(name + ".words")
	if fields := strings.Fields(string(data)); len(fields) != 32 || fields[0] != "shadow" || fields[1] != "indigo" {
		t.Errorf("words %q", data)
	}
	left, _ := filepath.Glob(name + "*")
	if len(left) != 4 {
		t.Errorf("left behind: %q", left)
	}
}
