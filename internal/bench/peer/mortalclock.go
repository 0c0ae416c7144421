package peer

import (
	"sync"
	"time"

	"github.com/viccon/sturdyc"
)

// mortalClock ends the goroutine in which sturdyc evicts, which sturdyc itself
// never does: a finished contestant would stay in the heap and slow those after
// it.
type mortalClock struct {
	*sturdyc.RealClock

	mu    sync.Mutex // guards what follows
	ended bool
	quits []chan struct{}
}

func newMortalClock() *mortalClock { return &mortalClock{RealClock: sturdyc.NewClock()} }

// NewTicker returns a ticker whose channel is closed when the clock ends.
func (c *mortalClock) NewTicker(d time.Duration) (ticks <-chan time.Time, stop func()) {
	out, quit := make(chan time.Time), make(chan struct{})
	c.mu.Lock()
	c.quits = append(c.quits, quit)
	if c.ended {
		close(quit)
	}
	c.mu.Unlock()
	t := time.NewTicker(d)
	go func() {
		defer close(out)
		defer t.Stop()
		for {
			select {
			case now := <-t.C:
				select {
				case out <- now:
				case <-quit:
					return
				}
			case <-quit:
				return
			}
		}
	}()
	return out, t.Stop
}

func (c *mortalClock) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.ended = true
	for _, quit := range c.quits {
		close(quit)
	}
}
