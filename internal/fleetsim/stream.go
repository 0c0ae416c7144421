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
func (sh *shard) listen(c *client, now time.Duration) {
	for i := range c.streams {
		s := &c.streams[i]
		s.covers = true
		for pages := covers[i]; pages != 0; {
			if p := pages.take(); !c.hasData.has(p) {
				c.pages[p].answered = now
			}
		}
		sh.connect(c, s, now)
	}
}

// connect runs the source.
func (sh *shard) connect(c *client, s *stream, now time.Duration) {
	story := &sh.server.story
	s.state, s.at = connecting, now+c.travel
	if story.isCut(now) {
		s.from = never
		return
	}
	sh.sum.requests++
	sh.sum.work += int64(sh.cfg.RequestCost)
	s.from, s.until = now+c.travel/2, story.breaks(now)
	if story.isDown(now) || s.until <= s.at {
		s.from = never
	}
}

// stream is what happens to a stream at its time.
func (sh *shard) stream(c *client, i int, now time.Duration) {
	switch s := &c.streams[i]; s.state {
	case apart:
		sh.connect(c, s, now)
	case connecting:
		if s.from == never {
			sh.retry(s, now)
			return
		}
		s.state, s.at, s.live, s.liveAt = connected, s.until+c.travel/2, true, now // it takes that long to notice
		for pages := covers[i]; pages != 0; {
			sh.touched(c, pages.take(), now)
		}
		sh.refetchAll(c, covers[i], now)
	case connected:
		sh.lose(c, i, now)
		if now-s.liveAt >= 30*time.Second {
			s.failures = 0
		}
		sh.retry(s, now)
	}
}

// retry lets the source run again after a while.
func (sh *shard) retry(s *stream, now time.Duration) {
	d := adapt.Doubled(time.Second, s.failures, 30*time.Second)
	s.failures++
	s.state, s.from = apart, never
	s.at = now + d - time.Duration(s.random.float()*float64(d)/2)
}

// lose ends the health of a stream: polling is back, and what it covered is fetched.
func (sh *shard) lose(c *client, i int, now time.Duration) {
	c.streams[i].live = false
	for pages := covers[i]; pages != 0; {
		sh.touched(c, pages.take(), now)
	}
	for pages := covers[i]; pages != 0; {
		p := pages.take()
		st := &c.pages[p]
		if st.rescued != 0 && now-st.rescued < specs[p].poll {
			continue
		}
		if st.rescued = now; st.state == idle {
			sh.begin(c, p, now, false)
		}
	}
}

// push sends an event, if the stream for it is there to take it.
func (sh *shard) push(c *client, made change) {
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
	sh.sum.events++
	sh.sum.bytes += eventSize
	sh.sum.work += int64(sh.cfg.EventCost)
	if c.mail = append(c.mail, made); len(c.mail) == 1 {
		c.mailAt = made.at + c.travel/2
	}
}

// hear refetches what an event tells of.
func (sh *shard) hear(c *client, now time.Duration) {
	told := c.mail[0]
	c.mail = c.mail[1:]
	if c.mailAt = never; len(c.mail) > 0 {
		c.mailAt = c.mail[0].at + c.travel/2
	}
	sh.refetchAll(c, touched[told.kind], now)
}

// refetchAll marks pages stale and fetches them.
func (sh *shard) refetchAll(c *client, s set, now time.Duration) {
	for all := s; all != 0; {
		sh.invalidate(c, all.take(), now)
	}
	for s != 0 {
		sh.refetch(c, s.take(), now)
	}
}
