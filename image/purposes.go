package image

// purpose is something the appliance must be able to do, and the modules that do
// it. What those depend on is found in the modules themselves.
type purpose struct {
	what    string
	modules []string
}

// Both tables are in the order of loading: what brings a keyboard comes first,
// for somebody waits with a hand on it. Built into Debian's kernel, and so not
// here: framebuffer, console, PS/2 keyboards, clock chips, efivars.

func amd64Purposes() []purpose {
	return []purpose{
		{"USB hosts", []string{"xhci-pci", "xhci-pci-renesas", "ehci-pci", "ohci-pci", "uhci-hcd"}},
		{"USB keyboards", usbKeyboards()},
		{"keyboards of laptops on I2C", []string{ // i2c-hid brings drm, which drives nothing by itself
			"pinctrl-alderlake", "pinctrl-elkhartlake", "pinctrl-jasperlake", "pinctrl-lakefield",
			"pinctrl-meteorlake", "pinctrl-meteorpoint", "pinctrl-intel-platform", // others are built in
			"intel-lpss-pci", "intel-lpss-acpi", "i2c-designware-pci", "i2c-hid-acpi"}},
		{"keyboards of Surface laptops", []string{"surface_aggregator_registry", "surface_hid", "surface_kbd"}},
		{"keyboards of MacBooks on SPI", []string{"spi-pxa2xx-platform", "spi-pxa2xx-pci", "applespi"}},
		{"USB drives", usbDrives()},
		{"file systems of drives", fileSystems()},
	}
}

// Without dwc3: it brings the modules by which a computer is a USB device itself,
// and machines that have it need a device tree, which this image has none of.
func arm64Purposes() []purpose {
	return []purpose{
		{"USB hosts", []string{"xhci-pci", "xhci-pci-renesas", "xhci-plat-hcd", "ehci-pci", "ohci-pci", "ehci-platform", "ohci-platform"}},
		{"USB keyboards", usbKeyboards()},
		{"keyboards of laptops on I2C", []string{"i2c-designware-platform", "i2c-hid-acpi"}},
		{"USB drives", usbDrives()},
		{"file systems of drives", fileSystems()},
	}
}

// usbKeyboards: hid-generic drives every keyboard but those that the kernel's
// table hid_have_special_driver keeps from it (366 devices in 6.12, nearly all
// mice, gamepads and remote controls). These are the drivers of the keyboards
// among them, and hid-apple, whose keyboards have an Fn key. Logitech's wireless
// receivers work by hid-generic: their own drivers would only add code.
func usbKeyboards() []string {
	return []string{"usbhid", "hid-generic", "hid-apple", "hid-belkin", "hid-cherry", "hid-chicony", "hid-corsair",
		"hid-cypress", "hid-ezkey", "hid-holtek-kbd", "hid-keytouch", "hid-lenovo", "hid-logitech", "hid-microsoft",
		"hid-monterey", "hid-ortek", "hid-primax", "hid-samsung", "hid-topseed"}
}

// usbDrives: sr_mod for the image on a DVD in a USB drive, whose digest is read
// from it. It is not mounted, so isofs is not needed.
func usbDrives() []string { return []string{"usb-storage", "uas", "sd_mod", "sr_mod"} }

func fileSystems() []string {
	return []string{"nls_cp437", "nls_ascii", "nls_utf8", "vfat", "exfat"}
}

// forbidden are the folders of the kernel's source that no module of the image is
// from.
func forbidden() []string {
	return []string{"net/", "sound/", "drivers/net/", "drivers/bluetooth/", "drivers/firewire/", "drivers/thunderbolt/",
		"drivers/ata/", "drivers/nvme/", "drivers/virtio/", "drivers/block/", "drivers/infiniband/", "drivers/usb/serial/",
		"drivers/usb/gadget/", "drivers/usb/class/", "drivers/gpu/drm/i915/", "drivers/gpu/drm/xe/", "drivers/gpu/drm/amd/",
		"drivers/gpu/drm/nouveau/", "drivers/gpu/drm/radeon/", "drivers/tee/", "fs/nfs/", "fs/smb/"}
}
