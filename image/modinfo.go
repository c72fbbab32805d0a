package image

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ulikunitz/xz"
)

// modinfo is what a module says of itself in its section .modinfo, which is all
// that is needed: Debian's kernel package has no modules.dep.
type modinfo struct {
	depends   []string
	pre, post []string // softdep: modules to load before and after, when there are such
}

// maxModule is some way above the largest modules there are, of graphics: 20 MB.
const maxModule = 64 << 20

var errModule = errors.New("not a kernel module")

// readModinfo reads a module as it is in the package, compressed by xz.
func readModinfo(compressed []byte) (modinfo, error) {
	r, err := xz.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return modinfo{}, fmt.Errorf("%w: %w", errModule, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxModule+1))
	if err != nil {
		return modinfo{}, fmt.Errorf("%w: %w", errModule, err)
	}
	if len(data) > maxModule {
		return modinfo{}, fmt.Errorf("%w: more than %d bytes", errModule, maxModule)
	}
	return parseModinfo(data)
}

func parseModinfo(data []byte) (modinfo, error) {
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return modinfo{}, fmt.Errorf("%w: %w", errModule, err)
	}
	section := file.Section(".modinfo")
	if section == nil || section.Type != elf.SHT_PROGBITS || section.Flags&elf.SHF_COMPRESSED != 0 {
		return modinfo{}, fmt.Errorf("%w: no plain section .modinfo", errModule)
	}
	text, err := section.Data()
	if err != nil {
		return modinfo{}, fmt.Errorf("%w: .modinfo: %w", errModule, err)
	}
	return parseModinfoText(string(text)), nil
}

// parseModinfoText reads "key=value" strings, each ended by a zero byte.
func parseModinfoText(text string) (m modinfo) {
	for line := range strings.SplitSeq(text, "\x00") {
		key, value, _ := strings.Cut(line, "=")
		switch key {
		case "depends":
			m.depends = append(m.depends, strings.FieldsFunc(value, func(r rune) bool { return r == ',' })...)
		case "softdep":
			m.addSoft(value)
		}
	}
	return m
}

// addSoft reads "pre: a b post: c". A name may be the alias of a platform device,
// "platform:idma64", whose driver has the same name.
func (m *modinfo) addSoft(value string) {
	list := &[]string{} // words before "pre:" or "post:" mean nothing
	for _, word := range strings.Fields(value) {
		switch word {
		case "pre:":
			list = &m.pre
		case "post:":
			list = &m.post
		default:
			*list = append(*list, strings.TrimPrefix(word, "platform:"))
		}
	}
}
