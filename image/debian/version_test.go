package debian

import "testing"

// Each line of versions is in ascending order. The examples are those of
// deb-version(7) and of the packages that the image is built from.
func TestVersionsAreOrderedAsDebianOrdersThem(t *testing.T) {
	for _, ascending := range [][]string{
		{"~~", "~~a", "~", "", "a"},
		{"1.0~beta1~svn1245", "1.0~beta1", "1.0"},
		{"1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2", "1.0-10", "1.0.1-1"},
		{"9", "10", "1:1", "2:0", "10:0"},
		{"1.2-3-1", "1.2-3-2", "1.2-4-1"},
		{"1.0", "1.0a", "1.0b", "1.0+dfsg", "1.0.1"},
		{"6.12.9-1", "6.12.107-1", "6.12.107-1+deb13u1", "6.12.117-1", "6.13~rc1-1", "6.13-1"},
		{"1+2.06+13+deb12u1", "1+2.12+9", "1+2.12+9+deb13u1", "1+2.12+9+deb13u2"},
		{"1.47~1+deb12u1+15.8-1~deb12u1", "1.51~1+deb13u1+16.1-2~deb13u1", "1.51+16.1-2"},
		{"2.42-1~bpo12+1", "2.42-1", "2.42-1+deb13u1"},
		{"99999999999999999999998", "99999999999999999999999"},
		{"1.0A", "1.0Z", "1.0a"},
	} {
		for i, a := range ascending {
			for j, b := range ascending {
				if have, want := sign(CompareVersions(a, b)), sign(i-j); have != want {
					t.Errorf("compare %q with %q: %d, want %d", a, b, have, want)
				}
			}
		}
	}
}

func TestVersionsThatAreTheSame(t *testing.T) {
	for _, same := range [][2]string{{"1.0", "1.0-0"}, {"0:1.0", "1.0"}, {"1.01", "1.1"}, {"1.0-0", "1.0-"}, {"1.", "1.0"}} {
		if CompareVersions(same[0], same[1]) != 0 {
			t.Errorf("%q and %q are not taken for the same", same[0], same[1])
		}
	}
}

func sign(n int) int { return min(max(n, -1), 1) }
