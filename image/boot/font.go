package boot

// fontFile is the larger font where 80 by 24 cells of it have room: on a display
// with many pixels the smaller one cannot be read.
func fontFile(width, height int) string {
	if width >= 80*16 && height >= 24*32 {
		return "/console/32.psf"
	}
	return "/console/16.psf"
}
