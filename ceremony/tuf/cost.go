package tuf

// Cost is scrypt's N: what deriving a key from a passphrase costs.
type Cost int

// ProductCost is the only cost that go-tuf v0.5.2, which fleetctl and orbit
// pin, can open: it fails at 65536 with "unexpected kdf parameters" (measured).
const ProductCost Cost = 32768
