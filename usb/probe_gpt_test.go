package usb_test

import (
	"errors"
	"testing"

	"signer/usb"
)

// An image may be on a larger drive than it was made for.
func TestReadGPT(t *testing.T) {
	t.Parallel() // sgdisk waits a second
	f := partitioned(t, 24*mib, true, efi)
	run(t, "sgdisk", "--disk-guid", "1B2A3C4D-5E6F-7081-92A3-B4C5D6E7F809", f.Name())
	want := usb.GPT{Disk: "1B2A3C4D-5E6F-7081-92A3-B4C5D6E7F809", Size: 24 * mib}
	if got, err := usb.ReadGPT(f, 24*mib); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if err := f.Truncate(40 * mib); err != nil {
		t.Fatal(err)
	}
	if got, err := usb.ReadGPT(f, 40*mib); err != nil || got != want {
		t.Errorf("on a larger drive: %+v, %v", got, err)
	}
	if _, err := usb.ReadGPT(f, 23*mib); !errors.Is(err, usb.ErrTable) {
		t.Errorf("on a smaller drive: %v", err)
	}
	put(t, f, 512+56, "another disk")
	if got, err := usb.ReadGPT(f, 24*mib); !errors.Is(err, usb.ErrBackupOnly) || got != want {
		t.Errorf("with a damaged begin: %+v, %v", got, err)
	}
	if _, err := usb.Probe(f, 24*mib); !errors.Is(err, usb.ErrBackupOnly) {
		t.Errorf("Probe with a damaged begin: %v", err)
	}
	if _, err := usb.ReadGPT(f, 40*mib); !errors.Is(err, usb.ErrTable) {
		t.Errorf("with a damaged begin on a larger drive: %v", err)
	}
}

func TestProbeChecksTheEntriesOfGPT(t *testing.T) {
	t.Parallel() // sgdisk waits a second
	f := partitioned(t, 24*mib, true, fat16)
	put(t, f, 1024+32, "\x00\x10") // the first partition begins later
	put(t, f, 24*mib-33*512+32, "\x00\x10")
	if got, err := usb.Probe(f, 24*mib); !errors.Is(err, usb.ErrTable) {
		t.Errorf("%+v, %v", got, err)
	}
}
