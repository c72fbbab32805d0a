package usb

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tree is a made-up /sys.
type tree struct {
	t      *testing.T
	root   string
	number int
}

func newTree(t *testing.T, controllers ...string) *tree {
	s := &tree{t: t, root: t.TempDir()}
	s.write("module/usbcore/parameters/authorized_default", "-1\n")
	if err := os.MkdirAll(filepath.Join(s.root, "bus/usb/devices"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range controllers {
		s.controller(c)
	}
	return s
}

func (s *tree) controller(name string) {
	s.write("devices/pci/"+name+"/authorized_default", "1\n")
	s.write("devices/pci/"+name+"/authorized", "1\n")
	s.link(name, name)
	if err := os.Symlink("../../../devices/pci/"+name, filepath.Join(s.root, "bus/usb/devices", name+":1.0")); err != nil {
		s.t.Fatal(err)
	}
}

// plug puts a device in, as the kernel does: let in when the controller says so.
// With typing, it has an input device that types when it is let in.
func (s *tree) plug(port, name string, descriptors []byte, typing bool) string {
	controller := "usb" + port[:strings.Index(port, "-")]
	path := controller + "/" + port
	s.number++
	authorized := s.read("devices/pci/" + controller + "/authorized_default")
	for file, text := range map[string]string{
		"descriptors": string(descriptors), "authorized": authorized + "\n", "devnum": strconv.Itoa(s.number) + "\n", "manufacturer": "Maker\n", "product": name + "\n", "serial": "1\n",
	} {
		s.write("devices/pci/"+path+"/"+file, text)
	}
	if typing && authorized == "1" {
		s.types(port, name, "e080ffdf01cfffff fffffffffffffffe")
	}
	s.link(port, path)
	return "/devices/pci/" + path
}

// types gives a device on USB an input device with these keys.
func (s *tree) types(port, name, keys string) {
	path := "usb" + port[:strings.Index(port, "-")] + "/" + port
	s.input(path+"/"+port+":1.0/0003:046D:C52B.0001/input/input"+strconv.Itoa(s.number), name, keys)
}

func (s *tree) input(path, name, keys string) {
	s.write("devices/pci/"+path+"/capabilities/key", keys+"\n")
	s.write("devices/pci/"+path+"/name", name+"\n")
	if err := os.MkdirAll(filepath.Join(s.root, "class/input"), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Symlink("../../devices/pci/"+path, filepath.Join(s.root, "class/input", filepath.Base(path))); err != nil {
		s.t.Fatal(err)
	}
}

func (s *tree) pull(port string) string {
	link := filepath.Join(s.root, "bus/usb/devices", port)
	path, err := filepath.EvalSymlinks(link)
	if err = errors.Join(err, os.RemoveAll(path), os.Remove(link)); err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimPrefix(path, s.root)
}

func (s *tree) link(name, path string) {
	if err := os.Symlink("../../../devices/pci/"+path, filepath.Join(s.root, "bus/usb/devices", name)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *tree) write(name, text string) {
	name = filepath.Join(s.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *tree) read(name string) string {
	b, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func (s *tree) in(port string) bool { return s.read("bus/usb/devices/"+port+"/authorized") == "1" }

// locked is a guard of a computer with a keyboard on port 1-1, and a boot drive.
func locked(t *testing.T) (*tree, *guard) {
	s := newTree(t, "usb1", "usb2")
	s.plug("1-1", "Keyboard", described(none, bootKeyboard, hid), true)
	s.plug("2-1", "Boot drive", described(none, bot), false)
	g := newGuard(s.root)
	if err := g.lock(); err != nil {
		t.Fatal(err)
	}
	if !s.in("1-1") || !s.in("2-1") || len(g.refused()) != 0 {
		t.Fatalf("the keyboard or the boot drive was put out: %q", g.refused())
	}
	return s, g
}

func TestGuardTellsTheKernel(t *testing.T) {
	s, g := locked(t)
	for _, name := range []string{"bus/usb/devices/usb1/authorized_default", "bus/usb/devices/usb2/authorized_default", "module/usbcore/parameters/authorized_default"} {
		if got := s.read(name); got != "0" {
			t.Errorf("%s is %s", name, got)
		}
	}
	s.controller("usb3") // of a dock
	if g.arrived("/devices/pci/usb3"); s.read("bus/usb/devices/usb3/authorized_default") != "0" {
		t.Error("a controller that came later admits what is plugged into it")
	}
}

func TestGuardDecides(t *testing.T) {
	for name, c := range map[string]struct {
		descriptors []byte
		in          bool
		text        string
	}{
		"drive":     {described(none, bot), true, ""},
		"hub":       {described(usbClass{9, 0, 1}, hub), true, ""},
		"keyboard":  {described(none, bootKeyboard), false, "“Maker Thing” (046d:c52b) on USB port 1-2: a keyboard"},
		"mouse":     {described(none, mouse), false, "“Maker Thing” (046d:c52b) on USB port 1-2: a mouse"},
		"network":   {described(none, usbClass{2, 6, 0}), false, "“Maker Thing” (046d:c52b) on USB port 1-2: a network card"},
		"composite": {described(none, bot, bootKeyboard), false, "“Maker Thing” (046d:c52b) on USB port 1-2: a drive and a keyboard at once"},
		"broken":    {[]byte("?"), false, "“Maker Thing” on USB port 1-2 cannot be read (its descriptors do not add up: no device descriptor)"},
	} {
		t.Run(name, func(t *testing.T) {
			s, g := locked(t)
			told := g.arrived(s.plug("1-2", "Thing", c.descriptors, false))
			if s.in("1-2") != c.in || told == c.in {
				t.Errorf("in: %t, told: %t", s.in("1-2"), told)
			}
			if got := strings.Join(g.refused(), "\n"); got != c.text {
				t.Errorf("%q, want %q", got, c.text)
			}
		})
	}
}

// A hub's devices are decided upon one by one.
func TestGuardBehindAHub(t *testing.T) {
	s, g := locked(t)
	g.arrived(s.plug("1-3", "Hub", described(usbClass{9, 0, 1}, hub), false))
	g.arrived(s.plug("1-3.1", "Stick", described(none, bot), false))
	g.arrived(s.plug("1-3.2", "Network", described(none, usbClass{2, 6, 0}), false))
	if !s.in("1-3") || !s.in("1-3.1") || s.in("1-3.2") || len(g.refused()) != 1 {
		t.Errorf("%q", g.refused())
	}
}

// A cable that was bumped must not lock the operator out; another keyboard in its
// place must.
func TestGuardKnowsTheKeyboardAgain(t *testing.T) {
	keyboard := described(none, bootKeyboard, hid)
	s, g := locked(t)
	g.removed(s.pull("1-1"))
	if !g.arrived(s.plug("1-1", "Keyboard", keyboard, false)) || !s.in("1-1") || len(g.refused()) != 0 {
		t.Fatalf("the keyboard was not let in again: %q", g.refused())
	}
	if got := g.returned(); len(got) != 1 || !strings.HasSuffix(got[0], "which is the keyboard that was there before") {
		t.Errorf("told: %q", got)
	}
	for name, c := range map[string]struct {
		port, name  string
		descriptors []byte
		text        string
	}{
		"another name":   {"1-1", "Keyb0ard", keyboard, "at once"},
		"another shape":  {"1-1", "Keyboard", described(none, bootKeyboard), "a keyboard"},
		"another port":   {"1-2", "Keyboard", keyboard, "that one belongs on the port where it was"},
		"another number": {"1-1", "Keyboard", with(keyboard, 10, 0x2C), "at once"},
	} {
		t.Run(name, func(t *testing.T) {
			s, g := locked(t)
			g.removed(s.pull("1-1"))
			g.arrived(s.plug(c.port, c.name, c.descriptors, false))
			if got := g.refused(); s.in(c.port) || len(got) != 1 || !strings.HasSuffix(got[0], c.text) {
				t.Errorf("%q", got)
			}
		})
	}
}

// Messages get lost, and devices come while the guard goes up.
func TestGuardLooksAround(t *testing.T) {
	s, g := locked(t)
	s.plug("1-2", "Stick", described(none, bot), false)
	s.plug("1-3", "Network", described(none, usbClass{2, 6, 0}), false)
	s.write("bus/usb/devices/usb2/authorized_default", "1") // as on a controller that has just come
	s.plug("2-2", "Keyboard too", described(none, bootKeyboard), true)
	for range 2 {
		if err := g.missed(); err != nil {
			t.Fatal(err)
		}
		if !s.in("1-1") || !s.in("1-2") || s.in("1-3") || s.in("2-2") || len(g.refused()) != 2 {
			t.Errorf("%q", g.refused())
		}
	}
	if got := s.read("bus/usb/devices/usb2/authorized_default"); got != "0" {
		t.Errorf("the controller's default is %s", got)
	}
}

// What is built in and neither drive nor keyboard is turned off.
func TestGuardTurnsOffWhatWasThere(t *testing.T) {
	s := newTree(t, "usb1")
	s.plug("1-1", "Keyboard", described(none, bootKeyboard), true)
	s.plug("1-2", "Touch pad", described(none, mouse, hid), false)
	s.plug("1-3", "Camera", described(usbClass{0xEF, 2, 1}, usbClass{0x0E, 1, 0}, usbClass{0x0E, 2, 0}), false)
	s.plug("1-4", "Bluetooth", described(usbClass{0xE0, 1, 1}, usbClass{0xE0, 1, 1}), false)
	g := newGuard(s.root)
	if err := g.lock(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"“Maker Camera” (046d:c52b) on USB port 1-3: a camera, which was there before",
		"“Maker Bluetooth” (046d:c52b) on USB port 1-4: a Bluetooth adapter, which was there before",
	}
	if got := g.refused(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if !s.in("1-1") || !s.in("1-2") || s.in("1-3") || s.in("1-4") {
		t.Error("not as told")
	}
}

// Nobody can answer a question without a keyboard.
func TestGuardKeepsAKeyboard(t *testing.T) {
	odd := described(none, bootKeyboard, vendorOwn)
	s := newTree(t, "usb1")
	s.plug("1-1", "Odd", odd, true)
	g := newGuard(s.root)
	if err := g.lock(); !errors.Is(err, ErrNoKeyboard) || !s.in("1-1") || s.read("bus/usb/devices/usb1/authorized_default") != "1" {
		t.Errorf("with an odd keyboard alone: %v", err)
	}
	s.plug("1-2", "Plain", described(none, bootKeyboard), true)
	if err := g.lock(); err != nil || s.in("1-1") || !s.in("1-2") {
		t.Errorf("with a plain keyboard beside it: %v", err)
	}
	cheap := newTree(t, "usb1")
	truncated := described(none, bootKeyboard)
	cheap.plug("1-1", "Cheap", truncated[:len(truncated)-3], true)
	g = newGuard(cheap.root)
	if err := g.lock(); !errors.Is(err, ErrNoKeyboard) || !strings.Contains(err.Error(), "Cheap") || !cheap.in("1-1") || cheap.read("bus/usb/devices/usb1/authorized_default") != "1" {
		t.Errorf("with a keyboard alone that describes itself badly: %v", err)
	}
	cheap.plug("1-2", "Plain", described(none, bootKeyboard), true)
	if err := g.lock(); err != nil || cheap.in("1-1") || !cheap.in("1-2") {
		t.Errorf("with a plain keyboard beside it: %v", err)
	}
	laptop := newTree(t, "usb1")
	laptop.plug("1-1", "Odd", odd, true)
	laptop.input("i8042/input/input90", "AT keyboard", "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe")
	if err := newGuard(laptop.root).lock(); err != nil || laptop.in("1-1") {
		t.Errorf("with a built-in keyboard beside it: %v", err)
	}
}

func TestGuardListsKeyboards(t *testing.T) {
	s := newTree(t, "usb1")
	s.input("i8042/input/input4", "AT keyboard", "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe")
	s.input("button/input/input2", "Power Button", "10000000000000 0")
	s.input("pad/input/input5", "Touch pad", "e520 10000 0 0 0 0")
	s.plug("1-1", "Keyboard", described(none, bootKeyboard), true)
	if got, want := newGuard(s.root).keyboards(), []string{"Keyboard", "AT keyboard"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What types all letters but Q types, whatever it says: the person is told of it,
// and it is known again. What has media keys, with Enter among them, does not.
func TestGuardListsWhatTypesAnything(t *testing.T) {
	const media = "3f000301ff 0 0 483ffff17aff32d bfd4444600000000 1 130ff38b17c000 677bfad9415fed 19ed68000004400 10000002"
	s := newTree(t, "usb1")
	s.input("button/input/input90", "Power Button", "10000000000000 0")
	s.input("pad/input/input91", "Touch pad", "e520 10000 0 0 0 0")
	s.plug("1-1", "Keyboard", described(none, bootKeyboard), true)
	s.plug("1-2", "Without Q", described(none, hid), false)
	s.types("1-2", "Without Q", "e080ffdf01cfffff fffffffffffefffe")
	s.plug("1-3", "Digits", described(none, hid), false)
	s.types("1-3", "Digits", "ffc")
	s.plug("1-4", "Mouse", described(none, mouse, hid), false)
	s.types("1-4", "Mouse Consumer Control", media)
	g := newGuard(s.root)
	if got, want := g.keyboards(), []string{"Keyboard", "Without Q", "Digits"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if err := g.lock(); err != nil || len(g.refused()) != 0 || len(g.kept) != 3 {
		t.Errorf("%d are kept as keyboards, %q, %v", len(g.kept), g.refused(), err)
	}
}

// Before it is locked the guard touches nothing.
func TestGuardIsOff(t *testing.T) {
	s := newTree(t, "usb1")
	g := newGuard(s.root)
	if told := g.arrived(s.plug("1-1", "Network", described(none, usbClass{2, 6, 0}), false)); told || !s.in("1-1") {
		t.Error("a device was put out")
	}
	if err := g.missed(); err != nil || !s.in("1-1") {
		t.Errorf("a device was put out: %v", err)
	}
}

// A computer without USB has nothing to guard, and a kernel that does not listen
// is an error.
func TestGuardWithoutUSB(t *testing.T) {
	if err := newGuard(t.TempDir()).lock(); err != nil {
		t.Error(err)
	}
	s := newTree(t, "usb1")
	if err := os.Remove(filepath.Join(s.root, "devices/pci/usb1/authorized_default")); err != nil {
		t.Fatal(err)
	}
	if err := newGuard(s.root).lock(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a controller that cannot be told: %v", err)
	}
}

// Who goes on without a guard needs drives: a guard that could not go up on every
// controller is up on none.
func TestGuardThatFailsIsOpen(t *testing.T) {
	const module, last = "module/usbcore/parameters/authorized_default", "devices/pci/usb3/authorized_default"
	for _, broken := range []string{module, last} {
		s := newTree(t, "usb1", "usb2", "usb3")
		if err := errors.Join(os.Remove(filepath.Join(s.root, broken)), os.Mkdir(filepath.Join(s.root, broken), 0o755)); err != nil {
			t.Fatal(err)
		}
		g := newGuard(s.root)
		if err := g.lock(); err == nil || g.on {
			t.Fatalf("with %s that cannot be written the guard is up: %v", broken, err)
		}
		for _, name := range []string{"usb1", "usb2", "usb3"} {
			file := "devices/pci/" + name + "/authorized_default"
			if file != broken && s.read(file) != "1" {
				t.Errorf("with %s that cannot be written, %s admits nothing", broken, name)
			}
		}
		if broken != module && s.read(module) != "-1" {
			t.Errorf("controllers that come admit %s", s.read(module))
		}
	}
}

// A device that comes and goes for ever does not fill the memory.
func TestGuardBoundsWhatItTells(t *testing.T) {
	s, g := locked(t)
	path := s.plug("1-2", "Network", described(none, usbClass{2, 6, 0}), false)
	for range mostAway + 5 {
		g.removed(path)
		g.arrived(path)
	}
	if n := len(g.refused()); n != mostAway {
		t.Errorf("%d sentences", n)
	}
}
