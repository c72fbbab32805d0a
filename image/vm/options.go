package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"signer/image/internal/anyorder"
)

// options are what was typed.
type options struct {
	image string
	help  bool

	secureBoot, serial, vnc       bool
	sticks, memory, width, height int
	size                          int64
	keep                          string
	clock                         time.Time
}

// parse reads the image's name and flags in any order: people type both.
func parse(args []string) (options, error) {
	var o options
	var size, clock string
	flags := flag.NewFlagSet("vm", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&o.secureBoot, "secure-boot", true, "")
	flags.BoolVar(&o.serial, "serial", false, "")
	flags.BoolVar(&o.vnc, "vnc", false, "")
	flags.IntVar(&o.sticks, "sticks", 2, "")
	flags.IntVar(&o.memory, "memory", 512, "")
	flags.IntVar(&o.width, "width", 1280, "")
	flags.IntVar(&o.height, "height", 800, "")
	flags.StringVar(&size, "size", "4G", "")
	flags.StringVar(&clock, "clock", "", "")
	flags.StringVar(&o.keep, "keep", "", "")
	names, err := anyorder.Parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return options{help: true}, nil
	} else if err != nil {
		return o, err
	}
	if len(names) == 1 && names[0] == "help" {
		return options{help: true}, nil
	}
	if len(names) != 1 {
		return o, fmt.Errorf("one image is needed: go run ./image/mkimage -o signer.img makes it")
	}
	o.image = names[0]
	return o.checked(size, clock)
}

func (o options) checked(size, clock string) (options, error) {
	var err error
	if o.size, err = parseSize(size); err != nil {
		return o, err
	}
	if o.sticks < 0 || o.sticks > 99 {
		return o, fmt.Errorf("--sticks %d: there may be 0 to 99", o.sticks)
	}
	if clock != "" {
		if o.clock, err = time.Parse("2006-01-02T15:04:05", clock); err != nil {
			return o, fmt.Errorf("--clock %q: it is written like 2019-01-31T12:00:00", clock)
		}
	}
	return o, nil
}

// parseSize reads a number of bytes: "256M".
func parseSize(text string) (int64, error) {
	unit := int64(1)
	digits := strings.TrimRight(strings.ToUpper(text), "KMG")
	switch strings.ToUpper(text[len(digits):]) {
	case "":
	case "K":
		unit = 1 << 10
	case "M":
		unit = 1 << 20
	case "G":
		unit = 1 << 30
	default:
		digits = ""
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > 2<<40/unit || n*unit%512 != 0 {
		return 0, fmt.Errorf("--size %q: it is a number of bytes with K, M or G, whole sectors, at most 2048G", text)
	}
	return n * unit, nil
}
