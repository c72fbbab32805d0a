package tuf

import "bytes"

// SameButCase finds one of these paths that is listed in other letters, such as
// Orbit for orbit: on a Mac and on Windows they are one file.
func (r *Release) SameButCase(paths ...string) (path, listed string, found bool) {
	if r.targets == nil {
		return "", "", false
	}
	long := map[int][]string{}
	for _, p := range paths {
		long[len(p)] = append(long[len(p)], p)
	}
	for _, s := range r.targets.entries {
		name := r.targets.name(s)
		for _, p := range long[len(name)] {
			if bytes.EqualFold(name, []byte(p)) && string(name) != p {
				return p, string(name), true
			}
		}
	}
	return "", "", false
}

// name is the path of an entry, where it stands if nothing in it is escaped: a
// hundred thousand are looked at in milliseconds.
func (l *targetList) name(s span) []byte {
	name, _, _ := bytes.Cut(l.raw(s)[1:], []byte{'"'})
	if bytes.IndexByte(name, '\\') >= 0 {
		return []byte(l.path(s))
	}
	return name
}
