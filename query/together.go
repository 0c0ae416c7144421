package query

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

// Together lets queries that are polled at about the same time be fetched at the
// same time, so that a transport which batches sends one request for them. A poll
// that is due takes along those that are due within a window after it, which so
// are early by at most the window and never late. The zero Together is off: each
// query is polled at its own time.
type Together struct {
	// On turns it on. The zero Toggle is off.
	On Toggle
	// Window is how early a poll may be. Default: a tenth of the shorter interval of
	// the two queries concerned; at most half of it.
	Window time.Duration
}

// window returns by how much a poll of one interval may be early to go together
// with one of the other.
func (t Together) window(one, other time.Duration) time.Duration {
	shorter := min(one, other)
	if t.Window <= 0 {
		return shorter / 10
	}
	return min(t.Window, shorter/2)
}

// ride is how the last poll of an entry went: how early, and in whose company.
type ride struct {
	company *company // nil if it was alone
	early   time.Duration
}

// company is a number of entries that were polled together.
type company struct{ entries int }

// maxRiders is how many polls are begun at most before others may use the cache.
const maxRiders = 64

// takeAlong polls those that are due within the window after o, which polls now.
func (c *Client) takeAlong(o *observer) {
	if !c.together.On.or(false) {
		return
	}
	with := new(company)
	for more := true; more; {
		var asking []*observer
		c.update(func(tx *txn) { asking, more = tx.takeAlong(o, with) })
		for _, x := range asking {
			x.fetch(fetchMode{poll: true}, nil)
		}
	}
}

// takeAlong polls some, and returns those that have to ask user code first, and
// whether there may be more.
func (tx *txn) takeAlong(o *observer, with *company) (asking []*observer, more bool) {
	if len(o.subs) == 0 || tx.closed || tx.hides(o) {
		return nil, false
	}
	type rider struct {
		o     *observer
		early time.Duration
	}
	var riders []rider
	tx.polls.Ahead(func(t sched.Task, early time.Duration) bool {
		p, ok := t.(*polling)
		if more = len(riders) == maxRiders; more || !ok || early > tx.together.window(o.interval, (*observer)(p).interval) {
			return false
		}
		riders = append(riders, rider{(*observer)(p), early})
		return true
	})
	for _, r := range riders {
		if len(r.o.subs) == 0 {
			continue
		}
		with.join(tx.sides.of(o.e), 0)
		with.join(tx.sides.of(r.o.e), r.early)
		if tx.poll(r.o) {
			asking = append(asking, r.o)
		}
	}
	return asking, more
}

// join counts an entry, once.
func (g *company) join(x *side, early time.Duration) {
	if x.ride.company != g {
		x.ride = ride{g, early}
		g.entries++
	}
}

// String says in words how the poll went.
func (r ride) String() string {
	others := fmt.Sprintf("%d others", r.company.entries-1)
	if r.company.entries == 2 {
		others = "one other"
	}
	if r.early <= 0 {
		return fmt.Sprintf("Its last poll started together with %s.", others)
	}
	return fmt.Sprintf("Its last poll started %v early, together with %s.", r.early.Round(time.Millisecond), others)
}

// hides reports whether o does not poll because nobody looks at the application.
func (tx *txn) hides(o *observer) bool {
	return !o.opts.policy.RefetchIntervalInBackground.or(false) && !tx.focus.Get()
}

// chance is what keeps the clients of a fleet from doing the same at the same time.
// It is guarded by the client's mutex.
type chance struct {
	source rand.Source // nil is the runtime's
	jitter time.Duration
	phase  float64 // of this client's polls: the part of the jitter that they come early by
}

// begin gives a new client its phase.
func (x *chance) begin() {
	if x.jitter > 0 {
		x.phase = x.draw()
	}
}

// draw returns a number from 0 up to 1.
func (x *chance) draw() float64 {
	if x.source == nil {
		return rand.Float64() //nolint:gosec // nothing is secret
	}
	return rand.New(x.source).Float64() //nolint:gosec // nothing is secret
}

// partOf returns a random part of d.
func (x *chance) partOf(d time.Duration) time.Duration { return time.Duration(x.draw() * float64(d)) }

// untilPoll returns how long o waits for its next poll, which is due after d.
func (o *observer) untilPoll(d time.Duration) time.Duration {
	c := o.c
	if !o.jittered || c.chance.jitter <= 0 {
		return d
	}
	early := time.Duration(c.chance.phase * float64(min(c.chance.jitter, d)))
	return max(1, d-early)
}

// rephase gives the client another phase, which its next polls take up.
func (c *Client) rephase() {
	if c.chance.jitter <= 0 {
		return
	}
	c.update(func(tx *txn) {
		tx.chance.phase = tx.chance.draw()
		for _, e := range tx.index.all() {
			for _, o := range e.observers() {
				o.jittered = true
			}
		}
	})
}
