// Package oracle asks programs that others made what they think of what this
// program wrote. It is for tests alone, and a test proves that nothing else
// imports it.
//
// What is asked, each as its makers built it and at a pinned version:
//
//	v0/                go-tuf v0.5.2's client and its tuf command, which fleetctl
//	                   and orbit pin; those of go-tuf v0.7.0; what both do with
//	                   key files; v0.5.2 driven as fleetctl updates drives it
//	v2/                go-tuf/v2's updater
//	tufjs/             tuf-js (Node)
//	securesystemslib/  the signatures, by Debian's python3-securesystemslib
//	s3/                versitygw, a server of the S3 protocol
//
// Beside them, Debian's nginx publishes a folder as web servers do.
//
// The Go programs are modules of their own, as no module can hold two versions
// of go-tuf; they are built by the go command when a test first asks. Where
// Node, nginx or the Python library is not at hand, the test is skipped with the
// reason, or fails when SIGNER_REQUIRE_ALL is set, as .ci/run sets it. With -short
// nobody is asked.
//
//	device := oracle.Device{URL: oracle.Serve(t, "drive/repository"), Root: "root.json", Memory: t.TempDir()}
//	for _, client := range oracle.Clients() {
//		t.Run(client.Name, func(t *testing.T) {
//			seen, err := client.Update(t, device)
//			…
//		})
//	}
//
// An error is what the oracle said. An oracle that cannot run is no answer, and
// ends the test.
package oracle
