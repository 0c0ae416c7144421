// Package adapt is the control law of adaptive intervals: pure functions from what
// is remembered and what an answer was like to what is remembered next, and from
// that to the interval.
//
// Three things ask for an interval of their own, and the longest wins:
//
//   - refusals: each doubles the interval. So many good answers as patience says
//     halve it again. A step down that is refused doubles patience, one that is
//     not halves it: at the limit of a server the law stays above it, and tries
//     what is below ever more rarely.
//   - slowness: the interval is Rest times as long as answers take. What they took
//     is smoothed by half, so that a server whose answers become faster the less
//     it is asked is approached from one side.
//   - calm: from the answer number Calm without news each lengthens the interval
//     by half.
//
// The result is cut to Max, except for the wait that a server asked for.
package adapt

import "time"

// maxPatience bounds how rarely a server that refused is tried at a shorter
// interval, and with that how long recovery takes.
const maxPatience = 16

// maxCalm is more than enough to get from any Min to any Max.
const maxCalm = 1 << 20

// Law is the numbers of an adaptive interval; query.Adaptive says what they mean.
// All are positive, and Max is at least Min.
type Law struct {
	Min, Max   time.Duration
	Calm, Rest int
}

// Pace is what the law remembers of a query. The zero Pace is that of one that
// was never answered.
type Pace struct {
	refusals int  // by how many doublings the interval is longer than Min
	good     int  // answers since the last step
	patience int  // how many of them the next step down takes; at least one
	probing  bool // the last step was down, and nobody has answered since
	Calm     int  // answers in a row that brought nothing new
	Took     time.Duration
	Wait     time.Duration // what the latest answer asked for
}

// Answer is what happened to a query, as far as the law is concerned.
type Answer struct {
	Kind Kind
	Took time.Duration // zero if that is not known
	Wait time.Duration // what a refusal asked for
}

// Kind is what an answer was like.
type Kind uint8

// The kinds of Answer.
const (
	Attention Kind = iota // somebody looks, or wants something
	News                  // new data
	NoNews                // the same data as before
	Refused               // the server did not want to, or could not
	Useless               // an error that says nothing about how busy the server is
)

// Next returns the pace after a.
func (l *Law) Next(p Pace, a Answer) Pace {
	switch a.Kind {
	case Attention:
		p.Calm = 0
		return p
	case Refused:
		return l.refuse(p, a.Wait)
	case Useless:
		p.Wait = 0
		return p
	case News:
		p.Calm = 0
	case NoNews:
		p.Calm = min(p.Calm+1, maxCalm)
	}
	p.Wait = 0
	if p.Took == 0 {
		p.Took = a.Took
	}
	p.Took = p.Took/2 + a.Took/2
	return p.recover()
}

func (l *Law) refuse(p Pace, wait time.Duration) Pace {
	if p.probing {
		p.patience = min(2*max(p.patience, 1), maxPatience)
	}
	if Doubled(l.Min, p.refusals, l.Max) < l.Max {
		p.refusals++
	}
	p.good, p.probing, p.Wait = 0, false, wait
	return p
}

// recover is what a good answer does to the doublings.
func (p Pace) recover() Pace {
	if p.probing {
		p.probing, p.patience = false, p.patience/2
	}
	if p.refusals == 0 {
		return p
	}
	if p.good++; p.good >= p.patience {
		p.refusals--
		p.good, p.probing = 0, true
	}
	return p
}

// Motive is why the interval is what it is.
type Motive uint8

// What may ask for an interval of its own.
const (
	AtMin Motive = iota
	ByRefusals
	BySlowness
	ByCalm
	ByWait
)

// Interval returns the wait before the next poll.
func (l *Law) Interval(p Pace) (every time.Duration, why Motive) {
	every = l.Min
	longest := func(d time.Duration, m Motive) {
		if d > every {
			every, why = d, m
		}
	}
	longest(Doubled(l.Min, p.refusals, l.Max), ByRefusals)
	longest(l.rested(p.Took), BySlowness)
	longest(l.calmed(p.Calm), ByCalm)
	every = min(every, l.Max)
	longest(p.Wait, ByWait)
	return every, why
}

// rested returns the interval for answers that take so long.
func (l *Law) rested(took time.Duration) time.Duration {
	if took > l.Max/time.Duration(l.Rest) {
		return l.Max
	}
	return took * time.Duration(l.Rest)
}

// calmed returns the interval after n answers without news.
func (l *Law) calmed(n int) time.Duration {
	every := l.Min
	for ; n >= l.Calm && every < l.Max; n-- {
		every += max(1, every/2)
	}
	return min(every, l.Max)
}

// Doubled returns base * 2^n, at most top: what refusals make of an interval, and
// failures of the wait before the next attempt.
func Doubled(base time.Duration, n int, top time.Duration) time.Duration {
	for range n {
		if base == 0 || base >= top {
			break
		}
		base *= 2
	}
	return min(base, top)
}
