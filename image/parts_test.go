package image

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ulikunitz/xz"
)

// elfModule is a module with no more than a section .modinfo.
func elfModule(text string) []byte {
	names := "\x00.modinfo\x00.shstrtab\x00"
	const header, section = 64, 64
	var b bytes.Buffer
	le := binary.LittleEndian
	sections := header + len(text) + len(names)
	b.Write(append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...))
	for _, v := range []any{uint16(1), uint16(62), uint32(1), uint64(0), uint64(0), uint64(sections), uint32(0),
		uint16(header), uint16(0), uint16(0), uint16(section), uint16(3), uint16(2)} {
		_ = binary.Write(&b, le, v)
	}
	b.WriteString(text + names)
	b.Write(make([]byte, section))
	for _, s := range [][4]uint64{{1, 1, header, uint64(len(text))}, {10, 3, uint64(header + len(text)), uint64(len(names))}} {
		for _, v := range []any{uint32(s[0]), uint32(s[1]), uint64(0), uint64(0), s[2], s[3], uint32(0), uint32(0), uint64(1), uint64(0)} {
			_ = binary.Write(&b, le, v)
		}
	}
	return b.Bytes()
}

func packed(text string) []byte {
	var b bytes.Buffer
	w, _ := xz.NewWriter(&b)
	_, _ = w.Write(elfModule(text))
	_ = w.Close()
	return b.Bytes()
}

func TestModinfo(t *testing.T) {
	got, err := readModinfo(packed("license=GPL\x00depends=usbcore,xhci-hcd\x00softdep=pre: platform:idma64 ehci_pci post: b\x00name=x\x00"))
	want := modinfo{depends: []string{"usbcore", "xhci-hcd"}, pre: []string{"idma64", "ehci_pci"}, post: []string{"b"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if got := parseModinfoText("depends=\x00"); len(got.depends) != 0 {
		t.Errorf("nothing is needed, and read were %q", got.depends)
	}
	for _, data := range [][]byte{nil, []byte("no xz"), packed("")[:40]} {
		if _, err := readModinfo(data); err == nil {
			t.Errorf("%q was read as a module", data)
		}
	}
}

func FuzzModinfo(f *testing.F) {
	f.Add(elfModule("depends=a,b\x00softdep=pre: c\x00"))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := parseModinfo(data); err == nil {
			for _, name := range slices.Concat(m.depends, m.pre, m.post) {
				if name == "" && !bytes.Contains(data, []byte("platform:")) {
					t.Error("a module without a name is needed")
				}
			}
		}
	})
}

// tree is a kernel whose modules need what the map says.
func tree(modules map[string]string) moduleTree {
	all := files{"modules.builtin": []byte("kernel/drivers/leds/led-class.ko\n")}
	for name, text := range modules {
		all[name+".ko.xz"] = packed(text)
	}
	return plantModules(all)
}

