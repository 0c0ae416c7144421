package query

import (
	"fmt"
	"time"
)

// PushStatus says whether a query is kept fresh by push.
type PushStatus string

// The statuses of push.
const (
	PushNone PushStatus = ""     // no push covers the query
	PushLive PushStatus = "live" // one does, and is healthy
	PushLost PushStatus = "lost" // none that does is healthy, or is so yet
)

// PushState is what push does for a query. It does not change.
type PushState struct {
	// Name is that of the push which the rest is about.
	Name string
	// Status is PushLive if any push that covers the query is healthy.
	Status PushStatus
	// Since is when that began.
	Since time.Time
	// Err is why it was lost, nil if it was never live and did not fail yet.
	Err error
	// Safety is the interval of polling while it is live; see Push.
	Safety time.Duration
}

// PushStats are the counters of a push since Attach.
type PushStats struct {
	State PushState
	// Runs is how often the source was run.
	Runs int
	// Events is how many events were applied, Failed among them those for which On
	// failed.
	Events, Failed int
	// Repeated is how many events were dropped since they had been applied already.
	Repeated int
	// Resyncs is how often all that is covered was marked stale.
	Resyncs int
	// Losses is how often a healthy stream was lost.
	Losses int
	// LastID is the ID of the last event that had one, LastAt the time of the last
	// sign of life.
	LastID string
	LastAt time.Time
}

// Pushes returns the counters of what is attached, oldest first.
func (c *Client) Pushes() []PushStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []PushStats
	for _, s := range c.governor.streams {
		now := s.stats
		now.State, now.LastID, now.LastAt = *s.shown.Load(), s.last, s.heardAt
		all = append(all, now)
	}
	return all
}

// Push returns what push did for the query when the result was made. A change of
// it is a change of FieldPush.
func (v Result[T]) Push() PushState { return v.get().push.value() }

// Push returns what push did for the entry when the state was looked at.
func (v State[T]) Push() PushState { return v.push.value() }

func (p *PushState) value() PushState {
	if p == nil {
		return PushState{}
	}
	return *p
}

// outranks reports whether p tells more of a query than q: a healthy push does,
// and of two the one that asks for more polling; else the one lost last.
func (p *PushState) outranks(q *PushState) bool {
	switch {
	case p.Status != q.Status:
		return p.Status == PushLive
	case p.Status == PushLive:
		return p.Safety < q.Safety
	default:
		return p.Since.After(q.Since)
	}
}

// pushState returns what push does for e, nil if none covers it.
func (e *entry) pushState() *PushState {
	cv := e.cover()
	if cv == nil {
		return nil
	}
	best := cv.by[0].shown.Load()
	for _, s := range cv.by[1:] {
		if p := s.shown.Load(); p.outranks(best) {
			best = p
		}
	}
	return best
}

// push tells what push does for the entry.
func (x *explainer) push(v State[any], observers []*observer) {
	p := v.push
	if p == nil {
		return
	}
	var own time.Duration // the shortest interval
	for _, o := range observers {
		opts, _ := o.look()
		if d := opts.policy.RefetchInterval.resolve(x.c, v); d > 0 && (own == 0 || d < own) && opts.enabled(x.c, v) {
			own = d
		}
	}
	polls := "It is not polled"
	if own > 0 {
		polls = fmt.Sprintf("It polls every %v", own)
	}
	age := x.now.Sub(p.Since).Round(time.Millisecond)
	switch {
	case p.slows(v.get(), own):
		x.at(ReasonPushLive, p.Since, "It polls every %v instead of every %v, because push %q has been live for %v.",
			p.Safety, own, p.Name, age)
	case p.Status == PushLive && p.stretches(own):
		x.at(ReasonPushLive, p.Since, "%s until an answer is there, though push %q has been live for %v.", polls, p.Name, age)
	case p.Status == PushLive:
		x.at(ReasonPushLive, p.Since, "%s, and push %q has been live for %v.", polls, p.Name, age)
	case p.Err != nil:
		x.at(ReasonPushLost, p.Since, "%s, because push %q has been lost for %v: %v", polls, p.Name, age, p.Err)
	default:
		x.at(ReasonPushLost, p.Since, "%s, because push %q has not been live for %v.", polls, p.Name, age)
	}
}
