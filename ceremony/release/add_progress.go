package release

import (
	"path/filepath"
	"sync"
)

// progressing tells how many bytes were copied, once it may be told.
type progressing struct {
	tell func(Progress)

	mu    sync.Mutex
	now   Progress
	loud  bool
	begun bool
}

func (p *progressing) next(f *sourceFile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Doing, p.begun = "copying "+filepath.Base(f.File), true
}

func (p *progressing) moved(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Done += n
	p.say()
}

// aloud begins to tell, and tells how far it is by now.
func (p *progressing) aloud() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loud = true
	p.say()
}

func (p *progressing) say() {
	if p.tell != nil && p.loud && p.begun {
		p.tell(p.now)
	}
}
