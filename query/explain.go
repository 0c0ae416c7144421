package query

import (
	"fmt"
	"strings"
	"time"

	"github.com/freshet-go/freshet/querykey"
)

// Reason is one answer to why a query is, or is not, being updated.
type Reason string

// The reasons that Explain knows.
const (
	ReasonUnknownKey   Reason = "unknown key"      // nothing is cached under the key
	ReasonNoObservers  Reason = "no observers"     // so nobody keeps it fresh
	ReasonDisabled     Reason = "disabled"         // every observer is
	ReasonNoFetch      Reason = "no fetch"         // there is no fetch function
	ReasonNeverFetched Reason = "never fetched"    // no data, no error
	ReasonFetching     Reason = "fetching"         // a fetch runs now
	ReasonBackingOff   Reason = "backing off"      // the next attempt is at At
	ReasonOffline      Reason = "offline"          // a fetch waits for the network
	ReasonUnfocused    Reason = "unfocused"        // a retry waits for focus
	ReasonUnmounted    Reason = "unmounted"        // the client does not listen to focus and network
	ReasonError        Reason = "error"            // the last fetch failed
	ReasonInvalidated  Reason = "invalidated"      // marked stale
	ReasonStatic       Reason = "static"           // never stale
	ReasonFresh        Reason = "fresh"            // until At
	ReasonStale        Reason = "stale"            // since At
	ReasonPolling      Reason = "polling"          // the next poll is at At
	ReasonHidden       Reason = "hidden"           // polls are skipped without focus
	ReasonNoInterval   Reason = "no interval"      // nobody polls
	ReasonAdaptive     Reason = "adaptive"         // the interval is, and why it is what it is
	ReasonTogether     Reason = "together"         // it is polled together with others
	ReasonQueued       Reason = "queued"           // it waits for its turn to be fetched
	ReasonPushLive     Reason = "push is live"     // since At
	ReasonPushLost     Reason = "push is lost"     // since At
	ReasonNotModified  Reason = "not modified"     // the server said so when it was last asked
	ReasonClosed       Reason = "client is closed" // nothing happens any more
)

// Finding is a reason with its time and its wording.
type Finding struct {
	Reason Reason
	At     time.Time // where the reason has a time
	Text   string
}

// Explanation answers why a query is being updated or not, and when it will be
// next.
type Explanation struct {
	Key      querykey.Key
	Findings []Finding // the most telling first
}

// Has reports whether r is among the findings.
func (x Explanation) Has(r Reason) bool {
	for _, f := range x.Findings {
		if f.Reason == r {
			return true
		}
	}
	return false
}

// String gives the findings in words, one a line.
func (x Explanation) String() string {
	var b strings.Builder
	b.WriteString(x.Key.String())
	for _, f := range x.Findings {
		b.WriteString("\n- ")
		b.WriteString(f.Text)
	}
	return b.String()
}

// Explain says what keeps the query under key from being updated, what it is
// doing, and when it will fetch next.
func (c *Client) Explain(key querykey.Key) Explanation {
	x := &explainer{c: c, now: c.sched.Now()}
	x.Key = key
	if c.life.Err() != nil {
		x.say(ReasonClosed, "The client is closed: nothing is fetched any more.")
	}
	e := c.index.find(key)
	if e == nil {
		x.say(ReasonUnknownKey, "Nothing is cached under this key: it was never used, was removed, or was collected.")
		return x.Explanation
	}
	v := e.view()
	x.flight(e, v)
	observers := c.observersOf(e)
	if len(observers) == 0 {
		x.say(ReasonNoObservers, "Nobody observes it, so nothing keeps it fresh.")
	}
	x.policies(v, observers)
	x.side(e)
	x.push(v, observers)
	x.state(v)
	x.memory(e)
	return x.Explanation
}

type explainer struct {
	Explanation

	c   *Client
	now time.Time
}

func (x *explainer) say(r Reason, text string) {
	x.Findings = append(x.Findings, Finding{Reason: r, Text: text})
}

