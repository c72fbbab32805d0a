// Package guest is what test programs share that run as PID 1 in a virtual
// machine, with the kernel and modules of the image (image.BuildGuest) and nothing
// else. A test gives commands in words on the first serial console; each gets one
// line for an answer, which begins with Mark (qemu.Guest).
//
//	func main() {
//		guest.Run(func(line io.Writer) guest.Answer {
//			return func(words []string) (string, error) { return "you said " + words[0], nil }
//		})
//	}
//
// Rules:
//   - a program answers every command, and never ends: its end is a kernel panic;
//   - nothing waits without need: QEMU's drives need no second to gather themselves.
package guest
