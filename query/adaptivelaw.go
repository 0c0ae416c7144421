package query

import "time"

// This file is the control law of Adaptive: pure functions from what is
// remembered and what an answer was like to what is remembered next, and from
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

// maxPatience bounds how rarely a server that refused is tried at a shorter
// interval, and with that how long recovery takes.
const maxPatience = 16

// maxCalm is more than enough to get from any Min to any Max.
const maxCalm = 1 << 20

// law is an Adaptive without gaps.
type law Adaptive

// pace is what the law remembers of a query. The zero pace is that of one that
// was never answered.
type pace struct {
	refusals int  // by how many doublings the interval is longer than Min
	good     int  // answers since the last step
	patience int  // how many of them the next step down takes; at least one
	probing  bool // the last step was down, and nobody has answered since
	calm     int  // answers in a row that brought nothing new
	took     time.Duration
	wait     time.Duration // what the latest answer asked for
}

// answer is what happened to a query, as far as the law is concerned.
type answer struct {
	kind answerKind
	took time.Duration // zero if that is not known
	wait time.Duration // what a refusal asked for
}

type answerKind uint8

const (
	attention answerKind = iota // somebody looks, or wants something
	news                        // new data
	noNews                      // the same data as before
	refused                     // the server did not want to, or could not
	useless                     // an error that says nothing about how busy the server is
)

// next returns the pace after a.
func (l *law) next(p pace, a answer) pace {
	switch a.kind {
	case attention:
		p.calm = 0
		return p
	case refused:
		return l.refuse(p, a.wait)
	case useless:
		p.wait = 0
		return p
	case news:
		p.calm = 0
	case noNews:
		p.calm = min(p.calm+1, maxCalm)
	}
	p.wait = 0
	if p.took == 0 {
		p.took = a.took
	}
	p.took = p.took/2 + a.took/2
	return p.recover()
}

func (l *law) refuse(p pace, wait time.Duration) pace {
	if p.probing {
		p.patience = min(2*max(p.patience, 1), maxPatience)
	}
	if doubled(l.Min, p.refusals, l.Max) < l.Max {
		p.refusals++
	}
	p.good, p.probing, p.wait = 0, false, wait
	return p
}

// recover is what a good answer does to the doublings.
func (p pace) recover() pace {
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

// motive is why the interval is what it is.
type motive uint8

const (
	atMin motive = iota
	byRefusals
	bySlowness
	byCalm
	byWait
)

// interval returns the wait before the next poll.
func (l *law) interval(p pace) (every time.Duration, why motive) {
	every = l.Min
	longest := func(d time.Duration, m motive) {
		if d > every {
			every, why = d, m
		}
	}
	longest(doubled(l.Min, p.refusals, l.Max), byRefusals)
	longest(l.rested(p.took), bySlowness)
	longest(l.calmed(p.calm), byCalm)
	every = min(every, l.Max)
	longest(p.wait, byWait)
	return every, why
}

// rested returns the interval for answers that take so long.
func (l *law) rested(took time.Duration) time.Duration {
	if took > l.Max/time.Duration(l.Rest) {
		return l.Max
	}
	return took * time.Duration(l.Rest)
}

// calmed returns the interval after n answers without news.
func (l *law) calmed(n int) time.Duration {
	every := l.Min
	for ; n >= l.Calm && every < l.Max; n-- {
		every += max(1, every/2)
	}
	return min(every, l.Max)
}
