package query

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/retry"
)

// flight is one running fetch of an entry. Everyone who asks meanwhile waits
// for it; nobody who waits can end it for the others.
type flight struct {
	e         *entry
	opts      *method // retry, delay and network mode are those of the start
	direction Direction
	walk      func(context.Context) (any, error) // of an infinite query
	ctx       lazyContext                        // life of the fetch, not of a caller
	seen      fetchContext                       // ctx as the fetch function gets it

	// Guarded by the client's mutex.
	settled   bool
	outdated  bool          // push has told more since it began; see outdated.go
	again     bool          // it takes the place of one that was
	prompt    bool          // the first attempt begins with the fetch itself
	wake      chan struct{} // not nil while paused
	first     bool          // paused before the first attempt
	placed    bool          // it has one of the places of a Storm
	massed    bool          // it had one: further attempts need one, too
	witnesses []*witness    // observers that show the outcome in any case

	lastAttempt atomic.Bool // the next failure is final
	failing     atomic.Bool // it was; nobody joins any more

	// Used by the flight's goroutine alone.
	feed      feed          // of a streamed query
	failures  int           // of attempts
	call      *fetchContext // of the present attempt
	confirmed bool          // it is over: nothing was modified

	// Functions are called in the order in which fetches are started.
	turn chan struct{}          // closed when that of the flight before is called, nil if it was
	heir atomic.Pointer[flight] // whose turn is next, the flight itself once it has begun

	done chan struct{} // closed once the rest is final
	next *flight       // followed instead, if another fetch took this one's place
	data any
	err  error
}

// witness is an observer that asked for a fetch by hand: it shows the outcome
// even if nobody subscribes, and what it showed is the answer.
type witness struct {
	o        *observer
	failFast bool // an error is answer enough
	saw      atomic.Pointer[result]
}

// fetchMode says how a fetch treats one that runs already.
type fetchMode struct {
	cancelRefetch bool
	poll          bool
	direction     Direction
}

// cancelled says how a fetch is to end early.
type cancelled struct {
	silent bool  // no error state, no callbacks
	revert bool  // back to the state before the fetch
	defers bool  // those who wait are told by settle, see there
	cause  error // ErrCancelled unless set
}

// fetch starts a fetch of e, or joins the one that runs. With options they
// become the entry's, without the entry keeps its own. It needs the mutex.
func (tx *txn) fetch(e *entry, o *options, s seed, mode fetchMode) *flight {
	var old *flight
	if st, f := e.state.Load(), e.flight.Load(); st.fetchStatus != FetchIdle && f != nil && !f.failing.Load() {
		if !st.hasData || !mode.cancelRefetch {
			f.wanted()
			return f
		}
		old = f
		tx.cancel(old, cancelled{silent: true, defers: true})
	}
	if o != nil {
		tx.adopt(e, o, s)
	}
	if !e.opts.Load().decides() {
		if lender := e.lender(); lender != nil {
			tx.adopt(e, lender, s)
		}
	}
	f := &flight{
		e: e, opts: e.opts.Load(), direction: mode.direction, ctx: lazyContext{parent: tx.life}, done: make(chan struct{}),
	}
	if e.pager != nil && e.pager.ready {
		f.walk = e.pager.start(e.state.Load(), mode.direction)
	}
	if old != nil {
		f.turn = make(chan struct{})
		if !old.heir.CompareAndSwap(nil, f) {
			f.turn = nil
		}
	}
	e.revert = e.state.Load()
	paused := !tx.networkAllows(f.opts.policy.NetworkMode, true)
	tx.dispatch(e, fetchAction{paused: paused, poll: mode.poll, direction: mode.direction})
	e.flight.Store(f)
	tx.overtake(f)
	if old != nil {
		tx.settle(old, f)
	}
	if tx.hold(f, true); f.wake == nil {
		// The function counts as called now, whatever happens until it is.
		f.prompt = true
		e.consumed.Store(e.consumed.Load() && f.walk != nil)
	}
	if tx.closed {
		tx.cancel(f, cancelled{silent: true, cause: ErrClosed})
		return f
	}
	tx.work.Add(1)
	tx.later(f.start)
	return f
}

// testify lets the witnesses of a flight that is over see the outcome.
func (tx *txn) testify(f *flight) {
	for _, w := range f.witnesses {
		if w.failFast && f.err != nil {
			continue // whoever asked gets the error, and looks no further
		}
		// It may have turned away, and shows its new entry.
		tx.later(func() {
			w.o.bringUpToDate(toTell)
			w.saw.Store(w.o.current.Load())
		})
	}
}

