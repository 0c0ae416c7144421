package fleetsim

import (
	"sync"
	"sync/atomic"
	"time"
)

// cellSize is how many sellers share a server. Cells have nothing to do with each
// other, and one fits into a processor's cache.
const cellSize = 1024

// cell is some sellers and their server, played by one goroutine.
type cell struct {
	cfg     *Config
	server  *server
	clients []client
	at      []time.Duration // when each goes on, side by side: most do nothing in a slice
	sum     sums            // of the slice
	slices  []sums
	tally   tally

	// For tests: hear of each request, and of each change when a page shows it.
	trace func(seller int, at time.Duration, first procedure, calls int64)
	shown func(seller int, p page, x change, now time.Duration)
}

func newCell(cfg *Config, first, sellers int) *cell {
	ce := &cell{cfg: cfg, server: newServer(cfg, sellers), clients: make([]client, sellers), at: make([]time.Duration, sellers)}
	for i := range ce.clients {
		ce.clients[i] = ce.newClient(first + i)
		ce.at[i] = ce.clients[i].next()
	}
	return ce
}

// play plays the story slice by slice.
func (ce *cell) play() {
	for now := time.Duration(0); now < ce.server.story.end; now += slice {
		ce.sum = sums{}
		for i, at := range ce.at {
			if at < now+slice {
				ce.at[i] = ce.advance(&ce.clients[i], at, now+slice)
			}
		}
		ce.slices = append(ce.slices, ce.sum)
		ce.server.close(ce.sum.work)
	}
}

// sums are what happens within some time.
type sums struct {
	requests, calls, refusals, events int64
	work                              int64 // in nanoseconds
	bytes, decoded                    int64 // without selective fetches
	newBytes, newDecoded              int64 // with them
}

func (s *sums) add(o sums) {
	s.requests += o.requests
	s.calls += o.calls
	s.refusals += o.refusals
	s.events += o.events
	s.work += o.work
	s.bytes += o.bytes
	s.decoded += o.decoded
	s.newBytes += o.newBytes
	s.newDecoded += o.newDecoded
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
func (ce *cell) show(c *client, p page, now time.Duration) {
	st, story := &c.pages[p], &ce.server.story
	for _, x := range c.recent {
		if x.at <= st.seen || x.at > st.served || !touched[x.kind].has(p) {
			continue
		}
		if ce.shown != nil {
			ce.shown(c.id, p, x, now)
		}
		switch {
		case now < story.steady:
		case now < story.down:
			ce.tally.quiet.add(now - x.at)
		case now < story.up:
		case now < story.cut:
			ce.tally.afterDown.add(now - max(x.at, story.up))
		case now >= story.back:
			ce.tally.afterCut.add(now - max(x.at, story.back))
		}
	}
}

// fleet is what all cells come to.
type fleet struct {
	cfg    Config
	slices []sums
	tally  tally
}

// add counts a cell that has been played. The order of cells makes no difference.
func (f *fleet) add(ce *cell) {
	if f.slices == nil {
		f.slices = make([]sums, len(ce.slices))
	}
	for i := range ce.slices {
		f.slices[i].add(ce.slices[i])
	}
	f.tally.merge(&ce.tally)
}

// play plays all cells on all cores.
func (f *fleet) play() {
	var (
		next atomic.Int64
		mu   sync.Mutex // guards f
		all  sync.WaitGroup
	)
	cells := (f.cfg.Sellers + cellSize - 1) / cellSize
	for range min(f.cfg.cores(), cells) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < cells; i = int(next.Add(1)) - 1 {
				ce := newCell(&f.cfg, i*cellSize, min(cellSize, f.cfg.Sellers-i*cellSize))
				ce.play()
				mu.Lock()
				f.add(ce)
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

// Run plays the story of cfg. The error says what is wrong with cfg.
func Run(cfg Config) (*Result, error) {
	all, err := Compare(cfg, []Plan{cfg.Plan})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Compare plays the story of cfg with each plan in turn. Whether fetches are selective
// makes no difference to the requests, so plans that differ in nothing else are played
// once.
func Compare(cfg Config, plans []Plan) ([]*Result, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	var results []*Result
	played := map[Plan]*fleet{}
	for _, plan := range plans {
		same := plan
		same.Name, same.Selective = "", false
		f := played[same]
		if f == nil {
			f = &fleet{cfg: cfg}
			f.cfg.Plan = same
			f.play()
			played[same] = f
		}
		results = append(results, f.result(plan))
	}
	return results, nil
}
