package signals

import (
	"context"
	"sync"
	"time"
)

const (
	defaultSettle = 500 * time.Millisecond
	defaultPoll   = 10 * time.Second
)

// Online says whether the machine has a network: an interface other than loopback
// that is up and has an address of more than its own link. In doubt it says yes, as
// it does for tunnels and virtual networks, and where interfaces are hidden, as in a
// browser. Linux tells of changes, elsewhere they are found by polling. A machine
// that has slept was offline meanwhile. The zero Online works.
type Online struct {
	// Clock is the time. Default: the system's.
	Clock Clock
	// Settle is how long after a change the network is looked at: changes come in
	// crowds. Default: half a second.
	Settle time.Duration
	// Poll is how long after a look the network is looked at without a change.
	// Default: 10 seconds.
	Poll time.Duration
	// Probe is asked at each look that finds a network whether it leads anywhere, which
	// that of a hotel may not before one has signed in. ctx ends when the network
	// changes or the source is stopped; a limit of time is up to Probe, whose panics are
	// not recovered. Default: nothing is asked.
	Probe func(ctx context.Context) bool
}

// Source begins to watch the network and soon tells set what it is like, and again
// after each look, on a goroutine of its own. stop may be called repeatedly. It waits
// for that goroutine, so it must not be called from set. Source is itself a
// [Source]: pass o.Source.
func (o Online) Source(set func(bool)) (stop func()) { return o.watch(machine(), set) }

func (o Online) watch(n network, set func(bool)) (stop func()) {
	o.Clock = orSystem(o.Clock)
	if o.Settle <= 0 {
		o.Settle = defaultSettle
	}
	if o.Poll <= 0 {
		o.Poll = defaultPoll
	}
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // a source has no caller that waits; stop ends it
	changes, end := n.changes()
	m := &monitor{Online: o, up: n.up, changes: changes, set: set}
	var work sync.WaitGroup
	work.Go(func() { m.run(ctx) })
	return func() {
		cancel()
		end()
		work.Wait()
	}
}
