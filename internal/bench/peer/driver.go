package peer

import (
	"sync"
	"time"

	"github.com/freshet-go/freshet/internal/bench/measure"
)

// driver reads each key once per interval, in the order in which they were
// started: what users of a cache that refreshes when read must write to have
// polling.
type driver struct {
	interval time.Duration
	read     func(i int)
	watch    measure.Stopwatch
	quit     chan struct{}
	done     chan struct{}

	mu      sync.Mutex // guards started
	started []visit
}

type visit struct {
	at  int64
	key int
}

func newDriver(interval time.Duration, read func(i int)) *driver {
	d := &driver{
		interval: interval, read: read, watch: measure.NewStopwatch(),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	go d.run()
	return d
}

func (d *driver) start(i int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.started = append(d.started, visit{d.watch.Nanos() + int64(d.interval), i})
}

func (d *driver) stop() {
	close(d.quit)
	<-d.done
}

func (d *driver) run() {
	defer close(d.done)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var queue []visit // sorted, as one interval holds for all
	for {
		select {
		case <-tick.C:
		case <-d.quit:
			return
		}
		d.mu.Lock()
		queue = append(queue, d.started...)
		d.started = d.started[:0]
		d.mu.Unlock()
		now, due := d.watch.Nanos(), 0
		for ; due < len(queue) && queue[due].at <= now; due++ {
			v := queue[due]
			d.read(v.key)
			queue = append(queue, visit{v.at + int64(d.interval), v.key})
		}
		queue = queue[due:]
	}
}
