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

	jittered, hasData, failed, invalid, outdated set // pages that are so
}

// status is what one page knows.
type status struct {
	state    fetchState
	failures uint8
	interval time.Duration // as its poll was last set
	pace     adapt.Pace
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

func (sh *shard) newClient(id int) client {
	cfg := sh.cfg
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
		c.streams[i] = stream{at: never, from: never, random: newRNG(cfg.Seed, id, stemOrders+stem(i))} //nolint:gosec // two
	}
	if cfg.Plan.Jitter > 0 {
		c.phase = c.random.float()
	}
	return c
}

// event is what a client does next.
type event uint8

const (
	toPoll event = iota
	toGoOn
	toTurn
	toChange
	toHear
	toStream
	toFlush
	toArrive
)

// next returns what the client does next, when, and to which page or stream.
func (c *client) next() (at time.Duration, what event, which int) {
	at = never
	for p := range c.poll {
		if c.poll[p] < at {
			at, what, which = c.poll[p], toPoll, p
		}
		if c.act[p] < at {
			at, what, which = c.act[p], toGoOn, p
		}
	}
	sooner := func(t time.Duration, w event, i int) {
		if t < at {
			at, what, which = t, w, i
		}
	}
	sooner(c.flushAt, toFlush, 0)
	sooner(c.turnAt, toTurn, 0)
	sooner(c.market.next.at, toChange, 0)
	sooner(c.mailAt, toHear, 0)
	sooner(c.streams[0].at, toStream, 0)
	sooner(c.streams[1].at, toStream, 1)
	sooner(c.ticketAt, toArrive, 0)
	return at, what, which
}

// advance plays c until the slice is over and returns when it goes on.
func (sh *shard) advance(c *client, until time.Duration) time.Duration {
	for {
		now, what, which := c.next()
		if now >= until {
			return now
		}
		switch what {
		case toPoll:
			sh.fire(c, page(which), now) //nolint:gosec // of ten
		case toGoOn:
			sh.goOn(c, page(which), now) //nolint:gosec // of ten
		case toFlush:
			sh.flush(c, now)
		case toTurn:
			sh.take(c, now)
		case toChange:
			sh.change(c)
		case toHear:
			sh.hear(c, now)
		case toStream:
			sh.stream(c, which, now)
		case toArrive:
			sh.arrive(c, now)
		}
	}
}

// take takes the next turn of the story.
func (sh *shard) take(c *client, now time.Duration) {
	s := &sh.server.story
	switch c.turn {
	case mount:
		c.jittered = allPages
		for p := range pages {
			sh.begin(c, p, now, false)
		}
		c.turn, c.turnAt = back, s.back
		if sh.cfg.Plan.Push {
			c.turn, c.turnAt = listen, now+listenAfter
		}
	case listen:
		sh.listen(c, now)
		c.turn, c.turnAt = back, s.back
	case back:
		sh.reconnect(c, now)
		c.turn, c.turnAt = end, never
	case end:
	}
}

// change lets something change at the server.
func (sh *shard) change(c *client) {
	made := c.market.next
	c.market.draw(sh.cfg)
	c.recent = append(c.recent, made)
	if sh.cfg.Plan.Push {
		sh.push(c, made)
	}
}

// forget drops the changes that all pages show.
func (c *client) forget() {
	n := 0
	for _, x := range c.recent {
		for s := touched[x.kind]; s != 0; {
			if c.pages[s.take()].seen < x.at {
				c.recent[n] = x
				n++
				break
			}
		}
	}
	c.recent = c.recent[:n]
}
