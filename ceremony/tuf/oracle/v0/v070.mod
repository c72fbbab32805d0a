module signer/ceremony/tuf/oracle/v0

go 1.26

require github.com/theupdateframework/go-tuf v0.7.0

require (
	github.com/secure-systems-lab/go-securesystemslib v0.7.0 // indirect
	golang.org/x/crypto v0.16.0 // indirect
	signer/ceremony/tuf/oracle/device v0.0.0
)

replace signer/ceremony/tuf/oracle/device => ../device
