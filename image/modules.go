package image

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"strings"
)

// Module is a kernel module of the image.
type Module struct {
	Path string // below the package's folder of modules: "kernel/drivers/usb/host/xhci-pci.ko.xz"
	Data []byte // as Debian signed it
}

// File is the module's name in the image's folder of modules.
func (m Module) File() string { return path.Base(m.Path) }

// moduleTree is the modules of a kernel package, by canonical name.
type moduleTree struct {
	files   map[string]Module
	builtin map[string]bool
}

// plantModules takes the files of a kernel package, by their path below the
// folder of modules.
func plantModules(files map[string][]byte) moduleTree {
	t := moduleTree{files: map[string]Module{}, builtin: map[string]bool{}}
	for name, data := range files {
		if base, ok := strings.CutSuffix(path.Base(name), ".ko.xz"); ok {
			t.files[canonical(base)] = Module{name, data}
		}
	}
	lines := bufio.NewScanner(bytes.NewReader(files["modules.builtin"]))
	for lines.Scan() {
		t.builtin[canonical(strings.TrimSuffix(path.Base(lines.Text()), ".ko"))] = true
	}
	return t
}

// canonical is a module's name with one of two signs that the kernel takes for
// the same: the file is xhci-pci.ko, and others depend on xhci_pci.
func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// order gives the modules of all purposes and those they depend on, each after
// what it needs.
func (t moduleTree) order(purposes []purpose) ([]Module, error) {
	l := loading{tree: t, seen: map[string]bool{}}
	for _, p := range purposes {
		for _, name := range p.modules {
			if err := l.add(name); err != nil {
				return nil, fmt.Errorf("modules for %s: %w", p.what, err)
			}
		}
	}
	return l.order, nil
}

// loading is an order in the making.
type loading struct {
	tree  moduleTree
	seen  map[string]bool
	order []Module
}

func (l *loading) add(name string) error {
	name = canonical(name)
	if l.seen[name] || l.tree.builtin[name] {
		return nil
	}
	l.seen[name] = true // before its dependencies: a circle ends here
	m, ok := l.tree.files[name]
	if !ok {
		return fmt.Errorf("the kernel has no module %q", name)
	}
	if err := allowed(m.Path); err != nil {
		return err
	}
	info, err := readModinfo(m.Data)
	if err != nil {
		return fmt.Errorf("read %q: %w", m.Path, err)
	}
	if err := l.needs(info); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	l.order = append(l.order, m)
	return l.soft(info.post)
}

func (l *loading) needs(info modinfo) error {
	for _, name := range info.depends {
		if err := l.add(name); err != nil {
			return err
		}
	}
	return l.soft(info.pre)
}

// soft adds modules that are only wished for.
func (l *loading) soft(names []string) error {
	for _, name := range names {
		if _, there := l.tree.files[canonical(name)]; !there {
			continue
		}
		if err := l.add(name); err != nil {
			return err
		}
	}
	return nil
}

// allowed refuses what the appliance promises not to have.
func allowed(name string) error {
	for _, folder := range forbidden() {
		if strings.HasPrefix(strings.TrimPrefix(name, "kernel/"), folder) {
			return fmt.Errorf("module %q is one that the image must not have", name)
		}
	}
	return nil
}
