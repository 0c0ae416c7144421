package query

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/share"
)

// tally counts what happens to the entries below one prefix. It is written without
// lock by fetches and writes, and by those reads alone that take the long way: on the
// system clock one in each of its ticks, while there are many. So it costs a hit nothing.
type tally struct {
	text string // of the prefix, rootText for keys of one part, empty for all others

	fetches, joined, retries, failures, cancelled atomic.Int64
	changed, unchanged, notModified               atomic.Int64
	pushed, batched, bytes, evicted               atomic.Int64

	latency, age, readAge lazySpread
}

// lazySpread is a spread that is made when there is something to count: many prefixes
// never see some kinds of time.
type lazySpread struct{ made atomic.Pointer[spread] }

func (l *lazySpread) add(d time.Duration) {
	s := l.made.Load()
	if s == nil {
		s = new(spread)
		if !l.made.CompareAndSwap(nil, s) {
			s = l.made.Load()
		}
	}
	s.add(d)
}

// spread is the live side of a Histogram.
type spread struct {
	counts [len(bounds) + 1]atomic.Int64
	sum    atomic.Int64
}

// bounds are where the buckets of histograms end.
var bounds = [...]time.Duration{ //nolint:gochecknoglobals // never changed
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second,
	2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute,
	2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
}

func (s *spread) add(d time.Duration) {
	d = max(d, 0)
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	s.counts[i].Add(1)
	s.sum.Add(int64(d))
}

// maxTallies is how many prefixes are counted by themselves. Those that come later
// are counted together.
const maxTallies = 256

// tallies are all of a client, guarded by its mutex. They outlive the entries that
// they count.
type tallies struct {
	depth  int // Config.StatsDepth
	byText map[string]*tally
	inLine []*tally // as they came
	others *tally   // of prefixes beyond maxTallies
}

// of returns the tally for a prefix.
func (a *tallies) of(text string) *tally {
	if t := a.byText[text]; t != nil {
		return t
	}
	if len(a.inLine) >= maxTallies {
		if a.others == nil {
			a.others = &tally{}
		}
		return a.others
	}
	if a.byText == nil {
		a.byText = map[string]*tally{}
	}
	t := &tally{text: strings.Clone(text)}
	a.byText[t.text] = t
	a.inLine = append(a.inLine, t)
	return t
}

// tally is where what happens to e is counted.
func (e *entry) tally() *tally { return e.state.branch.tally }

// readAt notes that data of e were read, at a time that may be of a moment before. If
// it is zero nobody knows, and the age is not counted.
func (e *entry) readAt(st *state, now time.Time) {
	e.use()
	if !now.IsZero() {
		e.tally().readAge.add(now.Sub(st.dataUpdatedAt))
	}
}

// began counts a fetch.
func (tx *txn) began(f *flight) {
	f.began = tx.now().UnixNano()
	f.e.tally().fetches.Add(1)
}

// answered counts the outcome of a fetch that has moved its entry from before to
// after.
func (t *tally) answered(f *flight, before, after *state, notModified bool, now time.Time) {
	t.latency.add(time.Duration(now.UnixNano() - f.began))
	was, had := before.base()
	is, _ := after.base()
	switch {
	case notModified:
		t.notModified.Add(1)
	case had && share.Same(was, is):
		t.unchanged.Add(1)
	default:
		t.changed.Add(1)
	}
	if had {
		t.age.add(now.Sub(before.dataUpdatedAt))
	}
}
