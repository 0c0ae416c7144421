package query

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// MutationObserver shows the latest run of a mutation, for a button or a form.
// All methods may be called concurrently.
type MutationObserver[V, R any] struct{ o *mutationObserver }

type mutationObserver struct {
	c       *Client
	current atomic.Pointer[mutationState]

	// Guarded by the client's mutex.
	opts  *mutationOptions
	m     *mutation // the latest run
	subs  []*mailbox[mutationState]
	calls MutationCallbacks // of the latest run, see MutateCallbacks
}

var idleMutation = mutationState{status: StatusIdle}

// MutateCallbacks are callbacks of one run. They are called after those of the
// mutation, and only if the observer still shows that run and somebody subscribes:
// they are for what is on screen.
type MutateCallbacks[V, R any] struct {
	OnSuccess func(r R, v V, mctx any)
	OnError   func(err error, v V, mctx any)
	OnSettled func(r R, err error, v V, mctx any)
}

// ObserveMutation returns an observer of m that has not run it yet.
func ObserveMutation[V, R any](c *Client, m Mutation[V, R]) *MutationObserver[V, R] {
	o := &mutationObserver{c: c, opts: c.resolveMutation(m.erase())}
	o.current.Store(&idleMutation)
	c.update(o.tellOptions)
	return &MutationObserver[V, R]{o}
}

// Start runs the mutation with v and returns at once. The observer shows this
// run from now on; the one before goes on unseen.
func (o *MutationObserver[V, R]) Start(ctx context.Context, v V, on MutateCallbacks[V, R]) error {
	_, err := o.start(ctx, v, on)
	return err
}

// Mutate is Start that waits for the outcome, as the function Mutate does.
func (o *MutationObserver[V, R]) Mutate(ctx context.Context, v V, on MutateCallbacks[V, R]) (R, error) {
	m, err := o.start(ctx, v, on)
	if err != nil {
		var none R
		return none, err
	}
	return waitMutation[R](ctx, m)
}

func (o *MutationObserver[V, R]) start(ctx context.Context, v V, on MutateCallbacks[V, R]) (*mutation, error) {
	o.o.c.mu.Lock()
	opts := o.o.opts
	o.o.c.mu.Unlock()
	calls := on.erase()
	return o.o.c.startMutation(ctx, opts, v, func(tx *txn, m *mutation) { o.o.turn(tx, m, calls) })
}

func (on MutateCallbacks[V, R]) erase() (cb MutationCallbacks) {
	if on.OnSuccess != nil {
		cb.OnSuccess = func(_ context.Context, i MutationInfo, data any) error {
			on.OnSuccess(cast[R](data), cast[V](i.Variables), i.Context)
			return nil
		}
	}
	if on.OnError != nil {
		cb.OnError = func(_ context.Context, i MutationInfo, err error) error {
			on.OnError(err, cast[V](i.Variables), i.Context)
			return nil
		}
	}
	if on.OnSettled != nil {
		cb.OnSettled = func(_ context.Context, i MutationInfo, data any, err error) error {
			on.OnSettled(cast[R](data), err, cast[V](i.Variables), i.Context)
			return nil
		}
	}
	return cb
}

// turn makes the observer show the new mutation m, with the callbacks of the call
// that made it.
func (o *mutationObserver) turn(tx *txn, m *mutation, calls MutationCallbacks) {
	o.leave(tx)
	tx.mutations.add(tx, m)
	o.m, o.calls = m, calls
	o.join(tx)
}

func (o *mutationObserver) join(tx *txn) {
	if !slices.Contains(o.m.observers, o) {
		o.m.observers = append(slices.Clip(o.m.observers), o)
		o.m.gcTimer.Stop()
		tx.tellMutation(EventObserverAdded, o.m, nil)
	}
}

func (o *mutationObserver) leave(tx *txn) {
	if o.m == nil {
		return
	}
	o.m.observers = slices.DeleteFunc(slices.Clone(o.m.observers), func(x *mutationObserver) bool { return x == o })
	if slices.Contains(tx.mutations.all, o.m) {
		tx.mutations.scheduleGC(tx, o.m)
	}
	tx.tellMutation(EventObserverRemoved, o.m, nil)
}

// updated is told of every change of a mutation that is observed.
func (o *mutationObserver) updated(tx *txn, m *mutation, s *mutationState, a mutationAction) {
	o.current.Store(s)
	cb, watched := o.calls, len(o.subs) > 0
	for _, box := range o.subs {
		box.put(s)
	}
	if !watched {
		return
	}
	i := m.info()
	switch a := a.(type) {
	case successAction:
		tx.later(func() {
			m.tell(func() error { return cb.success(o.c.life, i, a.data) })
			m.tell(func() error { return cb.settled(o.c.life, i, a.data, nil) })
		})
	case errorAction:
		tx.later(func() {
			m.tell(func() error { return cb.failure(o.c.life, i, a.err) })
			m.tell(func() error { return cb.settled(o.c.life, i, nil, a.err) })
		})
	}
}

// Current returns the latest run's state. It takes no lock.
func (o *MutationObserver[V, R]) Current() MutationResult[V, R] {
	return MutationResult[V, R]{o.o.current.Load()}
}

