package query

// cancelled says how a fetch is to end early.
type cancelled struct {
	silent bool  // no error state, no callbacks
	revert bool  // back to the state before the fetch
	defers bool  // those who wait are told by settle, see there
	cause  error // ErrCancelled unless set
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
	f.cancelled = true
	e.tally().cancelled.Add(1)
	tx.later(func() { f.ctx.end(cause) })
	f.err = cause
	if how.revert {
		back := *f.revert
		tx.restore(e, back.atRest())
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
			f.done.open()
		}
		if !tx.launch(tell) {
			tx.later(tell)
		}
	default:
		tx.later(f.done.open)
	}
}

// settle lets those who wait for a cancelled flight follow another one, or gives
// them the cancellation if next is nil.
func (tx *txn) settle(f, next *flight) {
	if f.next = next; next != nil {
		next.summon(f.witness)
	} else {
		tx.testify(f)
	}
	tx.later(f.done.open)
}

// keep has a reverted cancellation go back to the present state.
func (e *entry) keep() {
	if f := e.flight.Load(); f != nil {
		f.revert = e.state.Load()
	}
}
