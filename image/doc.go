// Package image is the place of the appliance: the builder of the bootable
// image, its command image/mkimage, and the program that runs as PID 1. Nothing
// of it is built yet; ceremonies run as rehearsals on virtual drives until then.
package image