// Subscribe calls f with the state after each change, until stop is called;
// calls are conflated as for Observer.Subscribe. While nobody subscribes the run
// that is shown may be forgotten.
func (o *MutationObserver[V, R]) Subscribe(f func(MutationResult[V, R])) (stop func()) {
	if f == nil {
		o.o.c.report("Subscribe", ErrNilCallback)
		return func() {}
	}
	m := newMailbox(o.o.c, func(s *mutationState) { f(MutationResult[V, R]{s}) })
	o.o.subscribe(m)
	return func() { o.o.unsubscribe(m) }
}

func (o *mutationObserver) subscribe(m *mailbox[mutationState]) {
	o.c.update(func(tx *txn) {
		if tx.closed {
			m.end()
			return
		}
		o.subs = append(o.subs, m)
		if len(o.subs) == 1 && o.m != nil {
			o.join(tx)
			o.current.Store(o.m.state.Load())
		}
	})
}

func (o *mutationObserver) unsubscribe(m *mailbox[mutationState]) {
	o.c.update(func(tx *txn) {
		m.end()
		i := slices.Index(o.subs, m)
		if i < 0 {
			return
		}
		o.subs = slices.Concat(o.subs[:i], o.subs[i+1:])
		if len(o.subs) == 0 {
			o.leave(tx)
		}
	})
}

func (o *mutationObserver) closeLocked() {
	for _, m := range o.subs {
		m.end()
	}
	o.subs = nil
}

// Reset lets the observer forget the run it shows, which goes on unseen.
func (o *MutationObserver[V, R]) Reset() { o.o.c.update(o.o.reset) }

func (o *mutationObserver) reset(tx *txn) {
	o.leave(tx)
	o.m = nil
	o.current.Store(&idleMutation)
	for _, m := range o.subs {
		m.put(&idleMutation)
	}
}

// SetMutation changes the mutation that the next run uses. A run that is pending
// gets the new callbacks and function, too; one with another key is forgotten, as
// by Reset.
func (o *MutationObserver[V, R]) SetMutation(m Mutation[V, R]) {
	opts := o.o.c.resolveMutation(m.erase())
	o.o.c.mu.Lock()
	run := o.o.m
	o.o.c.mu.Unlock()
	forRun := opts
	if run != nil {
		forRun = o.o.c.scoped(opts, run.vars)
	}
	o.o.c.update(func(tx *txn) {
		before := o.o.opts
		o.o.opts = opts
		o.o.tellOptions(tx)
		switch {
		case before.key.Len() > 0 && opts.key.Len() > 0 && before.key != opts.key:
			o.o.reset(tx)
		case run != nil && o.o.m == run && run.state.Load().status == StatusPending:
			run.opts.Store(forRun)
			run.gcTime = run.gcTime.longer(opts.policy.GCTime.orDefault())
		}
	})
}

// MutationResult is the state of one run of a mutation. It does not change.
type MutationResult[V, R any] struct{ s *mutationState }

func (r MutationResult[V, R]) get() *mutationState {
	if r.s == nil {
		return &idleMutation
	}
	return r.s
}

// Status returns idle, pending, success or error.
func (r MutationResult[V, R]) Status() Status { return r.get().status }

// Data returns the server's answer, or the zero R.
func (r MutationResult[V, R]) Data() R { return cast[R](r.get().data) }

// HasData reports whether the mutation succeeded.
func (r MutationResult[V, R]) HasData() bool { return r.get().hasData }

// Err returns why the mutation failed.
func (r MutationResult[V, R]) Err() error { return r.get().err }

// Variables returns what the mutation was run with, or the zero V.
func (r MutationResult[V, R]) Variables() V { return cast[V](r.get().variables) }

// HasVariables reports whether the mutation was run at all.
func (r MutationResult[V, R]) HasVariables() bool { return r.get().hasVars }

// FailureCount returns how many attempts have failed.
func (r MutationResult[V, R]) FailureCount() int { return r.get().failureCount }

// FailureReason returns the latest failure.
func (r MutationResult[V, R]) FailureReason() error { return r.get().failureReason }

// RetryAt returns when the next attempt was due at the last failure, zero if
// none was. It may be past: then that attempt runs.
func (r MutationResult[V, R]) RetryAt() time.Time { return r.get().retryAt }

// SubmittedAt returns when the mutation was started, zero if never.
func (r MutationResult[V, R]) SubmittedAt() time.Time { return r.get().submittedAt }

// IsIdle reports whether the mutation was not run yet, or was reset.
func (r MutationResult[V, R]) IsIdle() bool { return r.Status() == StatusIdle }

// IsPending reports whether the mutation is on its way, or waits.
func (r MutationResult[V, R]) IsPending() bool { return r.Status() == StatusPending }

// IsPaused reports whether it waits for network, focus or its turn.
func (r MutationResult[V, R]) IsPaused() bool { return r.get().paused }

// IsSuccess reports whether it succeeded.
func (r MutationResult[V, R]) IsSuccess() bool { return r.Status() == StatusSuccess }

// IsError reports whether it failed.
func (r MutationResult[V, R]) IsError() bool { return r.Status() == StatusError }
