// Package ceremony leads people through the offline ceremonies of a TUF
// repository, and keeps them from making mistakes.
//
// A ceremony is a Script: a list of steps, each an ordinary function. A step
// reaches people only through an Operator and drives only through Drives, so
// the same script runs on a text screen, on a serial console, from an answer
// file and in a fuzz test. All knowledge of TUF is in package tuf below.
//
// In: answers, and what is on drives. Out: drives that were proven, and a
// record of how they came about. Rules it keeps:
//
//   - nothing is written to a drive before the first step that Commits;
//   - state is a plain value, copied before each part of a step, so that going
//     back is a copy restored; secrets are in a Keyring, and going back wipes
//     those made since;
//   - a drive counts when it was written, taken out, put in again, read back,
//     and every key on it was unlocked and made to sign;
//   - no metadata leaves before every key is proven on every drive that was
//     promised it;
//   - time, randomness and drives come in by Env.
package ceremony
