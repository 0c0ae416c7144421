package fleetsim

import (
	"sync"
	"sync/atomic"
	"time"
)

// shardSize is how many sellers are played in one go. It has no influence on the
// result.
const shardSize = 4096

// shard is some of the sellers, played by one goroutine at a time.
type shard struct {
	cfg     *Config
	server  *server
	clients []client
	at      []time.Duration // when each goes on, side by side: most do nothing in a slice
	sum     sums            // of the slice
	tally   tally
	trace   func(seller int, at time.Duration, first procedure, calls int64) // for tests
}

// sums are what happens within some time.
type sums struct {
	requests, calls, refusals, events int64
	work                              int64 // in nanoseconds
	bytes, decoded                    int64
}

func (s *sums) add(o sums) {
	s.requests += o.requests
	s.calls += o.calls
	s.refusals += o.refusals
	s.events += o.events
	s.work += o.work
	s.bytes += o.bytes
	s.decoded += o.decoded
}

// tally is how long it took until changes were shown: in the quiet, and after each
// outage, from its end for changes that it hid.
type tally struct{ quiet, afterDown, afterCut histogram }

func (t *tally) merge(o *tally) {
	t.quiet.merge(&o.quiet)
	t.afterDown.merge(&o.afterDown)
	t.afterCut.merge(&o.afterCut)
}

// show counts the changes that an answer brings to a page.
func (sh *shard) show(c *client, p page, now time.Duration) {
	st, story := &c.pages[p], &sh.server.story
	for _, x := range c.recent {
		if x.at <= st.seen || x.at > st.served || !touched[x.kind].has(p) {
			continue
		}
		switch {
		case now < story.steady:
		case now < story.down:
			sh.tally.quiet.add(now - x.at)
		case now < story.up:
		case now < story.cut:
			sh.tally.afterDown.add(now - max(x.at, story.up))
		case now >= story.back:
			sh.tally.afterCut.add(now - max(x.at, story.back))
		}
	}
}

// play lets all of the shard go on until a slice is over.
func (sh *shard) play(until time.Duration) {
	sh.sum = sums{}
	for i, at := range sh.at {
		if at < until {
			sh.at[i] = sh.advance(&sh.clients[i], until)
		}
	}
}

// fleet is all sellers and their server.
type fleet struct {
	cfg    Config
	server *server
	shards []*shard
	slices []sums
}

func newFleet(cfg Config) *fleet {
	f := &fleet{cfg: cfg}
	f.server = newServer(&f.cfg)
	for first := 0; first < cfg.Sellers; first += shardSize {
		n := min(shardSize, cfg.Sellers-first)
		sh := &shard{cfg: &f.cfg, server: f.server, clients: make([]client, n), at: make([]time.Duration, n)}
		for i := range sh.clients {
			sh.clients[i] = sh.newClient(first + i)
		}
		f.shards = append(f.shards, sh)
	}
	return f
}

// run plays the story slice by slice.
func (f *fleet) run() {
	end := f.server.story.end
	cores := min(f.cfg.cores(), len(f.shards))
	for now := time.Duration(0); now < end; now += slice {
		f.playAll(cores, now+slice)
		var all sums
		for _, sh := range f.shards {
			all.add(sh.sum)
		}
		f.slices = append(f.slices, all)
		f.server.close(all.work)
	}
}

// playAll plays a slice on some cores, which is fair enough without further care:
// there are many more shards than cores.
func (f *fleet) playAll(cores int, until time.Duration) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < len(f.shards); i = int(next.Add(1)) - 1 {
			f.shards[i].play(until)
		}
	}
	var all sync.WaitGroup
	for range cores - 1 {
		all.Go(work)
	}
	work()
	all.Wait()
}

// Run plays the story of cfg. The error says what is wrong with cfg.
func Run(cfg Config) (*Result, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	f := newFleet(cfg)
	f.run()
	return f.result(), nil
}
