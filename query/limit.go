package query

import (
	"errors"

	"github.com/freshet-go/freshet/querykey"
)

// Limit bounds how much a client keeps, beside what gc times say. When there is more,
// queries are dropped that nobody uses: those that are observed, being fetched or
// patched optimistically stay, even where they alone are more than Max. What was read
// again since it came outlasts what was not, so that a long scan of keys that are
// read once does not push out what is read all the time.
//
// The zero Limit bounds nothing. The way to choose is S3-FIFO (Yang et al., SOSP 2023),
// with one bit for each query: a read writes at most that, and only when it is the
// first since the query was last looked over.
type Limit struct {
	// Max is how much all queries may cost together. Zero is no bound.
	Max int64
	// Cost tells what the data of a query cost, in any unit, such as bytes. It is called
	// without locks after data were written, concurrently for different queries, and
	// less than 1 counts as 1. Hydrated data that nobody has used yet cost as much as
	// they have bytes. Default: each query costs 1, which makes Max their number.
	Cost func(key querykey.Key, data any) int64
}

var (
	errNegativeLimit = errors.New("query: Config.Limit.Max is negative")
	errUselessCost   = errors.New("query: Config.Limit.Cost is set but Max is zero, which bounds nothing")
)

func (l Limit) check() error {
	switch {
	case l.Max < 0:
		return errNegativeLimit
	case l.Max == 0 && l.Cost != nil:
		return errUselessCost
	default:
		return nil
	}
}

// limiter chooses what is dropped when there is too much. It is guarded by the
// client's mutex, but for the mark of an entry that it was not read (see entry.use).
//
// Entries wait in two queues from when they are idle for the first time: in that of
// newcomers, a tenth of all, and in the main one, for those that were read while they
// were newcomers or come back soon after they were dropped. Those in use leave their
// queue when it is their turn, and queue up again when they are idle.
type limiter struct {
	Limit

	held      int64 // what all entries cost
	newcomers fifo
	main      fifo
	ghosts    ghosts
}

// use notes that e was read. It takes no lock, and writes once between two looks.
func (e *entry) use() {
	if e.state.flags.has(unread) {
		e.state.flags.lower(unread)
	}
}

// admit counts a new entry.
func (l *limiter) admit() {
	if l.Max > 0 {
		l.held++ // until it is known better
	}
}

// queue lets e wait for being dropped, if it does not yet.
func (l *limiter) queue(e *entry) {
	if l.Max == 0 || e.state.flags.has(queued) || e.removed() {
		return
	}
	e.state.flags.raise(queued | unread)
	if e.state.flags.has(settled) || l.ghosts.take(e.key.Hash()) {
		l.settle(e)
	} else {
		l.newcomers.push(e)
	}
}

// settle puts e into the main queue.
func (l *limiter) settle(e *entry) {
	e.state.flags.raise(settled)
	l.main.push(e)
}

// forget is for an entry that was removed.
func (l *limiter) forget(e *entry) {
	if l.Max == 0 {
		return
	}
	switch l.held -= e.cost(); {
	case !e.state.flags.has(queued):
	case e.state.flags.has(settled):
		l.main.lose()
	default:
		l.newcomers.lose()
	}
}

// victim takes an entry out of the queues that can be dropped, nil if there is none.
func (l *limiter) victim() *entry {
	round := l.newcomers.n + l.main.n
	for left := 2 * round; left > 0 && l.newcomers.n+l.main.n > 0; left-- {
		q := &l.main
		if l.newcomers.n > round/10 || l.main.n == 0 {
			q = &l.newcomers
		}
		e := q.pop()
		switch flags := &e.state.flags; {
		case e.removed():
			q.lost--
		case !e.idle():
			flags.lower(queued)
			flags.raise(settled) // it was used again
		case len(e.patches()) > 0:
			l.settle(e)
		case !flags.has(unread) && left > round: // else they were read meanwhile, but somebody has to go
			flags.raise(unread)
			l.settle(e)
		default:
			flags.lower(queued)
			return e
		}
	}
	return nil
}

// shrink drops entries until there are not too many.
func (tx *txn) shrink() {
	l := &tx.limit
	for l.held > l.Max && !tx.closed {
		e := l.victim()
		if e == nil {
			return
		}
		if !e.state.flags.has(settled) {
			l.ghosts.add(e.key.Hash(), l.newcomers.n+l.main.n)
		}
		e.tally().evicted.Add(1)
		tx.remove(e)
	}
}

// weigh finds out what e costs if that may change with its next state.
func (tx *txn) weigh(e *entry, before, next *state) {
	if tx.limit.Cost != nil && !before.sameData(next) {
		c := tx.Client
		tx.later(func() { c.weigh(e) })
	}
}

// sameData reports whether s certainly has the data of t. It does not compare them.
func (s *state) sameData(t *state) bool {
	return s.sameWrite(t) && s.hasData == t.hasData && s.under == t.under && isPacked(s.data) == isPacked(t.data)
}

// weigh asks what e costs, and drops others if it is too much.
func (c *Client) weigh(e *entry) {
	s := e.state.Load()
	cost := int64(1)
	if p, ok := s.data.(*packed); ok {
		cost = int64(len(p.text))
	} else if s.hasData {
		cost = ask(c, "Limit.Cost", 1, func() int64 { return c.limit.Cost(e.key, s.data) })
	}
	c.update(func(tx *txn) {
		if e.removed() || !s.sameData(e.state.Load()) { // whoever changed it weighs it, too
			return
		}
		tx.limit.held -= e.cost()
		if cost > tx.limit.Max {
			cost = tx.limit.Max + 1 // enough to be too much, and sums stay in range
		}
		e.setCost(cost)
		tx.limit.held += e.cost()
	})
}
