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
	g.c.update(func(tx *txn) {
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
	if len(e.observers) == 0 && e.state.Load().fetchStatus == FetchIdle {
		tx.remove(e)
	}
}

// scheduleGC lets an entry be collected when its time has passed from now on.
func (tx *txn) scheduleGC(e *entry) {
	if e.gcTime.kind == gcNever || e.removed || tx.closed {
		tx.sched.Stop(&e.gc)
		return
	}
	tx.sched.Set(&e.gc, (*collection)(e), e.gcTime.d, sched.Later)
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

// armStale lets the result turn stale after d.
func (o *observer) armStale(d time.Duration) {
	o.c.sched.Set(&o.staleAlarm, (*staling)(o), d, sched.Later)
}

// polling is the task of an observer's poll alarm. It goes on at the same pace
// until the entry changes.
type polling observer

// Fire polls, if the policy says so while the application is not looked at.
func (t *polling) Fire() {
	o := (*observer)(t)
	ask := false
	o.c.update(func(tx *txn) {
		if len(o.subs) == 0 || tx.closed {
			return
		}
		ask = tx.poll(o)
	})
	if ask {
		o.fetch(fetchMode{poll: true}, nil)
	}
	o.c.takeAlong(o)
}

// poll polls, unless user code is to be asked first: for initial data, or to unpack
// what has taken the place of an entry that is gone.
func (tx *txn) poll(o *observer) (ask bool) {
	o.jittered = false
	o.armPoll(true, o.interval)
	switch {
	case tx.hides(o):
	case o.opts.initial == nil && o.opts.decides() && !o.e.removed:
		o.turn(tx, seed{})
		tx.fetch(o.e, o.opts, seed{}, fetchMode{poll: true})
	default:
		return true
	}
	return false
}

// armPoll lets the observer poll after first, and at its interval from then on.
func (o *observer) armPoll(enabled bool, first time.Duration) {
	if o.interval == 0 || !enabled {
		o.c.polls.Stop(&o.pollAlarm)
		return
	}
	// The next one counts from this one's end: were it late, each would be later.
	o.c.polls.Set(&o.pollAlarm, (*polling)(o), o.untilPoll(first), sched.Sooner)
}

// pollsAt returns when the observer polls next, zero if it does not.
func (o *observer) pollsAt() time.Time { return o.c.polls.When(&o.pollAlarm) }

func (o *observer) stopTimers() {
	o.c.sched.Stop(&o.staleAlarm)
	o.c.polls.Stop(&o.pollAlarm)
}
