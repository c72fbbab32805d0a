package image

import (
	"context"
	"fmt"
	"slices"
	"time"

	"signer/image/debian"
)

// parts are the pieces of an image, and the packages they are from.
type parts struct {
	kernel   kernel
	program  []byte
	console  []entry   // files of the initramfs
	esp      []espFile // those that hold no ids
	packages []debian.Package
}

// gather takes what it needs out of the packages, and builds the program.
func gather(ctx context.Context, o Options, a arch) (parts, error) {
	g, err := startGathering(ctx, o, a)
	if err != nil {
		return parts{}, err
	}
	for _, step := range []func() error{g.takeKernel, g.takeChain, g.takeConsole} {
		if err := step(); err != nil {
			return parts{}, err
		}
	}
	o.Log("build the program")
	g.got.program, err = buildProgram(ctx, o, a)
	return g.got, err
}

// gathering is parts on their way.
type gathering struct {
	ctx   context.Context
	arch  arch
	lock  debian.Lock
	store store
	got   parts
}

func startGathering(ctx context.Context, o Options, a arch) (gathering, error) {
	mirror, err := debian.OpenMirror(o.Mirror)
	if err != nil && o.Mirror != "" {
		return gathering{}, err
	} // without a mirror, what is kept may do; else Fetch says what is missing
	mirror.Progress = progress(o.Log)
	return gathering{ctx: ctx, arch: a, lock: o.Lock, store: store{mirror, o.Cache, o.Log}}, nil
}

// pick finds a wanted package in the lock, and notes it.
func (g *gathering) pick(want debian.Want) (debian.Package, error) {
	p, err := g.lock.Pick(want)
	if err == nil && !slices.Contains(g.got.packages, p) {
		g.got.packages = append(g.got.packages, p)
	}
	return p, err
}

func (g *gathering) takeKernel() error {
	p, err := g.pick(g.arch.kernel())
	if err != nil {
		return err
	}
	if g.got.kernel, err = g.store.unpackKernel(g.ctx, g.arch, p); err != nil {
		return err
	}
	g.got.esp = append(g.got.esp, espFile{"vmlinuz", g.got.kernel.image, originOf(p), true})
	return nil
}

func (g *gathering) takeChain() error {
	for _, program := range g.arch.chain() {
		found, p, err := g.named(program.from, program.file)
		if err != nil {
			return err
		}
		g.got.esp = append(g.got.esp, espFile{program.name, found[program.file], originOf(p), false})
	}
	return nil
}

// named takes files out of a package, all of which must be there.
func (g *gathering) named(from debian.Want, names ...string) (files, debian.Package, error) {
	p, err := g.pick(from)
	if err != nil {
		return nil, p, err
	}
	found, err := g.store.unpack(g.ctx, p, fmt.Sprintf("files %q", names), only(func(name string) bool {
		return slices.Contains(names, name)
	}))
	if err != nil {
		return nil, p, err
	}
	for _, name := range names {
		if _, ok := found[name]; !ok {
			return nil, p, fmt.Errorf("%s has no file %q", p, name)
		}
	}
	return found, p, nil
}

// progress tells of a download when a second has passed since the last word.
func progress(log func(string)) func(debian.Package, int64) {
	var last time.Time
	return func(p debian.Package, have int64) {
		if now := time.Now(); now.Sub(last) > time.Second {
			last = now
			log(fmt.Sprintf("fetch %s: %.1f of %.1f MB", p.Name, float64(have)/1e6, float64(p.Size)/1e6))
		}
	}
}
