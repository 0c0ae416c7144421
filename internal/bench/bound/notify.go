package bound

import (
	"sync"
	"sync/atomic"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

// notifier keeps the latest value for each observer, and calls them on one goroutine.
// So the order is kept and no last value lost; a slow observer delays the others,
// which a cache must not let happen.
type notifier struct {
	mu    sync.Mutex
	keys  [][]*mailbox
	queue []*mailbox
	wake  chan struct{}
	done  chan struct{}
}

type mailbox struct {
	latest atomic.Pointer[contest.Payload]
	f      func(contest.Val)
}

func newNotifier(keys int) (contest.Notifier, error) {
	n := &notifier{keys: make([][]*mailbox, keys), wake: make(chan struct{}, 1), done: make(chan struct{})}
	go n.deliver()
	return n, nil
}

func (n *notifier) Observe(key int, f func(contest.Val)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys[key] = append(n.keys[key], &mailbox{f: f})
	return nil
}

func (n *notifier) SetData(key int, v contest.Val) error {
	n.mu.Lock()
	for _, box := range n.keys[key] {
		if box.latest.Swap(v) == nil {
			n.queue = append(n.queue, box)
		}
	}
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
	return nil
}

func (n *notifier) deliver() {
	defer close(n.done)
	var mail []*mailbox
	for range n.wake {
		n.mu.Lock()
		mail, n.queue = n.queue, mail[:0]
		n.mu.Unlock()
		for _, box := range mail {
			box.f(box.latest.Swap(nil))
		}
	}
}

func (n *notifier) Close() error {
	close(n.wake)
	<-n.done
	return nil
}
