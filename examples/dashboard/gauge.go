package main

import (
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// meter measures how hard the dashboard works and how old its data get. It is
// safe for concurrent use once its gauges are made.
type meter struct {
	clock  clock.Clock
	gauges []*gauge
}

// gauge makes the meter of one query, which by agreement with the server asks
// once in every at most, by that many calls.
func (m *meter) gauge(p page, every time.Duration, calls int) *gauge {
	g := &gauge{clock: m.clock, page: p, every: every, calls: calls}
	m.gauges = append(m.gauges, g)
	return g
}

// naive is how many requests a minute all queries would take if each were polled by
// itself as agreed, and each call were a request.
func (m *meter) naive() int {
	n := 0
	for _, g := range m.gauges {
		n += g.calls * int(time.Minute/g.every)
	}
	return n
}

// attend says whether somebody can see the data and the network is there. Age
// that data gain meanwhile does not count.
func (m *meter) attend(on bool) {
	for _, g := range m.gauges {
		g.attend(on)
	}
}

// gauge measures one query.
type gauge struct {
	clock clock.Clock
	page  page
	every time.Duration
	calls int // of one fetch

	mu      sync.Mutex // guards what follows
	fetches int
	changes int
	since   time.Time // from when the shown data age; zero while nothing is shown
	away    bool
	pushed  bool // the server would tell if the data were not current
	worst   time.Duration
}

// reading is what a gauge shows.
type reading struct {
	fetches, changes int
	worst            time.Duration
}

func (g *gauge) fetched() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fetches++
}

func (g *gauge) changed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changes++
}

// show replaces the data by those of the given time, and returns how old the
// data before had become.
func (g *gauge) show(updated time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.since.IsZero() {
		g.since = updated
		return 0
	}
	if !updated.After(g.since) {
		return g.clock.Now().Sub(g.since)
	}
	age := updated.Sub(g.since)
	g.since = updated
	if g.pushed {
		return 0
	}
	if !g.away {
		g.worst = max(g.worst, age)
	}
	return age
}

// push says whether the server tells of changes from now on. Data do not age while it
// does.
func (g *gauge) push(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pushed == on {
		return
	}
	g.ageLocked()
	g.pushed = on
	if !on && !g.since.IsZero() {
		g.since = g.clock.Now()
	}
}

// blank says that nothing is shown.
func (g *gauge) blank() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ageLocked()
	g.since = time.Time{}
}

func (g *gauge) attend(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.away == !on {
		return
	}
	g.ageLocked()
	g.away = !on
	if on && !g.since.IsZero() {
		g.since = g.clock.Now()
	}
}

// read includes the present age.
func (g *gauge) read() reading {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ageLocked()
	return reading{fetches: g.fetches, changes: g.changes, worst: g.worst}
}

// ageLocked counts the age that the shown data have now. It needs mu.
func (g *gauge) ageLocked() {
	if !g.away && !g.pushed && !g.since.IsZero() {
		g.worst = max(g.worst, g.clock.Now().Sub(g.since))
	}
}

// allowance is how many fetches the agreed pace gives a run of that length. The
// last tenth of a second is forgiven, since runs do not end to the millisecond.
func (g *gauge) allowance(length time.Duration) int {
	length = length.Truncate(100 * time.Millisecond)
	return max(1, int((length+g.every-1)/g.every))
}