// settle lets those who wait for a cancelled flight follow another one, or gives
// them the cancellation if next is nil.
func (tx *txn) settle(f, next *flight) {
	if f.next = next; next != nil {
		next.witnesses = append(next.witnesses, f.witnesses...)
	} else {
		tx.testify(f)
	}
	tx.later(func() { close(f.done) })
}

// wait returns the outcome of the flight, or the cause of ctx.
func (f *flight) wait(ctx context.Context) (any, error) {
	for moved := 0; ; f, moved = f.next, moved+1 {
		if ctx.Done() == nil {
			<-f.done // cheaper than a select
		} else {
			select {
			case <-f.done:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		if f.next == nil {
			f.e.c.sched.Yield(2 * moved) // after those who have waited for it alone
			return f.data, f.err
		}
	}
}

// start runs the flight on a goroutine of the client. It is told by hand, as
// txn.launch takes two objects more.
func (f *flight) start() { go f.run() }

// run is the flight's goroutine.
func (f *flight) run() {
	defer f.e.c.work.Done()
	defer f.ctx.end(nil)
	defer f.leave()
	defer f.begin()
	if f.turn != nil {
		<-f.turn
	}
	c, p := f.e.c, &f.opts.policy
	returned := false
	defer func() {
		if !returned {
			c.fail(f, errGoexit())
		}
	}()
	again := p.Retry.or(Retries(3))
	data, err := retry.Run(&f.ctx, c.sched, retry.Plan{
		Gate:     f.pass,
		Attempt:  f.attempt,
		Delay:    func(n int, err error) time.Duration { return p.RetryDelay.after(c, n, err) },
		Again:    func(n int, err error) bool { return again.again(c, n, err) },
		Failed:   f.failed,
		Disabled: f.disabled,
	})
	if err == nil && !f.confirmed {
		err = c.store(f, data)
	}
	returned = true
	if err != nil {
		f.failing.Store(true)
		c.sched.Yield(1) // until that is known
		c.fail(f, err)
	}
}

// begin gives the turn to the flight that took the place of this one, if any did.
func (f *flight) begin() {
	if next := f.heir.Swap(f); next != nil && next != f {
		close(next.turn)
	}
}

// attempt calls the fetch function: that of the start for an attempt which begins
// with the fetch, else the one that the entry has now.
func (f *flight) attempt(ctx context.Context) (data any, err error) {
	o := f.opts
	if f.walk == nil && !f.prompt {
		f.e.consumed.Store(false)
		o = f.e.opts.Load()
	}
	f.prompt = false
	call := f.context(ctx, o)
	f.begin()
	if f.walk != nil {
		// Once consumed, the context of an infinite query counts as such for good.
		err = protect(func() (err error) { data, err = f.walk(call); return err })
		f.e.c.sched.Yield(2) // from the last page to their list
		return data, err
	}
	if o.fetch == nil {
		f.e.c.sched.Yield(2) // a function that fails would have taken its turn, too
		return nil, &FetchError{Key: f.e.key, Err: ErrNoFetch}
	}
	err = protect(func() (err error) { data, err = o.fetch(call, call.info); return err })
	if errors.Is(err, ErrNotModified) {
		data, err = f.notModified(ctx, o, err)
	}
	if t := reflect.TypeOf(data); err == nil && o.typ != nil && t != o.typ && !f.confirmed {
		err = &TypeError{Key: f.e.key, Have: t, Want: o.typ} // of a default function
	}
	return data, err
}

// gate waits until the fetch may go on: for the network and, before a retry, for
// focus.
func (f *flight) gate(ctx context.Context, first bool) error {
	if first && f.prompt {
		return nil
	}
	var wake chan struct{}
	f.e.c.update(func(tx *txn) {
		tx.hold(f, first)
		wake = f.wake
	})
	if wake == nil {
		return context.Cause(ctx)
	}
	select {
	case <-wake:
		// Who woke it may yet invalidate it, and then its function is not called.
		if first {
			f.e.c.sched.Yield(1)
		} else {
			f.e.c.sched.Yield(3)
		}
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}

// hold pauses a flight that may not go on.
func (tx *txn) hold(f *flight, first bool) {
	if f.settled || f.wake != nil || tx.mayRun(f.opts.policy.NetworkMode, first) {
		return
	}
	f.wake, f.first = make(chan struct{}), first
	tx.unplace(f)
	tx.dispatch(f.e, pauseAction{})
}

// resume lets a paused flight go on if it may.
func (tx *txn) resume(f *flight) {
	if f.settled || f.wake == nil || !tx.mayRun(f.opts.policy.NetworkMode, f.first) {
		return
	}
	tx.dispatch(f.e, continueAction{})
	close(f.wake)
	f.wake = nil
}

func (f *flight) failed(n int, err error, delay time.Duration) {
	f.failures = n
	strain := f.e.c.strainOf(err)
	f.e.c.update(func(tx *txn) {
		if !f.settled {
			tx.unplace(f)
			f.outdated = false // the next attempt begins later
			tx.dispatch(f.e, failedAction{count: n, err: err, strain: strain, retryAt: tx.sched.Now().Add(delay)})
		}
	})
}

func (f *flight) disabled() bool { return f.lastAttempt.Load() }

// wanted lets a flight go on after failures: somebody waits for it again.
func (f *flight) wanted() {
	if f.lastAttempt.Load() { // those who wait for a flight that nobody left do not write
		f.lastAttempt.Store(false)
	}
}

// store puts what was fetched into the cache and tells everyone. The error is
// that of a sharing function.
func (c *Client) store(f *flight, data any) error {
	e := f.e
	var done State[any]
	settled := false
	err := c.write(e, func(*state) (any, bool, error) { return data, true, nil }, func(tx *txn, w written) {
		if settled = f.settled || tx.superseded(f); settled {
			return
		}
		tx.dispatch(e, successAction{data: w.data, under: w.under, hidden: !w.hasData, at: tx.sched.Now()})
		tx.remember(f)
		e.revert = nil
		tx.land(f)
		tx.testify(f)
		done = e.view()
		tx.answered(f)
	})
	if errors.Is(err, errMoved) || errors.Is(err, ErrClosed) {
		c.update(func(tx *txn) { tx.cancel(f, cancelled{silent: true}) })
		return nil
	}
	if settled {
		return nil
	}
	if err != nil {
		return err
	}
	c.callFetch(done, nil)
	f.data = data
	close(f.done)
	return nil
}

// fail ends a flight with an error, unless it was cancelled before.
func (c *Client) fail(f *flight, err error) {
	var done State[any]
	strain := c.strainOf(err)
	c.update(func(tx *txn) {
		if f.settled {
			return
		}
		tx.dispatch(f.e, errorAction{err: err, strain: strain, at: tx.sched.Now()})
		f.err = err
		tx.land(f)
		tx.testify(f)
		done = f.e.view()
	})
	if done.s == nil {
		return
	}
	c.callFetch(done, err)
	close(f.done)
}

// land takes a finished flight off its entry.
func (tx *txn) land(f *flight) {
	f.settled = true
	f.e.flight.CompareAndSwap(f, nil)
	tx.scheduleGC(f.e)
}

// cancel ends a flight early. What its function still returns is ignored.
func (tx *txn) cancel(f *flight, how cancelled) {
	if f.settled {
		return
	}
	e := f.e
	cause := how.cause
	if cause == nil {
		cause = ErrCancelled
	}
	tx.land(f)
	tx.later(func() { f.ctx.end(cause) })
	f.err = cause
	if how.revert {
		back := *e.revert
		back.fetchStatus, back.retryAt = FetchIdle, time.Time{}
		tx.restore(e, back)
		if !how.silent && back.hasData {
			f.data, f.err = back.data, nil
		}
	}
	if how.defers {
		return
	}
	tx.testify(f)
	switch {
	case !how.silent && !how.revert:
		tx.dispatch(e, errorAction{err: cause, at: tx.sched.Now()})
		done := e.view()
		c := tx.Client // tx serves somebody else by then
		tell := func() {
			c.callFetch(done, cause)
			close(f.done)
		}
		if !tx.launch(tell) {
			tx.later(tell)
		}
	default:
		tx.later(func() { close(f.done) })
	}
}

// callFetch tells the client's callbacks how a fetch ended.
func (c *Client) callFetch(s State[any], err error) {
	call := func(what string, f func()) {
		if p := protect(func() error { f(); return nil }); p != nil {
			c.report(what, p)
		}
	}
	if cb := c.onFetch.OnSuccess; cb != nil && err == nil {
		call("OnFetch.OnSuccess", func() { cb(s) })
	}
	if cb := c.onFetch.OnError; cb != nil && err != nil {
		call("OnFetch.OnError", func() { cb(s, err) })
	}
	if cb := c.onFetch.OnSettled; cb != nil {
		call("OnFetch.OnSettled", func() { cb(s, err) })
	}
}
