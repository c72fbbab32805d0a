package release

// What a file is, by its first bytes. Mix-ups have been published: a program for
// arm64 as `linux`, one for Windows as `macos`. Only what decides is read, by
// offsets that are checked: debug/elf and its like read tables of any length.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

type kind int

const (
	other kind = iota // text, data, what is not known here
	empty
	elf
	pe
	machO
	dos // MZ, and no Windows program behind it
	script
	xar // a Mac's installer package
	gzipped
	tarball // gzipped
)

type machine string

const (
	amd64 machine = "amd64"
	arm64 machine = "arm64"
	i386  machine = "386"
	arm   machine = "arm"
)

// looks are what was seen of a file.
type looks struct {
	kind     kind
	machines []machine
	system   string // of an ELF program that is not for Linux

	// Of a tarball, as far as it was looked into:
	app      bool    // it holds an .app folder
	programs []looks // those found in it
	damaged  error
}

// headSize is what is read of a file, and of each file in an archive.
const headSize = 4 << 10

// look says what a file is. The error is the reader's.
func look(r io.ReaderAt, size int64) (looks, error) {
	if size == 0 {
		return looks{kind: empty}, nil
	}
	head := make([]byte, headSize)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return looks{}, err
	}
	head = head[:n]
	if bytes.HasPrefix(head, []byte("\x1f\x8b\x08")) {
		return lookInside(io.NewSectionReader(r, 0, size)), nil
	}
	return lookAtHead(head, r), nil
}

// lookAtHead says what begins with these bytes. What lies further in, r may have.
func lookAtHead(head []byte, r io.ReaderAt) looks {
	switch {
	case len(head) == 0:
		return looks{kind: empty}
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return lookAtELF(head)
	case bytes.HasPrefix(head, []byte("MZ")):
		return lookAtPE(head, r)
	case bytes.HasPrefix(head, []byte("#!")):
		return looks{kind: script}
	case bytes.HasPrefix(head, []byte("xar!")):
		return looks{kind: xar}
	}
	return lookAtMachO(head)
}

// lookAtELF reads e_ident and e_machine.
func lookAtELF(head []byte) looks {
	l := looks{kind: elf}
	if len(head) < 20 {
		return l
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	l.system = map[byte]string{2: "NetBSD", 6: "Solaris", 9: "FreeBSD", 12: "OpenBSD"}[head[7]]
	l.machines = []machine{named(order.Uint16(head[18:]), map[uint16]machine{3: i386, 40: arm, 62: amd64, 183: arm64, 243: "riscv64"})}
	return l
}

// lookAtPE follows the offset at 0x3c to the PE header.
func lookAtPE(head []byte, r io.ReaderAt) looks {
	if len(head) < 0x40 {
		return looks{kind: dos}
	}
	header := make([]byte, 6)
	_, err := r.ReadAt(header, int64(binary.LittleEndian.Uint32(head[0x3c:])))
	if err != nil && err != io.EOF || !bytes.HasPrefix(header, []byte("PE\x00\x00")) {
		return looks{kind: dos}
	}
	number := binary.LittleEndian.Uint16(header[4:])
	return looks{kind: pe, machines: []machine{named(number, map[uint16]machine{0x14c: i386, 0x1c0: arm, 0x1c4: arm, 0x8664: amd64, 0xaa64: arm64})}}
}

// lookAtMachO reads thin files and universal ones. Java's classes begin like the
// latter, and count far more than any that was ever made.
func lookAtMachO(head []byte) looks {
	if len(head) < 8 {
		return looks{}
	}
	switch binary.BigEndian.Uint32(head) {
	case 0xcefaedfe, 0xcffaedfe:
		return looks{kind: machO, machines: []machine{cpu(binary.LittleEndian.Uint32(head[4:]))}}
	case 0xfeedface, 0xfeedfacf:
		return looks{kind: machO, machines: []machine{cpu(binary.BigEndian.Uint32(head[4:]))}}
	case 0xcafebabe:
		return universal(head, 20)
	case 0xcafebabf:
		return universal(head, 32)
	}
	return looks{}
}

func universal(head []byte, entry int) looks {
	const most = 20
	count := int(binary.BigEndian.Uint32(head[4:]))
	if count > most {
		return looks{}
	}
	l := looks{kind: machO}
	for i := range count {
		if at := 8 + i*entry; at+4 <= len(head) {
			l.machines = append(l.machines, cpu(binary.BigEndian.Uint32(head[at:])))
		}
	}
	return l
}

func cpu(number uint32) machine {
	return named(number, map[uint32]machine{7: i386, 12: arm, 0x1000007: amd64, 0x100000c: arm64})
}

// named is a machine by its number, or the number itself.
func named[N uint16 | uint32](number N, names map[N]machine) machine {
	if m, ok := names[number]; ok {
		return m
	}
	return machine(fmt.Sprintf("machine %#x", number))
}

// runsOn reports whether one of the machines is one of those.
func (l looks) runsOn(machines []machine) bool {
	return slices.ContainsFunc(l.machines, func(m machine) bool { return slices.Contains(machines, m) })
}

// String is what people are told the file is.
func (l looks) String() string {
	switch l.kind {
	case empty:
		return "empty"
	case elf, pe, machO:
		return "a program for " + l.purpose()
	case dos:
		return "a program for DOS"
	case script:
		return "a script (#!)"
	case xar:
		return "a Mac's installer package (xar)"
	case gzipped:
		return "compressed (gzip), and no tar archive"
	case tarball:
		return "a tar.gz archive"
	}
	return "no program or archive"
}

// purpose is what a program is for: Linux on arm64 (ELF).
func (l looks) purpose() string {
	system := map[kind]string{elf: "Linux", pe: "Windows", machO: "macOS"}[l.kind]
	if l.system != "" {
		system = l.system
	}
	format := map[kind]string{elf: "ELF", pe: "PE", machO: "Mach-O"}[l.kind]
	return fmt.Sprintf("%s on %s (%s)", system, machineNames(l.machines), format)
}

func machineNames(machines []machine) string {
	if len(machines) == 0 {
		return "an unknown machine"
	}
	names := make([]string, len(machines))
	for i, m := range machines {
		names[i] = string(m)
	}
	return strings.Join(names, " and ")
}
