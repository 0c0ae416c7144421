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
	e     *entry
	opts  *method      // retry, delay and network mode are those of the start
	pages *paging      // of an infinite query, else nil
	ctx   lazyContext  // life of the fetch, not of a caller
	seen  fetchContext // ctx as the fetch function gets it

	// Guarded by the client's mutex.
	began     int64         // Unix nanoseconds
	revert    *state        // what a reverted cancellation goes back to
	wake      chan struct{} // not nil while paused
	witness   *witness      // the first observer that shows the outcome in any case
	settled   bool
	cancelled bool // that is how it was settled
	outdated  bool // push has told more since it began; see outdated.go
	again     bool // it takes the place of one that was
	prompt    bool // the first attempt begins with the fetch itself
	byCaller  bool // it runs on the goroutine of who asked for it
	first     bool // paused before the first attempt
	placed    bool // it has one of the places of a Storm
	massed    bool // it had one: further attempts need one, too

	// Used by the flight's goroutine alone.
	confirmed bool          // it is over: nothing was modified
	failures  int32         // of attempts
	call      *fetchContext // of the present attempt
	feed      *feed         // of a streamed query, else nil

	lastAttempt atomic.Bool // the next failure is final
	failing     atomic.Bool // it was; nobody joins any more

	// Functions are called in the order in which fetches are started.
	turn chan struct{}          // closed when that of the flight before is called, nil if it was
	heir atomic.Pointer[flight] // whose turn is next, the flight itself once it has begun

	done latch   // opened once the rest is final
	next *flight // followed instead, if another fetch took this one's place
	data any
	err  error
}

// paging is how the pages of an infinite query are fetched.
type paging struct {
	direction Direction
	walk      func(context.Context) (any, error)
}

// direction is the end of an infinite query that f extends, if it does.
func (f *flight) direction() Direction {
	if f.pages == nil {
		return ""
	}
	return f.pages.direction
}

// witness is an observer that asked for a fetch by hand: it shows the outcome
// even if nobody subscribes, and what it showed is the answer.
type witness struct {
	o        *observer
	failFast bool // an error is answer enough
	saw      atomic.Pointer[result]
	next     *witness // of the same flight
}

// summon adds witnesses to those of f.
func (f *flight) summon(w *witness) {
	last := &f.witness
	for *last != nil {
		last = &(*last).next
	}
	*last = w
}

// fetchMode says how a fetch treats one that runs already.
type fetchMode struct {
	cancelRefetch bool
	poll          bool
	byCaller      bool // whoever asks waits whatever happens
	direction     Direction
}

// fetch starts a fetch of e, or joins the one that runs. With options they
// become the entry's, without the entry keeps its own. It needs the mutex.
func (tx *txn) fetch(e *entry, o *options, s seed, mode fetchMode) *flight {
	f, _ := tx.takeOff(e, o, s, mode)
	return f
}

