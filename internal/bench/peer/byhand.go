package peer

import (
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

// tickerPoller has a goroutine and a ticker per key.
type tickerPoller struct {
	interval time.Duration
	poll     func(i int)
	quit     chan struct{}
	running  sync.WaitGroup
}

func (t *tickerPoller) Start(i int) error {
	t.running.Go(func() {
		tick := time.NewTicker(t.interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				t.poll(i)
			case <-t.quit:
				return
			}
		}
	})
	return nil
}

func (t *tickerPoller) Stop() error {
	close(t.quit)
	t.running.Wait()
	return nil
}

func tickerSpec() contest.Spec {
	return contest.Spec{
		Name: "goroutine+ticker",
		Note: "by hand: a goroutine and a time.Ticker per key",
		NewPoller: func(interval time.Duration, _ int, poll func(i int)) (contest.Poller, error) {
			return &tickerPoller{interval: interval, poll: poll, quit: make(chan struct{})}, nil
		},
	}
}

// afterFuncPoller has a runtime timer per key and polls on its goroutine.
type afterFuncPoller struct {
	interval time.Duration
	poll     func(i int)
	timers   []*time.Timer
	stopped  atomic.Bool
}

func (a *afterFuncPoller) Start(i int) error {
	// Made for a time that never comes, so that the callback finds it stored.
	a.timers[i] = time.AfterFunc(1<<62, func() {
		if !a.stopped.Load() {
			a.poll(i)
			a.timers[i].Reset(a.interval)
		}
	})
	a.timers[i].Reset(a.interval)
	return nil
}

func (a *afterFuncPoller) Stop() error {
	a.stopped.Store(true)
	for _, t := range a.timers {
		if t != nil {
			t.Stop()
		}
	}
	return nil
}

func afterFuncSpec() contest.Spec {
	return contest.Spec{
		Name: "time.AfterFunc",
		Note: "by hand: a runtime timer per key, reset after each poll",
		NewPoller: func(interval time.Duration, n int, poll func(i int)) (contest.Poller, error) {
			return &afterFuncPoller{interval: interval, poll: poll, timers: make([]*time.Timer, n)}, nil
		},
	}
}

// deepEqual keeps a list and compares element by element.
type deepEqual struct{ list []*contest.Order }

func (d *deepEqual) keep(next []*contest.Order) []*contest.Order {
	same := len(next) == len(d.list)
	for i := range min(len(next), len(d.list)) {
		if reflect.DeepEqual(d.list[i], next[i]) {
			next[i] = d.list[i]
		} else {
			same = false
		}
	}
	if !same {
		d.list = next
	}
	return d.list
}

type deepEqualSharer struct{ deepEqual }

func (d *deepEqualSharer) Prime(prev []*contest.Order) error {
	d.list = prev
	return nil
}

func (d *deepEqualSharer) Replace(next []*contest.Order) ([]*contest.Order, error) {
	return d.keep(next), nil
}

func (d *deepEqualSharer) Close() error { return nil }

type deepEqualRaw struct{ deepEqual }

func (d *deepEqualRaw) Prime(body []byte) (list []*contest.Order, err error) {
	d.list, err = contest.Decode(body)
	return d.list, err
}

func (d *deepEqualRaw) Refetch(body []byte) ([]*contest.Order, error) {
	next, err := contest.Decode(body)
	if err != nil {
		return nil, err
	}
	return d.keep(next), nil
}

func (d *deepEqualRaw) Close() error { return nil }

func deepEqualSpec() contest.Spec {
	return contest.Spec{
		Name:      "reflect.DeepEqual",
		Note:      "by hand: each element compared with the old one; bodies are always decoded",
		NewSharer: func() (contest.Sharer, error) { return &deepEqualSharer{}, nil },
		NewRaw:    func() (contest.RawSharer, error) { return &deepEqualRaw{}, nil },
	}
}
