//go:build !airgap && (linux || darwin)

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// hideTyping switches a terminal's echo off. Ctrl+C and line editing stay.
func hideTyping(side any) {
	f, ok := side.(*os.File)
	if !ok {
		return
	}
	state, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	if err != nil {
		return // it is no terminal
	}
	state.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(int(f.Fd()), setTermios, state) // while it is asked, it is hidden anyway
}
