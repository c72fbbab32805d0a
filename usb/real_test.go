package usb

import "signer/ceremony"

// What the first screens and the ceremonies ask of real drives.
var (
	_ ceremony.Drives      = (*Real)(nil)
	_ ceremony.Guarded     = (*Real)(nil)
	_ ceremony.ImageReader = (*Real)(nil)
)
