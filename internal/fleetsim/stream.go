package fleetsim

import (
	"time"

	"github.com/freshet-go/freshet/internal/adapt"
)

// This file is query's push with the streams of package seller: orders and balances.

const (
	ordersStream = iota
	balancesStream
)

// covers are the pages that the streams keep fresh.
var covers = [2]set{
	ordersStream:   setOf(sales, pendingOrders, saleByID, orderByID, ordersByStatus, orderStats),
	balancesStream: setOf(payoutStats, payoutHistory),
}

// stream is one of a client's.
type stream struct {
	at       time.Duration // when something happens to it
	from     time.Duration // since when the server tells it of changes
	until    time.Duration // when it breaks
	liveAt   time.Duration
	random   rng // query.Push.Random
	failures int
	state    streamState
	covers   bool // it is attached
	live     bool
}

type streamState uint8

const (
	apart streamState = iota // and tries again at its time
	connecting
	connected
)

// covering returns the stream that keeps p fresh, nil for none.
func (c *client) covering(p page) *stream {
	for i := range covers {
		if covers[i].has(p) {
			return &c.streams[i]
		}
	}
	return nil
}

// listen attaches the streams.
func (ce *cell) listen(c *client, now time.Duration) {
	for i := range c.streams {
		s := &c.streams[i]
		s.covers = true
		for pages := covers[i]; pages != 0; {
			if p := pop(&pages); !c.hasData.has(p) {
				c.pages[p].answered = now
			}
		}
		ce.connect(c, s, now)
	}
}

// connect runs the source.
func (ce *cell) connect(c *client, s *stream, now time.Duration) {
	story := &ce.server.story
	s.state, s.at = connecting, now+c.travel
	if story.isCut(now) {
		s.from = never
		return
	}
	ce.sum.requests++
	ce.sum.work += int64(ce.cfg.RequestCost)
	s.from, s.until = now+c.travel/2, story.breaks(now)
	if story.isDown(now) || s.until <= s.at {
		s.from = never
	}
}

// stream is what happens to a stream at its time.
func (ce *cell) stream(c *client, i int, now time.Duration) {
	switch s := &c.streams[i]; s.state {
	case apart:
		ce.connect(c, s, now)
	case connecting:
		if s.from == never {
			ce.retry(s, now)
			return
		}
		s.state, s.at, s.live, s.liveAt = connected, s.until+c.travel/2, true, now // it takes that long to notice
		for pages := covers[i]; pages != 0; {
			ce.touched(c, pop(&pages), now)
		}
		ce.refetchAll(c, covers[i], now)
	case connected:
		ce.lose(c, i, now)
		if now-s.liveAt >= 30*time.Second {
			s.failures = 0
		}
		ce.retry(s, now)
	}
}

// retry lets the source run again after a while.
func (ce *cell) retry(s *stream, now time.Duration) {
	d := adapt.Doubled(time.Second, s.failures, 30*time.Second)
	s.failures++
	s.state, s.from = apart, never
	s.at = now + d - time.Duration(s.random.float()*float64(d)/2)
}

// lose ends the health of a stream: polling is back, and what it covered is fetched.
func (ce *cell) lose(c *client, i int, now time.Duration) {
	c.streams[i].live = false
	for pages := covers[i]; pages != 0; {
		ce.touched(c, pop(&pages), now)
	}
	for pages := covers[i]; pages != 0; {
		p := pop(&pages)
		st := &c.pages[p]
		if st.rescued != 0 && now-st.rescued < specs[p].poll {
			continue
		}
		if st.rescued = now; st.state == idle {
			ce.begin(c, p, now, false)
		}
	}
}

// push sends an event, if the stream for it is there to take it.
func (ce *cell) push(c *client, made change) {
	i := ordersStream
	switch made.kind {
	case balanceChanged:
		i = balancesStream
	case listingChanged:
		return
	case orderChanged, openOrderChanged:
	}
	s := &c.streams[i]
	if s.from == never || made.at <= s.from || made.at+c.travel/2 >= s.until {
		return
	}
	ce.sum.events++
	ce.sum.bytes += eventSize
	ce.sum.newBytes += eventSize
	ce.sum.work += int64(ce.cfg.EventCost)
	if c.mail = append(c.mail, made); len(c.mail) == 1 {
		c.mailAt = made.at + c.travel/2
	}
}

// hear refetches what an event tells of.
func (ce *cell) hear(c *client, now time.Duration) {
	told := c.mail[0]
	c.mail = c.mail[1:]
	if c.mailAt = never; len(c.mail) > 0 {
		c.mailAt = c.mail[0].at + c.travel/2
	}
	ce.refetchAll(c, touched[told.kind], now)
}

// refetchAll marks pages stale and fetches them.
func (ce *cell) refetchAll(c *client, s set, now time.Duration) {
	for all := s; all != 0; {
		ce.invalidate(c, pop(&all), now)
	}
	for s != 0 {
		ce.refetch(c, pop(&s), now)
	}
}
