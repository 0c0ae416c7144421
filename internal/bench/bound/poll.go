package bound

import (
	"sync"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

// poller polls on one goroutine. As all keys have one interval, those that wait are a
// queue: cheaper than any heap.
type poller struct {
	interval time.Duration
	start    time.Time
	poll     func(i int)

	mu    sync.Mutex
	queue []due // in order of time, a ring
	first int
	stop  chan struct{}
	done  sync.WaitGroup
}

type due struct {
	at  time.Duration
	key int
}

func newPoller(interval time.Duration, _ int, poll func(i int)) (contest.Poller, error) {
	p := &poller{interval: interval, start: time.Now(), poll: poll, stop: make(chan struct{})}
	p.done.Go(p.run)
	return p, nil
}

func (p *poller) Start(i int) error {
	p.poll(i)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, due{time.Since(p.start) + p.interval, i})
	return nil
}

func (p *poller) run() {
	timer := time.NewTimer(p.interval)
	defer timer.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-timer.C:
		}
		timer.Reset(p.pollDue())
	}
}

// pollDue polls what is due, and returns for how long nothing is.
func (p *poller) pollDue() time.Duration {
	for {
		p.mu.Lock()
		if len(p.queue) == 0 {
			p.mu.Unlock()
			return p.interval
		}
		next, now := p.queue[p.first], time.Since(p.start)
		if next.at > now {
			p.mu.Unlock()
			return next.at - now
		}
		p.queue[p.first].at += p.interval
		p.first = (p.first + 1) % len(p.queue)
		p.mu.Unlock()
		p.poll(next.key)
	}
}

func (p *poller) Stop() error {
	close(p.stop)
	p.done.Wait()
	return nil
}
