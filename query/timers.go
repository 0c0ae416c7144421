package query

import (
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

// This file holds what happens by itself when its time has come. The alarms are
// part of what they are for, and so are the tasks: an entry or an observer under
// another name.

// collection is the task of an entry's gc alarm.
type collection entry

// maxCollected is how many entries are collected at most before others may use the
// cache.
const maxCollected = 64

// Fire collects the entry, together with those that are due next.
func (g *collection) Fire() {
	(*entry)(g).client().update(func(tx *txn) {
		tx.collect((*entry)(g))
		due := make([]*entry, 0, maxCollected-1)
		tx.sched.Take(cap(due), func(t sched.Task) bool {
			g, ok := t.(*collection)
			if ok {
				due = append(due, (*entry)(g))
			}
			return ok
		})
		for _, e := range due {
			tx.collect(e)
		}
	})
}

// collect drops an entry if nobody needs it. A paused fetch needs it, too.
func (tx *txn) collect(e *entry) {
	if e.idle() {
		tx.remove(e)
	}
}

// scheduleGC lets an entry be collected when its time has passed from now on.
func (tx *txn) scheduleGC(e *entry) {
	tx.limit.queue(e)
	if e.gcTime().kind == gcNever || e.removed() || tx.closed {
		tx.sched.Stop(&e.gc)
		return
	}
	tx.sched.SetFrom(tx.now(), &e.gc, (*collection)(e), e.gcTime().d, sched.Later)
}

// staling is the task of an observer's stale alarm: the flag of the result flips,
// nothing is fetched.
type staling observer

// Fire brings the result up to date unless it shows already that it is stale.
func (t *staling) Fire() {
	o := (*observer)(t)
	if r := o.current.Load(); !r.stale {
		o.bringUpToDate(toFlip)
	}
}

// armStale lets the result turn stale d from now.
func (o *observer) armStale(now time.Time, d time.Duration) {
	o.c.sched.SetFrom(now, &o.staleAlarm, (*staling)(o), d, sched.Later)
}

// polling is the task of an observer's poll alarm. It goes on at the same pace
// until the entry changes.
type polling observer

// maxPolled is how many polls begin at most before others may use the cache.
const maxPolled = 128

// Fire polls, if the policy says so while the application is not looked at, and
// lets those begin along with it that are due, too, or soon are if polls are to go
// together.
func (t *polling) Fire() {
	o := (*observer)(t)
	if o.c.asksToPoll(o) {
		o.fetch(fetchMode{poll: true}, nil)
	}
	o.c.takeAlong(o)
}

// asksToPoll polls as far as that goes without user code, and reports whether first
// is left to its caller since what it begins with is up to that.
func (c *Client) asksToPoll(first *observer) (ask bool) {
	var also [maxPolled - 1]*observer
	c.update(func(tx *txn) {
		ask = tx.poll(first)
		if ask || !first.outlook.plain || !tx.sched.System() || tx.together.On.or(false) {
			return
		}
		n := 0
		tx.polls.Take(len(also), func(t sched.Task) bool {
			p, ok := t.(*polling)
			if ok = ok && p.outlook.plain && !p.asks(); ok {
				also[n] = (*observer)(p)
				n++
			}
			return ok
		})
		for _, o := range also[:n] {
			tx.poll(o)
		}
	})
	return ask
}

// asks reports whether user code says what to begin with, or unpacks what has taken
// the place of an entry that is gone.
func (t *polling) asks() bool { return t.opts.initial != nil || !t.opts.decides() || t.e.removed() }

// poll fetches for an observer whose time has come, unless user code is to be asked
// first.
func (tx *txn) poll(o *observer) (ask bool) {
	if len(o.subs) == 0 || tx.closed {
		return false
	}
	o.jittered = false
	before := o.e.state.Load()
	switch {
	case tx.hides(o):
	case (*polling)(o).asks():
		ask = true
	default:
		tx.fetch(o.e, o.opts, seed{}, fetchMode{poll: true})
	}
	if o.e.state.Load() == before { // else the alarm is set with what the observer shows
		o.armPoll(tx.now(), true, o.interval)
	}
	return ask
}

// armPoll lets the observer poll first after now, and at its interval from then on.
func (o *observer) armPoll(now time.Time, enabled bool, first time.Duration) {
	if o.interval == 0 || !enabled {
		o.c.polls.Stop(&o.pollAlarm)
		return
	}
	// The next one counts from this one's end: were it late, each would be later.
	o.c.polls.SetFrom(now, &o.pollAlarm, (*polling)(o), o.untilPoll(first), sched.Sooner)
}

// pollsAt returns when the observer polls next, zero if it does not.
func (o *observer) pollsAt() time.Time { return o.c.polls.When(&o.pollAlarm) }

func (o *observer) stopTimers() {
	o.c.sched.Stop(&o.staleAlarm)
	o.c.polls.Stop(&o.pollAlarm)
}
