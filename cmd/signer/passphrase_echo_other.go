//go:build !airgap && !linux && !darwin

package main

// hideTyping leaves the terminal as it is: what is typed before it is asked for
// shows there.
func hideTyping(any) {}