// takeOff is fetch that may leave it to the caller to run the flight, which is told
// by true: who has to wait for it in any case and whatever happens spares a
// goroutine. That goes only for an entry which nobody observes.
func (tx *txn) takeOff(e *entry, o *options, s seed, mode fetchMode) (f *flight, isCallers bool) {
	var old *flight
	if st, f := e.state.Load(), e.flight.Load(); st.fetchStatus != isIdle && f != nil && !f.failing.Load() {
		if !st.hasData || !mode.cancelRefetch {
			e.tally().joined.Add(1)
			f.wanted()
			return f, false
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
	f = &flight{e: e, opts: e.opts.Load(), ctx: lazyContext{parent: tx.life}}
	if p := e.pager(); p != nil && p.ready {
		f.pages = &paging{mode.direction, p.start(e.state.Load(), mode.direction)}
	}
	if old != nil {
		f.turn = make(chan struct{})
		if !old.heir.CompareAndSwap(nil, f) {
			f.turn = nil
		}
	}
	f.revert = e.state.Load()
	tx.began(f)
	paused := !tx.networkAllows(f.opts.policy.NetworkMode, true)
	tx.setOut(e, fetchAction{paused: paused, poll: mode.poll, direction: mode.direction})
	e.flight.Store(f)
	tx.overtake(f)
	if old != nil {
		tx.settle(old, f)
	}
	if tx.hold(f, true); f.wake == nil {
		// The function counts as called now, whatever happens until it is.
		f.prompt = true
		if f.pages == nil {
			e.state.flags.lower(consumed)
		}
	}
	if tx.closed {
		tx.cancel(f, cancelled{silent: true, cause: ErrClosed})
		return f, false
	}
	tx.work.Add(1)
	if mode.byCaller && f.prompt && f.turn == nil && len(e.observers()) == 0 {
		f.byCaller = true
		return f, true
	}
	tx.later(f.start)
	return f, false
}

// testify lets the witnesses of a flight that is over see the outcome.
func (tx *txn) testify(f *flight) {
	for w := f.witness; w != nil; w = w.next {
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

// wait returns the outcome of the flight, or the cause of ctx.
func (f *flight) wait(ctx context.Context) (any, error) {
	last, turns, err := f.over(ctx)
	if err != nil {
		return nil, err
	}
	if turns > 0 {
		f.e.client().sched.Trail(turns)
	}
	if last.cancelled {
		f.e.client().sched.Yield(1)
	}
	return last.data, last.err
}

// over waits until the flight is over, or that which took its place in the end, and
// tells after how many turns those hear of it who have waited for f.
func (f *flight) over(ctx context.Context) (last *flight, turns int, err error) {
	for last = f; ; last, turns = last.next, turns+1 {
		if err := last.done.wait(ctx); err != nil {
			return nil, 0, err
		}
		if last.next == nil {
			return last, turns, nil
		}
	}
}

// start runs the flight on a goroutine of the client.
func (f *flight) start() { f.e.client().start(f) }

// run is the flight's goroutine.
func (f *flight) run() {
	defer f.e.client().work.Done()
	defer f.ctx.end(nil)
	defer f.leave()
	defer f.begin()
	if f.turn != nil {
		<-f.turn
	}
	c, p := f.e.client(), &f.opts.policy
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
	if err == nil && !f.confirmed && !c.landWithOthers(f, data) {
		err = c.store(f, data)
	}
	returned = true
	if err != nil {
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
	if f.pages == nil && !f.prompt {
		f.e.state.flags.lower(consumed)
		o = f.e.opts.Load()
	}
	f.prompt = false
	call := f.context(ctx, o)
	f.begin()
	if f.pages != nil {
		// Once consumed, the context of an infinite query counts as such for good.
		err = protect(func() (err error) { data, err = f.pages.walk(call); return err })
		f.e.client().sched.Yield(2) // from the last page to their list
		return data, err
	}
	if o.fetch == nil {
		f.e.client().sched.Yield(2) // a function that fails would have taken its turn, too
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
	f.e.client().update(func(tx *txn) {
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
			f.e.client().sched.Yield(1)
		} else {
			f.e.client().sched.Yield(3)
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
	f.failures = int32(n)
	strain := f.e.client().strainOf(err)
	f.e.client().update(func(tx *txn) {
		if !f.settled {
			f.e.tally().retries.Add(1)
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
		before := e.state.Load()
		tx.succeed(e, successAction{data: w.data, under: w.under, hidden: !w.hasData, at: tx.now()})
		e.tally().answered(f, before, e.state.Load(), false, tx.now())
		tx.remember(f)
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
	f.done.open()
	return nil
}

// fail ends a flight with an error, unless it was cancelled before.
func (c *Client) fail(f *flight, err error) {
	f.failing.Store(true)
	c.sched.Yield(1) // until that is known
	var done State[any]
	strain := c.strainOf(err)
	c.update(func(tx *txn) {
		if f.settled {
			return
		}
		tx.dispatch(f.e, errorAction{err: err, strain: strain, at: tx.sched.Now()})
		f.err = err
		f.e.tally().failures.Add(1)
		tx.land(f)
		tx.testify(f)
		done = f.e.view()
	})
	if done.s == nil {
		return
	}
	c.callFetch(done, err)
	f.done.open()
}

// land takes a finished flight off its entry.
func (tx *txn) land(f *flight) {
	f.settled = true
	f.e.flight.CompareAndSwap(f, nil)
	if len(f.e.observers()) == 0 { // else it counts from when the last one leaves
		tx.scheduleGC(f.e)
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
