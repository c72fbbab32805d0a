// Package proof holds tests of the daily commands as people run them: the
// program is built, and works on real folders, beside the programs that it takes
// the place of. There is nothing else here.
//
//	parity   the same commands in fleetctl's way and by this program, in turns
//	follow   computers in the field follow through every command, as nginx and
//	         S3 storage publish them
//	kill     the program ends at each thing it does to a folder, which is whole
//	         afterwards
//	durable  what is renamed into place is on the disk before
//	bench    time and memory beside the programs that people use today; run by
//	         hand: go test -run - -bench . -benchtime 1x ./cmd/signer/proof
//
// Tests of parts are with the parts.
package proof
