package query

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/internal/adapt"
	"github.com/freshet-go/freshet/internal/sched"
	"github.com/freshet-go/freshet/internal/share"
)

// Adaptive polls a server as often as it can bear and the data are worth: each
// Min while all is well, less often when the server refuses or fails, when its
// answers are slow, and when many of them bring nothing new. It polls faster again
// when the server recovers, data change, the application is looked at, or somebody
// asks for the query: by Refetch, by Invalidate, by observing it. What it has
// learned belongs to the query and is forgotten with its last observer.
//
// Any error counts as a refusal, unless it has a method Backpressure that denies
// it. That nothing is new is known by structural sharing, or by data that compare
// as equal.
type Adaptive struct {
	// Min is the interval while all is well. Zero or less turns polling off.
	Min time.Duration
	// Max is the longest interval: how old a page may let its data become. Only a
	// server that says when to come again may be left alone for longer. Default:
	// ten times Min; at least Min.
	Max time.Duration
	// Calm is how many answers in a row have to be without news for the interval to
	// grow, by half with each. Default: 3.
	Calm int
	// Rest is how many times as long as its answers take a server is left alone at
	// least. Default: 10.
	Rest int
}

// Backpressure is what errors may have that know how busy the server is. It is
// found with errors.As.
type Backpressure interface {
	error
	// Backpressure reports whether the server wants, or needs, fewer requests, and
	// for how long it asked to be left alone; zero if it did not say. It is called
	// for each failed attempt and must be quick.
	Backpressure() (wait time.Duration, busy bool)
}

// Interval is a as a refetch interval. Queries may share it; each has a pace of its
// own.
func (a Adaptive) Interval() RefetchInterval {
	if a.Min <= 0 {
		return NoInterval()
	}
	l := &adapt.Law{Min: clampDelay(a.Min), Max: clampDelay(a.Max), Calm: a.Calm, Rest: a.Rest}
	if l.Max <= 0 {
		l.Max = 10 * min(l.Min, sched.Forever/10)
	}
	l.Max = max(l.Min, l.Max)
	if l.Calm <= 0 {
		l.Calm = 3
	}
	if l.Rest <= 0 {
		l.Rest = 10
	}
	return RefetchInterval{kind: intervalFunc, law: l, f: func(State[any]) time.Duration { return l.Min }}
}

// pacer is the pace of an entry in use.
type pacer struct {
	adapt.Pace

	law   *adapt.Law // the last one given counts
	began time.Time  // when the attempt began that runs
}

// intervalOf returns the interval of an observer's query, zero for none.
func (c *Client) intervalOf(e *entry, i *RefetchInterval, s State[any]) time.Duration {
	if i.law == nil {
		return i.resolve(c, s)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(e.observers()) == 0 {
		return i.law.Min // until somebody looks
	}
	x := c.sides.of(e)
	if x.pacer == nil {
		x.pacer = new(pacer)
	}
	x.pacer.law = i.law
	every, _ := i.law.Interval(x.pacer.Pace)
	return every
}

// witness lets the pace of an entry follow what happens to it.
func (p *pacer) witness(a action, before, next *state, now time.Time) {
	switch a := a.(type) {
	case fetchAction:
		if p.began = now; !a.poll {
			p.learn(adapt.Answer{Kind: adapt.Attention})
		}
	case continueAction:
		p.began = now
	case failedAction:
		p.learn(a.strain.answer())
		p.began = a.retryAt
	case errorAction:
		p.learn(a.strain.answer())
	case invalidateAction:
		p.learn(adapt.Answer{Kind: adapt.Attention})
	case successAction:
		p.answered(a, before, next)
	}
}

// answered is witness for data.
func (p *pacer) answered(a successAction, before, next *state) {
	old, had := before.base()
	data, _ := next.base()
	same := had && share.Same(old, data)
	switch {
	case a.manual && same:
	case a.manual:
		p.learn(adapt.Answer{Kind: adapt.Attention})
	case before.failureCount > 0: // not an answer that shows a server at its ease
		p.learn(adapt.Answer{Kind: adapt.Useless})
		if !same {
			p.learn(adapt.Answer{Kind: adapt.Attention})
		}
	default:
		got := adapt.Answer{Kind: adapt.News}
		if same {
			got.Kind = adapt.NoNews
		}
		if !p.began.IsZero() {
			got.Took = max(0, a.at.Sub(p.began))
		}
		p.learn(got)
	}
}

func (p *pacer) learn(a adapt.Answer) { p.Pace = p.law.Next(p.Pace, a) }

// strain is what an error says of how busy the server is. The zero strain says
// nothing.
type strain struct {
	busy bool
	wait time.Duration
}

func (s strain) answer() adapt.Answer {
	if !s.busy {
		return adapt.Answer{Kind: adapt.Useless}
	}
	return adapt.Answer{Kind: adapt.Refused, Wait: s.wait}
}

// strainOf asks an error, which is user code.
func (c *Client) strainOf(err error) strain {
	return ask(c, "Backpressure", strain{}, func() strain {
		var told Backpressure
		switch {
		case errors.As(err, &told):
			wait, busy := told.Backpressure()
			return strain{busy, clampDelay(wait)}
		case errors.Is(err, ErrCancelled), errors.Is(err, ErrNoFetch):
			return strain{}
		default:
			return strain{busy: true}
		}
	})
}

// attend lets all adaptive intervals be short again: somebody looks.
func (c *Client) attend() {
	c.update(func(tx *txn) {
		var calm []*entry
		for e, x := range tx.sides {
			if x.pacer != nil && x.pacer.Calm > 0 {
				calm = append(calm, e)
			}
		}
		for _, e := range inOrder(calm) {
			tx.sides[e].pacer.learn(adapt.Answer{Kind: adapt.Attention})
			tx.touch(e)
		}
	})
}

// why says in words how the law came to its interval.
func (p *pacer) why() string {
	every, why := p.law.Interval(p.Pace)
	every = every.Round(time.Millisecond)
	switch why {
	case adapt.ByRefusals:
		return fmt.Sprintf("every %v, because the server refused or failed", every)
	case adapt.BySlowness:
		return fmt.Sprintf("every %v, because answers take about %v", every, p.Took.Round(time.Millisecond))
	case adapt.ByCalm:
		return fmt.Sprintf("every %v, because the last %d answers did not change", every, p.Calm)
	case adapt.ByWait:
		return fmt.Sprintf("in %v, because the server asked for it", every)
	default:
		return fmt.Sprintf("every %v, as all is well", every)
	}
}
