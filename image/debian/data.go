package debian

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// ErrLink is for a wanted name that is no file, or a link that leads to none in
// its package.
var ErrLink = errors.New("it is no regular file")

// maxHops bounds chains of links, as the kernel's 40 does.
const maxHops = 40

// dataReader gives wanted files as they come, and keeps where links lead for
// after them: the target of a symbolic link may come later.
type dataReader struct {
	want   func(string) bool
	do     func(string, []byte) error
	links  map[string]string // all links: hard ones by absolute target
	seen   map[string]bool   // wanted names that have come
	wanted []string          // wanted links
	others []error           // wanted names of devices and the like
}

func (r *dataReader) entry(name string, h *tar.Header, data io.Reader) error {
	if h.Typeflag == tar.TypeDir {
		return nil
	}
	wanted := r.want(name)
	if wanted && r.seen[name] {
		return fmt.Errorf("%w: %q is there twice", ErrPackage, name)
	}
	r.seen[name] = r.seen[name] || wanted
	switch h.Typeflag {
	case tar.TypeReg:
		if wanted {
			return r.give(name, h, data)
		}
	case tar.TypeLink, tar.TypeSymlink:
		return r.keep(name, h, wanted)
	default:
		if wanted {
			r.others = append(r.others, fmt.Errorf("%q: %w but of type %q", name, ErrLink, h.Typeflag))
		}
	}
	return nil
}

func (r *dataReader) give(name string, h *tar.Header, data io.Reader) error {
	content, err := readEntry(name, h, data)
	if err != nil {
		return err
	}
	return r.do(name, content)
}

func readEntry(name string, h *tar.Header, data io.Reader) ([]byte, error) {
	if h.Size > maxFileSize {
		return nil, fmt.Errorf("%w: %q has %d bytes", ErrPackage, name, h.Size)
	}
	content, err := readAtMost(data, maxFileSize) // grows by what comes: a header may promise more
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return content, nil
}

func (r *dataReader) keep(name string, h *tar.Header, wanted bool) error {
	target := h.Linkname
	if h.Typeflag == tar.TypeLink {
		inside, err := entryName(target)
		if err != nil {
			return err
		}
		target = "/" + inside
	}
	if len(target) > maxNameSize {
		return fmt.Errorf("%w: a link of %d bytes", ErrPackage, len(target))
	}
	r.links[name] = target
	if wanted {
		r.wanted = append(r.wanted, name)
	}
	return nil
}

// follow reads the package once more, when links are wanted, for what they lead
// to.
func (d *Deb) follow(r *dataReader) error {
	if len(r.wanted) == 0 {
		return errors.Join(r.others...)
	}
	targets := map[string][]string{}
	for _, name := range r.wanted {
		target, err := r.resolve(name)
		if err != nil {
			r.others = append(r.others, err)
			continue
		}
		targets[target] = append(targets[target], name)
	}
	err := d.walk(func(name string, h *tar.Header, data io.Reader) error {
		if h.Typeflag != tar.TypeReg || targets[name] == nil {
			return nil
		}
		content, err := readEntry(name, h, data)
		if err != nil {
			return err
		}
		for _, link := range targets[name] {
			if err := r.do(link, slices.Clone(content)); err != nil {
				return err
			}
		}
		delete(targets, name)
		return nil
	})
	for _, name := range r.wanted {
		for target, links := range targets {
			if slices.Contains(links, name) {
				r.others = append(r.others, fmt.Errorf("%q: %w: it leads to %q, which is none of this package", name, ErrLink, target))
			}
		}
	}
	return errors.Join(append(r.others, err)...)
}

// resolve gives the name that a link leads to, links among its folders included.
// "/" is the package's root, and ".." does not leave it, as in a file system.
func (r *dataReader) resolve(name string) (string, error) {
	rest, done := strings.Split(name, "/"), ""
	for hops := 0; len(rest) > 0; {
		done, rest = path.Join("/", done, rest[0])[1:], rest[1:]
		target, isLink := r.links[done]
		if !isLink {
			continue
		}
		if hops++; hops > maxHops {
			return "", fmt.Errorf("%q: %w: its links go in circles", name, ErrLink)
		}
		if done = path.Dir(done); path.IsAbs(target) {
			done = ""
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return done, nil
}

// entryName is a name without the leading "./", and refuses what is not one
// below the root.
func entryName(name string) (string, error) {
	trimmed := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	switch {
	case trimmed == "" || trimmed == ".":
		return ".", nil
	case len(name) > maxNameSize:
		return "", fmt.Errorf("%w: a name of %d bytes", ErrPackage, len(name))
	case path.IsAbs(trimmed) || path.Clean(trimmed) != trimmed || trimmed == ".." || strings.HasPrefix(trimmed, "../") ||
		strings.Contains(trimmed, "\x00"):
		return "", fmt.Errorf("%w: name %q", ErrPackage, clip(name))
	}
	return trimmed, nil
}