func (x *explainer) at(r Reason, t time.Time, format string, args ...any) {
	x.Findings = append(x.Findings, Finding{r, t, fmt.Sprintf(format, args...)})
}

// in words a distance in time.
func (x *explainer) in(t time.Time) string {
	d := t.Sub(x.now).Round(time.Millisecond)
	if d < 0 {
		return fmt.Sprintf("%v ago", -d)
	}
	return fmt.Sprintf("in %v", d)
}

// flight tells what a running fetch is waiting for.
func (x *explainer) flight(e *entry, v State[any]) {
	if !e.opts.Load().fetches() {
		x.say(ReasonNoFetch, "It has no fetch function: only writes change it.")
	}
	switch {
	case v.FetchStatus() == FetchPaused:
		if !x.c.online.Get() {
			x.say(ReasonOffline, "It is paused: there is no network. It goes on when the network returns.")
		}
		if !x.c.focus.Get() {
			x.say(ReasonUnfocused, "It is paused: a retry waits until the application is looked at.")
		}
	case v.RetryAt().After(x.now):
		x.at(ReasonBackingOff, v.RetryAt(), "It failed %d times (%v) and tries again %s.",
			v.FailureCount(), v.FailureReason(), x.in(v.RetryAt()))
	case v.FetchStatus() == FetchFetching:
		x.say(ReasonFetching, "It is being fetched right now.")
	}
	x.c.mu.Lock()
	mounted := x.c.mounts > 0
	x.c.mu.Unlock()
	if !mounted {
		x.say(ReasonUnmounted, "The client is not mounted: it does not react to focus and network.")
	}
}

// policies tells what the observers make of the entry.
func (x *explainer) policies(v State[any], observers []*observer) {
	if len(observers) == 0 {
		return
	}
	enabled, hidden := 0, 0
	var next time.Time
	for _, o := range observers {
		opts, _ := o.look()
		if !opts.enabled(x.c, v) {
			continue
		}
		enabled++
		x.freshness(opts, v, enabled)
		at := o.pollsAt()
		if at.IsZero() {
			continue
		}
		if !opts.policy.RefetchIntervalInBackground.or(false) && !x.c.focus.Get() {
			hidden++
			continue
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	switch {
	case enabled == 0:
		x.say(ReasonDisabled, "Every observer of it is disabled.")
	case !next.IsZero():
		x.at(ReasonPolling, next, "It is polled; the next poll is %s.", x.in(next))
	case hidden > 0:
		x.say(ReasonHidden, "It is polled, but not while the application is hidden, which it is.")
	default:
		x.say(ReasonNoInterval, "Nobody polls it: it is fetched when it is stale and somebody comes, looks or reconnects.")
	}
}

// freshness tells for the first enabled observer how old the data may get.
func (x *explainer) freshness(o *options, v State[any], nth int) {
	st := v.get()
	if nth > 1 || !st.hasData || st.invalidated {
		return
	}
	switch t := o.policy.StaleTime.resolve(x.c, v); t.kind {
	case staleStatic:
		x.say(ReasonStatic, "Its data are static: nothing but polling and an explicit refetch gets new ones.")
	case staleNever:
		x.say(ReasonFresh, "Its data count as fresh until they are invalidated.")
	default:
		until := st.dataUpdatedAt.Add(t.d)
		if until.After(x.now) {
			x.at(ReasonFresh, until, "Its data count as fresh; that ends %s.", x.in(until))
		} else {
			x.at(ReasonStale, until, "Its data are stale, as of %s.", x.in(until))
		}
	}
}

// state tells what the entry has come to.
func (x *explainer) state(v State[any]) {
	switch {
	case v.Status() == StatusError:
		x.at(ReasonError, v.ErrorUpdatedAt(), "Its last fetch failed %s: %v", x.in(v.ErrorUpdatedAt()), v.Err())
	case !v.get().fetched() && !v.get().hasData:
		x.say(ReasonNeverFetched, "It was never fetched.")
	case v.IsInvalidated():
		x.say(ReasonInvalidated, "It was marked stale.")
	}
}
