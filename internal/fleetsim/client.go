package fleetsim

import (
	"time"

	"github.com/freshet-go/freshet/internal/adapt"
)

// client is one seller's query.Client with all pages open. Its times of events come
// first, since most visits look at nothing else.
type client struct {
	poll [pages]time.Duration // when a page polls
	act  [pages]time.Duration // when its fetch goes on
	rest time.Duration        // the earliest of what is not about one page

	flushAt  time.Duration // when the batch is sent
	ticketAt time.Duration // when the fetches begin that were spread
	turnAt   time.Duration // when the next turn of the story concerns it
	streams  [2]stream
	mailAt   time.Duration // when the next event arrives
	market   market

	travel time.Duration // to the server and back
	id     int
	random rng           // query.Config.Random
	phase  float64       // of its polls, as a part of the jitter
	turn   turn          // comes at turnAt
	batch  set           // pages that wait for the batch to be sent
	queued set           // pages that wait for their ticket
	mail   []change      // events on their way
	recent []change      // changes that some page does not show yet
	pages  [pages]status // the rest
	paces  [pages]adapt.Pace

	jittered, hasData, failed, invalid, outdated set // pages that are so
}

// status is what one page knows: as much as fits into a cache line.
type status struct {
	state    fetchState
	failures uint8
	interval time.Duration // as its poll was last set
	start    time.Duration // of the attempt that runs, for the law
	sent     time.Duration
	served   time.Duration // when the server read what the answer says
	seen     time.Duration // when it read what is shown
	answered time.Duration // when that came
	rescued  time.Duration // when it was fetched since push was lost; zero if never
}

// fetchState is where the fetch of a page stands.
type fetchState uint8

const (
	idle    fetchState = iota
	waiting            // for the batch to be sent
	sent               // what comes of it is not known yet
	coming             // an answer
	backing            // off, until the next attempt
	paused             // for lack of a network
)

// turn is a turn of the story.
type turn uint8

const (
	mount turn = iota
	listen
	back
	end
)

func (ce *cell) newClient(id int) client {
	cfg := ce.cfg
	place := newRNG(cfg.Seed, id, stemPlace)
	c := client{
		id: id, market: newMarket(cfg, id), random: newRNG(cfg.Seed, id, stemClient),
		flushAt: never, ticketAt: never, mailAt: never,
		turnAt: time.Duration(place.float() * float64(cfg.Ramp)),
		travel: cfg.Near + time.Duration(place.float()*float64(cfg.Far-cfg.Near)),
	}
	for p := range pages {
		c.poll[p], c.act[p] = never, never
	}
	for i := range c.streams {
		c.streams[i] = stream{at: never, from: never, random: newRNG(cfg.Seed, id, stemOrders+stem(i))}
	}
	if cfg.Plan.Jitter > 0 {
		c.phase = c.random.float()
	}
	c.plan()
	return c
}

// next returns when the client does something next.
func (c *client) next() time.Duration {
	polls, acts := never, never
	for p := range pages {
		polls, acts = min(polls, c.poll[p]), min(acts, c.act[p])
	}
	return min(polls, acts, c.rest)
}

// plan sets rest anew.
func (c *client) plan() {
	c.rest = min(c.flushAt, c.turnAt, c.market.next.at, c.mailAt, c.streams[0].at, c.streams[1].at, c.ticketAt)
}

// advance plays c from its next time until the slice is over, and returns when it goes
// on.
func (ce *cell) advance(c *client, now, until time.Duration) time.Duration {
	for ; now < until; now = c.next() {
		for p := range pages {
			if c.poll[p] == now {
				ce.fire(c, p, now)
			}
			if c.act[p] == now {
				ce.goOn(c, p, now)
			}
		}
		if c.rest == now {
			ce.step(c, now)
		}
	}
	return now
}

// step is advance for one thing that is rare.
func (ce *cell) step(c *client, now time.Duration) {
	switch {
	case c.flushAt == now:
		ce.flush(c, now)
	case c.turnAt == now:
		ce.take(c, now)
	case c.market.next.at == now:
		ce.change(c)
	case c.mailAt == now:
		ce.hear(c, now)
	case c.streams[0].at == now:
		ce.stream(c, 0, now)
	case c.streams[1].at == now:
		ce.stream(c, 1, now)
	case c.ticketAt == now:
		ce.arrive(c, now)
	}
	c.plan()
}

// take takes the next turn of the story.
func (ce *cell) take(c *client, now time.Duration) {
	s := &ce.server.story
	switch c.turn {
	case mount:
		c.jittered = allPages
		for p := range pages {
			ce.begin(c, p, now, false)
		}
		c.turn, c.turnAt = back, s.back
		if ce.cfg.Plan.Push {
			c.turn, c.turnAt = listen, now+listenAfter
		}
	case listen:
		ce.listen(c, now)
		c.turn, c.turnAt = back, s.back
	case back:
		ce.reconnect(c, now)
		c.turn, c.turnAt = end, never
	case end:
	}
}

// change lets something change at the server.
func (ce *cell) change(c *client) {
	made := c.market.next
	c.market.draw(ce.cfg)
	c.recent = append(c.recent, made)
	if ce.cfg.Plan.Push {
		ce.push(c, made)
	}
}

// forget drops the changes that all pages show.
func (c *client) forget() {
	n := 0
	for _, x := range c.recent {
		for s := touched[x.kind]; s != 0; {
			if c.pages[pop(&s)].seen < x.at {
				c.recent[n] = x
				n++
				break
			}
		}
	}
	c.recent = c.recent[:n]
}
