package query

import (
	"context"
	"errors"
	"sync"
)

// refetchable reports whether Refetch may fetch e at all: not what is disabled,
// never was fetched, or is static.
func (c *Client) refetchable(e *entry) bool {
	st, observers := e.state.Load(), c.observersOf(e)
	if len(observers) == 0 {
		return !e.opts.Load().skip && st.fetched()
	}
	enabled := false
	for _, o := range observers {
		opts, s := o.look()
		if st.hasData && opts.policy.StaleTime.resolve(c, s).kind == staleStatic {
			return false
		}
		enabled = enabled || opts.enabled(c, s)
	}
	return enabled
}

// Refetch fetches again what f chooses, except what is disabled, static or was
// never fetched. A fetch that has to pause is not waited for. The error is what
// the fetches failed with, or the cause of ctx, which bounds the wait only.
func (c *Client) Refetch(ctx context.Context, f Filter) error {
	if err := c.accepts(f); err != nil {
		return err
	}
	c.overtakenAll(f)
	return c.refetchInTurn(ctx, c.match(f), f)
}

func (c *Client) refetch(ctx context.Context, chosen []*entry, how RefetchOptions) error {
	mode := fetchMode{cancelRefetch: how.Cancel.or(true)}
	var flights []*flight
	for _, e := range chosen {
		if f, paused := c.refetchOne(e, mode); f != nil && !paused {
			flights = append(flights, f)
		}
	}
	if how.NoWait {
		return nil
	}
	return c.hear(ctx, flights, how)
}

// refetchOne fetches an entry that may still be fetched.
func (c *Client) refetchOne(e *entry, mode fetchMode) (f *flight, paused bool) {
	if !c.refetchable(e) {
		return nil, false
	}
	s := c.lent(e, e.opts.Load())
	if s.ok { // observers see the initial data before the fetch
		c.update(func(tx *txn) { tx.plant(e, s) })
	}
	c.update(func(tx *txn) {
		if !tx.closed && !e.removed() { // since it was chosen
			f = tx.fetch(e, nil, s, mode)
			paused = e.state.Load().fetchStatus == isPaused
		}
	})
	return f, paused
}

// hear is waitAll and what it takes until that is known.
func (c *Client) hear(ctx context.Context, flights []*flight, how RefetchOptions) error {
	err := waitAll(ctx, flights, how.FailFast)
	if len(flights) > 0 {
		c.sched.Yield(how.turns())
	}
	return err
}

// turns is what the outcome of a refetch takes to be heard of. An error that is not
// to end the wait is put aside in a turn of its own.
func (how RefetchOptions) turns() int {
	if how.FailFast {
		return 1
	}
	return 2
}

// waitAll waits for flights together.
func waitAll(ctx context.Context, flights []*flight, failFast bool) error {
	type outcome struct {
		f   *flight
		err error
	}
	if !failFast || len(flights) < 2 {
		var errs []error
		for _, f := range flights {
			_, err := f.wait(ctx)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			errs = append(errs, fetchError(ctx, f.e.key, err))
		}
		return errors.Join(errs...)
	}
	ctx, stop := context.WithCancel(ctx)
	var waits sync.WaitGroup
	defer waits.Wait()
	defer stop()
	outcomes := make(chan outcome, len(flights))
	for _, f := range flights {
		waits.Go(func() {
			_, err := f.wait(ctx)
			outcomes <- outcome{f, err}
		})
	}
	for range flights {
		if o := <-outcomes; o.err != nil {
			return fetchError(ctx, o.f.e.key, o.err)
		}
	}
	return nil
}

// Reset puts what f chooses back to its initial state and fetches again what of
// it is active. The error is as for Refetch.
func (c *Client) Reset(ctx context.Context, f Filter) error {
	if err := c.accepts(f); err != nil {
		return err
	}
	chosen := c.match(f)
	var ended []*flight
	c.update(func(tx *txn) {
		for _, e := range chosen {
			if e.removed() { // since it was chosen
				continue
			}
			tx.sched.Stop(&e.gc)
			if running := e.flight.Load(); running != nil {
				ended = append(ended, running)
				tx.cancel(running, cancelled{silent: true, defers: true})
			}
			tx.restore(e, *e.initial())
			if len(e.observers()) == 0 && !tx.quirks.UncollectedAfterReset {
				tx.scheduleGC(e)
			}
		}
	})
	var active []*entry
	for _, e := range chosen {
		if c.active(e) {
			active = append(active, e)
		}
	}
	wait := f.Refetch
	wait.NoWait = true
	_ = c.refetch(ctx, active, wait) // starts only
	c.update(func(tx *txn) {
		for _, old := range ended {
			tx.settle(old, old.e.flight.Load())
		}
	})
	if f.Refetch.NoWait {
		return nil
	}
	var flights []*flight
	c.update(func(*txn) {
		for _, e := range active {
			if running := e.flight.Load(); running != nil && e.state.Load().fetchStatus != isPaused {
				flights = append(flights, running)
			}
		}
	})
	return c.hear(ctx, flights, f.Refetch)
}
