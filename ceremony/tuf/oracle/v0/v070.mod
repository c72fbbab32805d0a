module signer/ceremony/tuf/oracle/v0

go 1.26

require github.com/theupdateframework/go-tuf v0.7.0

require (
	github.com/flynn/go-docopt v0.0.0-20140912013429-f6dd2ebbb31e // indirect
	golang.org/x/sys v0.15.0 // indirect
	golang.org/x/term v0.15.0 // indirect
)

require (
	github.com/secure-systems-lab/go-securesystemslib v0.7.0 // indirect
	golang.org/x/crypto v0.16.0 // indirect
	signer/ceremony/tuf/oracle/device v0.0.0
)

replace signer/ceremony/tuf/oracle/device => ../device

tool github.com/theupdateframework/go-tuf/cmd/tuf
