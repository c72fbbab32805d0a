package main

import "signer/ceremony/tuf"

// keyCost is what locking a key that this program makes costs, but in ceremonies
// that count, which know one cost only. Tests that prove something else lower it.
var keyCost = tuf.ProductCost
