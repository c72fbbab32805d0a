// Package ui is the Operator on a text screen of 80 by 24: the appliance's
// console, a serial line, a terminal window.
//
// In: events and questions of a ceremony, keys, the tray of a rehearsal's
// drives. Out: frames, and one answer for each question. Run shows the screen
// for as long as the ceremony plays:
//
//	err := ui.Run(ctx, ui.Options{In: os.Stdin, Out: os.Stdout, Now: time.Now, Env: os.Environ()},
//		func(ctx context.Context, op ceremony.Operator) error {
//			return ceremony.Run(ctx, ceremony.Create(), env, op)
//		})
//
// There is one tea.Model, the screen. Its parts are plain structs that take keys
// and give lines of text; the operator sends the screen messages and waits for a
// reply. Rules it keeps:
//
//   - Update does no input or output: what takes time is a tea.Cmd, or is done by
//     the goroutine that asks;
//   - one question is on the screen at a time, and it is gone, with its field, in
//     the moment its answer is accepted: a key that comes when nothing is asked
//     goes nowhere;
//   - a passphrase is bytes in one place that is wiped, and shows as dots;
//   - all text passes through ceremony.Foreign before anything else is done with
//     it;
//   - meaning is in words and glyphs; colour only repeats it. Glyphs are those of
//     code page 437, which is all that the kernel's font has;
//   - no frame is larger than 80 by 24. What does not fit has pages.
package ui
