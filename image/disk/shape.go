package disk

import "fmt"

// The FAT's measures (Microsoft's FAT specification of 2005, §3).
const (
	clusterSectors = block / sector
	rootEntries    = 512
	rootSectors    = rootEntries * entryBytes / sector
	entryBytes     = 32
	fatCopies      = 2
	fewest         = 4085 // clusters: with less it is a FAT12
	most           = 65524
)

// shape is where everything is.
type shape struct {
	sectors  uint64 // of the whole image
	esp      uint64 // sectors of the partition, all of them the FAT's
	reserved uint64 // sectors before the first FAT
	fat      uint64 // sectors of one FAT
	clusters uint64 // that there are
	used     uint64 // of them
}

func (s shape) size() int64 { return int64(s.sectors) * sector }

// data is the sector of cluster 2 in the partition.
func (s shape) data() uint64 { return s.reserved + fatCopies*s.fat + rootSectors }

// at is the place of a cluster in the image, in bytes.
func (s shape) at(cluster int) int64 {
	return int64(espStart+s.data()+uint64(cluster-2)*clusterSectors) * sector
}

// fit gives everything its clusters and finds the smallest image for them.
func fit(root *node) (shape, error) {
	if err := checkFolders(root); err != nil {
		return shape{}, err
	}
	used := place(root)
	if used > most {
		return shape{}, fmt.Errorf("%d MiB of files: %w: a FAT16 of %d byte clusters holds %d MiB",
			used*block>>20, ErrSpace, block, most*block>>20)
	}
	for size := uint64(quantum); ; size += quantum {
		s := shaped(size / sector)
		if s.clusters >= max(used, fewest) {
			s.used = used
			return s, nil
		}
	}
}

// checkFolders: the root's place is fixed, and no folder may pass 2 MiB.
func checkFolders(root *node) error {
	var err error
	root.walk(func(n *node) {
		limit := 1 << 16
		if n == root {
			limit = rootEntries
		}
		if err == nil && n.entries() > limit {
			err = fmt.Errorf("folder %q: %w: %d entries of %d", n.path, ErrSpace, n.entries(), limit)
		}
	})
	return err
}

// place numbers the clusters: folders first, then files, each in one piece. It
// returns how many there are.
func place(root *node) uint64 {
	next := 2
	take := func(n *node, bytes int) {
		if clusters := (bytes + block - 1) / block; clusters > 0 {
			n.first = next
			next += clusters
		}
	}
	root.walk(func(n *node) {
		if n != root {
			take(n, n.entries()*entryBytes)
		}
	})
	root.walk(func(n *node) {
		for _, child := range n.children {
			if !child.dir {
				take(child, len(child.data))
			}
		}
	})
	return uint64(next - 2)
}

// shaped is the FAT that fills an image of so many sectors.
func shaped(sectors uint64) shape {
	s := shape{sectors: sectors}
	if sectors < espStart+backSectors+quantum/sector/2 {
		return s
	}
	s.esp = sectors - espStart - backSectors
	for s.fat = 1; ; s.fat++ {
		// So many that cluster 2 begins at a block of the image: espStart and
		// rootSectors do already.
		s.reserved = clusterSectors - fatCopies*s.fat%clusterSectors
		s.clusters = min(most, (s.esp-s.data())/clusterSectors)
		if s.fat*sector/2 >= s.clusters+2 { // two numbers are never clusters
			return s
		}
	}
}