func TestModulesComeAfterWhatTheyNeed(t *testing.T) {
	k := tree(map[string]string{
		"kernel/usb/usbcore": "depends=usb-common\x00", "kernel/usb/usb-common": "depends=led_class\x00",
		"kernel/usb/xhci-hcd": "depends=usbcore\x00softdep=post: late\x00", "kernel/usb/xhci-pci": "depends=xhci-hcd,usbcore\x00softdep=pre: early absent\x00",
		"kernel/usb/early": "", "kernel/usb/late": "", "kernel/circle/a": "depends=b\x00", "kernel/circle/b": "depends=a\x00", "kernel/usb/unused": "",
	})
	modules, err := k.order([]purpose{{"hosts", []string{"xhci_pci", "led-class"}}, {"circles", []string{"a", "xhci-pci"}}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range modules {
		names = append(names, strings.TrimSuffix(m.File(), ".ko.xz"))
	}
	if got, want := strings.Join(names, " "), "usb-common usbcore xhci-hcd late early xhci-pci b a"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
}

func TestModulesThatCannotBe(t *testing.T) {
	for _, test := range []struct{ modules, wanted, want string }{
		{"kernel/x", "y", `modules for p: the kernel has no module "y"`},
		{"kernel/drivers/net/usb/usbnet", "usbnet", `module "kernel/drivers/net/usb/usbnet.ko.xz" is one that the image must not have`},
		{"kernel/net/rfkill/rfkill", "rfkill", "must not have"},
		{"kernel/sound/core/snd", "snd", "must not have"},
	} {
		_, err := tree(map[string]string{test.modules: ""}).order([]purpose{{"p", []string{test.wanted}}})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %s", test.modules, err, test.want)
		}
	}
	_, err := tree(map[string]string{"kernel/a": "depends=wifi\x00", "kernel/drivers/net/wifi": ""}).order([]purpose{{"p", []string{"a"}}})
	if err == nil || !strings.Contains(err.Error(), "a: module \"kernel/drivers/net/wifi.ko.xz\"") {
		t.Errorf("by way of another: error %v", err)
	}
}

func TestArchive(t *testing.T) {
	entries := []entry{{name: "dev", mode: folderMode}, {name: "init", mode: programMode, data: []byte("12345")}, {name: "a/b", mode: fileMode}}
	data := archive(entries, time.Unix(0x6543210F, 0))
	want := "07070100000002000081ED0000000000000000000000016543210F0000000500000000000000000000000000000000000000050000" + "0000init\x0012345"
	if !bytes.Contains(data, []byte(want[:110])) || len(data)%4 != 0 {
		t.Errorf("the second entry is not %q in\n%q", want, data)
	}
	got, err := parseArchive(data)
	if err != nil || len(got) != 3 || got[1].name != "init" || string(got[1].data) != "12345" || got[1].mode != programMode {
		t.Errorf("read %+v, %v", got, err)
	}
}

func FuzzArchive(f *testing.F) {
	f.Add(archive([]entry{{name: "init", mode: programMode, data: []byte("12345")}}, time.Unix(1, 0)))
	f.Add([]byte(fmt.Sprintf("070701%0104X", 0)))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseArchive(data)
		var n int
		for _, e := range entries {
			n += len(e.data) + cpioHeader
		}
		if err == nil && n > len(data) {
			t.Errorf("%d bytes were read out of %d", n, len(data))
		}
	})
}

func TestCompressedIsRead(t *testing.T) {
	text := []byte(strings.Repeat("signer ", 1<<16))
	small, err := compress(text)
	if err != nil || len(small) > len(text)/10 {
		t.Fatalf("%d bytes of %d, %v", len(small), len(text), err)
	}
	if got, err := decompress(small); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	bomb, err := compress(make([]byte, maxInitramfs+1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decompress(bomb); err == nil {
		t.Error("more was unpacked than there may be")
	}
}

func TestGRUBStartsTheKernelAsPromised(t *testing.T) {
	for _, a := range arches() {
		config := a.grubConfig()
		menu := strings.Split(config, "menuentry ")
		if len(menu) != 3 {
			t.Fatalf("%s: %d entries", a.name, len(menu)-1)
		}
		if strings.Contains(config, "search") || strings.Contains(config, "root=") {
			t.Errorf("%s: GRUB looks for another device than its own:\n%s", a.name, config)
		}
		if strings.Contains(menu[1], "signer.serial") || !strings.Contains(menu[2], " signer.serial="+a.serial+"\n") {
			t.Errorf("%s: the second entry only is for the serial console %s:\n%s", a.name, a.serial, config)
		}
		for _, entry := range menu[1:] {
			if !strings.Contains(entry, "\tlinux ($root)/vmlinuz ") || !strings.Contains(entry, "\tinitrd ($root)/initrd\n") {
				t.Errorf("%s: another device than GRUB's own may be used by %s", a.name, entry)
			}
			for _, word := range []string{"quiet", "loglevel=1", "lockdown=confidentiality", "init_on_alloc=1", "init_on_free=1", "panic=5", "console=tty0"} {
				if !slices.Contains(strings.Fields(entry), word) {
					t.Errorf("%s: %q is not in %s", a.name, word, entry)
				}
			}
		}
	}
}

func TestWantedKernelsAreSignedOnes(t *testing.T) {
	a, _ := archNamed("amd64")
	form := a.kernel().Pattern
	for name, want := range map[string]bool{"linux-image-6.12.117+deb13-amd64": true, "linux-image-6.12.117+deb13-amd64-unsigned": false,
		"linux-image-6.12.117+deb13-cloud-amd64": false, "linux-image-6.12.117+deb13-rt-amd64": false, "linux-image-amd64": false, "linux-image-6.13.1+deb13-amd64": false} {
		if form.MatchString(name) != want {
			t.Errorf("%s is wanted: %t", name, !want)
		}
	}
	if len(Wants()) != 12 {
		t.Errorf("%d packages are wanted", len(Wants()))
	}
}
