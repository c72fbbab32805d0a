package usb

import "signer/ceremony"

var _ ceremony.Drives = (*Real)(nil)
