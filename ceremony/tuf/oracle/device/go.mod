module signer/ceremony/tuf/oracle/device

go 1.26
