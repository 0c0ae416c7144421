package query

import (
	"context"
	"errors"
	"fmt"

	"github.com/freshet-go/freshet/internal/share"
)

// ErrNotModified is returned by a fetch function whose server says that nothing has
// changed: the data stay the very same, and all else is as after an answer that is
// equal to them. That goes for what FetchInfo.Remembered told the function about;
// if those data have meanwhile been written, patched or reset, the function is
// called once more, and is told of nothing. Returned in any other case, it is a
// failure like any other.
var ErrNotModified = errors.New("query: not modified")

// Remembered returns what the fetch function gave to Remember with the data that
// are in the cache: a validator to send along, or the answer to compare the next
// one with. It is nil if those are not, or no longer, the data that it was
// remembered for, in the pages of an infinite query, in streams, and outside of
// fetches.
func (i FetchInfo) Remembered() any {
	if i.call == nil {
		return nil
	}
	e := i.flight.e
	e.client().mu.Lock()
	defer e.client().mu.Unlock()
	m, r := e.remembered(), i.call.recollection()
	if r.blind || m == nil || !m.fits(e.state.Load()) {
		return nil
	}
	r.used = m
	return m.value
}

// Remember keeps v with the data that the fetch function is about to return, for
// the next fetch: see Remembered. It must not be changed any more, takes up memory
// as long as the data do, and does not travel with snapshots. What was remembered
// before goes with the data that it belonged to, unless they turn out to be not
// modified. Nil keeps nothing.
func (i FetchInfo) Remember(v any) {
	if i.call == nil {
		return
	}
	e := i.flight.e
	e.client().mu.Lock()
	defer e.client().mu.Unlock()
	if r := i.call.recollection(); v == nil {
		r.noted = nil
	} else {
		r.noted = &remembered{value: v}
	}
}

// remembered is what a fetch function wants to know again of the answer that the data
// of an entry are. It is guarded by the client's mutex.
type remembered struct {
	value     any
	of        *state // in which the data came
	confirmed int    // how often they turned out not to be modified
}

// fits reports whether st still has the data that m belongs to, as they were stored.
// Every write counts, also one of equal data: who wrote them is not known to be the
// server.
func (m *remembered) fits(st *state) bool {
	was, had := m.of.base()
	is, has := st.base()
	return had && has && st.sameWrite(m.of) && share.Same(was, is)
}

// recollection is what one attempt has to do with memories.
type recollection struct {
	used  *remembered // what it was told
	noted *remembered // what it wants to be told
	blind bool        // it is told nothing
}

func (c *fetchContext) recollection() *recollection {
	if c.recall == nil {
		c.recall = new(recollection)
	}
	return c.recall
}

// remember keeps what the attempt wanted that got the data of f.
func (tx *txn) remember(f *flight) {
	e := f.e
	if r := f.call.recall; r != nil && r.noted != nil {
		r.noted.of = e.state.Load()
		e.own().remembered = r.noted
	} else if x := e.extra.Load(); x != nil {
		x.remembered = nil
		e.tidy()
	}
}

// notModified is for an attempt that ended with err, which says that nothing was
// modified. If what the function was told is not true any more, it is asked again.
func (f *flight) notModified(ctx context.Context, o *method, err error) (data any, _ error) {
	if f.e.client().confirm(f) {
		return nil, nil
	}
	f.e.client().mu.Lock()
	told := f.call.recall != nil && f.call.recall.used != nil
	f.e.client().mu.Unlock()
	if !told {
		return nil, fmt.Errorf("nothing was remembered: %w", err)
	}
	call := f.context(ctx, o)
	call.recall = &recollection{blind: true}
	err = protect(func() (err error) { data, err = o.fetch(call, call.info); return err })
	if errors.Is(err, ErrNotModified) {
		err = fmt.Errorf("nothing is remembered any more: %w", err)
	}
	return data, err
}

// confirm ends f by an answer that says nothing was modified. It is false if the
// data are not those that the answer is about.
func (c *Client) confirm(f *flight) bool {
	var done State[any]
	c.update(func(tx *txn) {
		e, r := f.e, f.call.recall
		if f.confirmed = f.settled || tx.superseded(f); f.confirmed {
			return
		}
		st, m := e.state.Load(), e.remembered()
		if r == nil || m == nil || r.used != m || !m.fits(st) {
			return
		}
		f.confirmed = true
		tx.succeed(e, successAction{data: st.data, under: st.under, hidden: !st.hasData, at: tx.sched.Now(), unchanged: true})
		e.tally().answered(f, st, e.state.Load(), true, tx.now())
		m.confirmed++
		if r.noted != nil {
			r.noted.confirmed = m.confirmed
			m = r.noted
			e.own().remembered = m
		}
		m.of = e.state.Load()
		tx.land(f)
		tx.testify(f)
		done = e.view()
		tx.answered(f)
	})
	if done.s != nil {
		c.callFetch(done, nil)
		f.data, _ = done.s.base()
		f.done.open()
	}
	return f.confirmed
}

// unchanged reports whether a change of state is an answer that changed nothing.
func unchanged(change action) bool {
	a, ok := change.(successAction)
	return ok && a.unchanged
}

// memory tells how often the server said that nothing has changed.
func (x *explainer) memory(e *entry) {
	x.c.mu.Lock()
	defer x.c.mu.Unlock()
	if m := e.remembered(); m != nil && m.confirmed > 0 && m.fits(e.state.Load()) {
		x.say(ReasonNotModified, fmt.Sprintf("Its data were not modified, said the last answers, %d so far.", m.confirmed))
	}
}
