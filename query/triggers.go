package query

import "time"

// This file holds the occasions on which a query fetches by itself. Each asks
// policies first, without lock, and acts then.

// look returns what a decision about the observer is made from.
func (o *observer) look() (*options, State[any]) {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	return o.opts, o.e.view()
}

// isStale reports whether s is stale in the eyes of o.
func (c *Client) isStale(o *options, s State[any]) bool {
	return o.enabled(c, s) && s.get().staleAfter(o.policy.StaleTime.resolve(c, s), c.sched.Now())
}

// tooOld is staleAfter as of now. It looks at the clock only if it has to: else now
// is zero, or that of a while ago.
func (c *Client) tooOld(s *state, t StaleTime) (now time.Time, old bool) {
	if !s.hasData || s.invalidated || t.kind != staleAfter {
		return now, s.staleAfter(t, now) // whatever the time
	}
	now, fresh := c.sched.Before(s.dataUpdatedAt.Add(t.d))
	return now, !fresh
}

// wants reports whether an occasion governed by p is to be taken.
func (c *Client) wants(o *options, s State[any], p RefetchPolicy) bool {
	stale := o.policy.StaleTime.resolve(c, s)
	if !o.enabled(c, s) || stale.kind == staleStatic {
		return false
	}
	mode := IfStale
	if p != nil {
		mode = p.mode(c, s)
	}
	return mode == Always || mode == IfStale && s.get().staleAfter(stale, c.sched.Now())
}

// wantsOnMount decides when the first subscriber comes.
func (o *observer) wantsOnMount() bool {
	opts, s := o.look()
	if s.get().hasData {
		return o.c.wants(opts, s, opts.policy.RefetchOnMount)
	}
	if !opts.enabled(o.c, s) {
		return false
	}
	again := opts.policy.RetryOnMount
	return s.Status() != StatusError || again == nil || again.retriesOnMount(o.c, s)
}

// wantsAfterChange decides when the options of an observer in use change.
func (o *observer) wantsAfterChange(before *options, switched bool) bool {
	opts, s := o.look()
	return (switched || !before.enabled(o.c, s)) && o.c.isStale(opts, s)
}

// signalled starts react when a signal of a mounted client has become true.
func (c *Client) signalled(v bool, react func()) {
	if !v {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mounts > 0 {
		c.goLocked(react)
	}
}

// refetchObserved lets, for each entry, the first observer fetch that wants to
// by the policy it has for the occasion. What is paused goes on when resume is
// called.
func (c *Client) refetchObserved(policy func(*options) RefetchPolicy) (resume func()) {
	var paused []*flight
	for _, e := range c.match(Filter{}) {
		if o := c.firstWilling(e, policy); o != nil {
			o.fetch(fetchMode{}, &witness{o: o})
		}
		c.update(func(*txn) {
			if f := e.flight.Load(); f != nil && f.wake != nil {
				paused = append(paused, f)
			}
		})
	}
	return func() {
		for _, f := range paused {
			c.update(func(tx *txn) { tx.resume(f) })
		}
	}
}

func (c *Client) firstWilling(e *entry, policy func(*options) RefetchPolicy) *observer {
	for _, o := range c.observersOf(e) {
		opts, s := o.look()
		if c.wants(opts, s, policy(opts)) {
			return o
		}
	}
	return nil
}

func (c *Client) observersOf(e *entry) []*observer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return e.observers()
}

// networkAllows reports whether the mode lets an attempt run now; first tells
// the first attempt from later ones.
func (c *Client) networkAllows(m NetworkMode, first bool) bool {
	switch m {
	case NetworkAlways:
		return true
	case NetworkOfflineFirst:
		return first || c.online.Get()
	default:
		return c.online.Get()
	}
}

// mayRun reports whether an attempt may begin. A retry also waits for focus,
// whatever the network mode.
func (c *Client) mayRun(m NetworkMode, first bool) bool {
	return c.networkAllows(m, first) && (first || c.focus.Get())
}
