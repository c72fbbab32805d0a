package usb

import (
	"slices"
	"strings"
)

// What interfaces of a class are to a person. Later ones are for whole classes.
var usbClaims = []struct {
	class usbClass
	parts int // of class that must agree
	what  string
}{
	{bootKeyboard, 3, "a keyboard"},
	{usbClass{classHID, 1, 2}, 3, "a mouse"},
	{usbClass{classHID}, 1, "an input device"},
	{usbClass{classStorage, 6, 0x50}, 3, "a drive"},
	{usbClass{classStorage, 6, 0x62}, 3, "a drive"},
	{usbClass{classStorage}, 1, "a drive of an unusual kind"},
	{usbClass{classHub}, 1, "a hub"},
	{usbClass{0x01}, 1, "a sound device"},
	{usbClass{0x02, 0x02, 0xFF}, 3, "a network card"}, // RNDIS
	{usbClass{0x02, 0x02}, 2, "a modem or serial port"},
	{usbClass{0x02, 0x06}, 2, "a network card"}, // ECM
	{usbClass{0x02, 0x0C}, 2, "a network card"}, // EEM
	{usbClass{0x02, 0x0D}, 2, "a network card"}, // NCM
	{usbClass{0x02, 0x0E}, 2, "a network card"}, // MBIM
	{usbClass{0x02}, 1, "a modem or network card"},
	{usbClass{0x05}, 1, "an input device with force feedback"},
	{usbClass{0x06}, 1, "a camera or telephone"},
	{usbClass{0x07}, 1, "a printer"},
	{usbClass{0x0A}, 1, ""}, // the data of another interface
	{usbClass{0x0B}, 1, "a smart card reader"},
	{usbClass{0x0E}, 1, "a camera"},
	{usbClass{0x0F}, 1, "a medical device"},
	{usbClass{0x10}, 1, "a sound and video device"},
	{usbClass{0x11}, 1, "a sign about USB-C"},
	{usbClass{0x12}, 1, "a USB-C bridge"},
	{usbClass{0xDC}, 1, "a diagnostic device"},
	{usbClass{0xE0, 0x01, 0x01}, 3, "a Bluetooth adapter"},
	{usbClass{0xE0, 0x01, 0x03}, 3, "a network card"}, // RNDIS
	{usbClass{0xE0}, 1, "a radio device"},
	{usbClass{0xEF, 0x04, 0x01}, 3, "a network card"}, // RNDIS
	{usbClass{0xFE, 0x01}, 2, "a firmware that wants to be replaced"},
	{usbClass{0xFF}, 1, "something that only its maker knows"},
}

// claims says what a device claims to be: "a drive and a keyboard at once".
func (d usbDescriptors) claims() string {
	var list []string
	for _, c := range d.interfaces {
		if what := c.what(); what != "" && !slices.Contains(list, what) {
			list = append(list, what)
		}
	}
	switch n := len(list); {
	case n == 0:
		return "something unknown"
	case n == 1 && d.kind() == kindOther && (list[0] == "a hub" || list[0] == "a drive" || list[0] == "a keyboard"):
		return list[0] + " that says of itself as a whole that it is something else"
	case n == 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1] + " at once"
	}
}

func (c usbClass) what() string {
	for _, claim := range usbClaims {
		if slices.Equal(c[:claim.parts], claim.class[:claim.parts]) {
			return claim.what
		}
	}
	return "something unknown"
}
