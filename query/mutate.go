package query

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/internal/retry"
	"github.com/freshet-go/freshet/internal/sched"
)

// mutation is one run of a Mutation: what the mutation cache holds.
type mutation struct {
	c    *Client
	id   uint64
	vars any
	ctx  context.Context //nolint:containedctx // values of the caller, life of the client
	end  context.CancelFunc

	opts  atomic.Pointer[mutationOptions] // an observer may change them on the way
	state atomic.Pointer[mutationState]

	patches []*patch // set before the goroutine starts, used by it alone

	// Guarded by the client's mutex.
	observers []*mutationObserver
	gcTime    GCTime
	gcTimer   *sched.Timer
	wake      chan struct{} // not nil while paused in the attempt loop
	first     bool          // paused before the first attempt
	rank      int           // how many go first that went on when it did
	policy    MutationPolicy
	cleared   bool         // no longer in the cache
	waiting   [2]followers // for the attempts: since before they began, and since
	begun     bool         // the attempts have
	impatient []*clock.Timer
	hangs     bool // they wait forever, by Quirks.HangingResume
	restored  bool // came with a snapshot and needs no preparation
	going     bool // a restored mutation has its goroutine

	tried chan struct{} // closed once the attempts are over, before what comes after
	done  chan struct{} // closed once data and err are final
	data  any
	err   error
}

// Mutate runs m with the variables v and returns the server's answer. Runs are
// never shared. ctx bounds the wait and carries values: once it is done Mutate
// returns its cause, and the mutation goes on. A mutation that must wait, for the
// network or for its scope, is paused meanwhile. The error is that of m.Do or of
// a callback.
func Mutate[V, R any](ctx context.Context, c *Client, m Mutation[V, R], v V) (R, error) {
	var none R
	run, err := c.startMutation(ctx, c.resolveMutation(m.erase()), v, nil)
	if err != nil {
		return none, err
	}
	return waitMutation[R](ctx, run)
}

func waitMutation[R any](ctx context.Context, run *mutation) (R, error) {
	select {
	case <-run.done:
		return cast[R](run.data), run.err
	case <-ctx.Done():
		var none R
		return none, context.Cause(ctx)
	}
}

// startMutation makes a mutation, adds it to the cache, shows its patches, and
// sets it going. A nil add is the cache's own.
func (c *Client) startMutation(ctx context.Context, o *mutationOptions, v any, add func(*txn, *mutation)) (*mutation, error) {
	if err := o.key.Err(); err != nil {
		return nil, err
	}
	if o.prepare != nil {
		err := protect(func() error {
			v = o.prepare(v)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	m := c.newMutation(ctx, o, v)
	var err error
	c.update(func(tx *txn) {
		if tx.closed {
			err = ErrClosed
			return
		}
		if add == nil {
			add = tx.mutations.add
		}
		add(tx, m)
		tx.mutate(m, submitAction{variables: v, paused: !tx.mayMutate(m, true), at: tx.sched.Now()})
	})
	if err != nil {
		m.end()
		return nil, err
	}
	m.patches = c.patchesOf(o, v)
	c.apply(m.patches)
	c.update(func(tx *txn) {
		if !tx.launch(m.run) {
			m.err = ErrClosed
			m.end()
			close(m.done)
		}
	})
	return m, nil
}

func (c *Client) newMutation(ctx context.Context, o *mutationOptions, v any) *mutation {
	m := &mutation{c: c, vars: v, policy: o.policy, tried: make(chan struct{}), done: make(chan struct{})}
	m.opts.Store(c.scoped(o, v))
	m.state.Store(&idleMutation)
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	release := context.AfterFunc(c.life, func() { cancel(ErrClosed) })
	m.ctx, m.end = ctx, func() { release(); cancel(nil) }
	return m
}

// scoped is o with the scope that the variables v put it into.
func (c *Client) scoped(o *mutationOptions, v any) *mutationOptions {
	if o.scopeOf == nil {
		return o
	}
	found := *o
	found.scope = ask(c, "ScopeOf", o.scope, func() string { return o.scopeOf(v) })
	return &found
}

// scope is the mutation's scope, empty for none. Like all options it may change
// on the way.
func (m *mutation) scope() string { return m.opts.Load().scope }

// mutate moves a mutation to its next state and tells its observers.
func (tx *txn) mutate(m *mutation, a mutationAction) {
	s := reduceMutation(m.state.Load(), a)
	m.state.Store(s)
	for _, o := range m.observers {
		o.updated(tx, m, s, a)
	}
	tx.tellMutation(EventUpdated, m, a)
}

// info shows the mutation's present state.
func (m *mutation) info() MutationInfo {
	s, o := m.state.Load(), m.opts.Load()
	return MutationInfo{
		ID: m.id, Key: o.key, Scope: o.scope, Meta: o.meta,
		Status: s.status, Variables: cast[any](s.variables), Data: cast[any](s.data), HasData: s.hasData, Err: s.err,
		Context: cast[any](s.context), FailureCount: s.failureCount, FailureReason: s.failureReason,
		RetryAt: m.c.ahead(s.retryAt), IsPaused: s.paused, SubmittedAt: s.submittedAt,
	}
}

// run is the mutation's goroutine: before, the attempts, after.
func (m *mutation) run() {
	defer m.end()
	var data any
	err := errGoexit() // unless it gets to its end
	defer func() { m.settle(data, err) }()
	var answer any
	failure := m.prepare()
	begun := failure == nil
	if begun {
		if answer, failure = m.attempts(); failure != nil {
			m.c.sched.Yield(1) // until that is known
		}
	}
	if !m.restored { // whoever resumed a restored one waits for all of it
		m.over(begun)
	}
	m.lift(failure == nil)
	if failure == nil {
		failure = m.succeed(answer)
	}
	heard := true
	if failure != nil {
		answer = nil
		heard = m.failed(failure)
	}
	if heard { // of the last callback, whose failure is known at once
		m.c.sched.Yield(1)
	}
	data, err = answer, failure
}

// lift takes the mutation's patches off, keeping their effect if bake.
func (m *mutation) lift(bake bool) {
	m.c.lift(m.patches, bake)
	m.patches = nil
}

// settle makes the outcome known.
func (m *mutation) settle(data any, err error) {
	m.lift(false) // if they are still there
	m.c.update(func(tx *txn) {
		if err == nil {
			tx.mutate(m, successAction{data: data})
		} else {
			tx.mutate(m, errorAction{err: err, at: tx.sched.Now()})
		}
		tx.mutations.settled(tx, m)
	})
	m.over(true)
	m.concludeAll()
	m.data, m.err = data, err
	close(m.done)
}

// line lets those go first that go on at the same moment and are older.
func (m *mutation) line() {
	for range m.rank {
		m.c.sched.Trail(0)
	}
}

// prepare calls what comes before the first attempt. A restored mutation has
// been through it before.
func (m *mutation) prepare() error {
	if m.restored {
		m.line()
		m.c.update(func(tx *txn) { tx.mutate(m, continueAction{}) })
		return nil
	}
	if f := m.c.onMutate.OnMutate; f != nil {
		if err := protect(func() error { _, err := f(m.ctx, m.info()); return err }); err != nil {
			return err
		}
	}
	var mctx any
	if f := m.opts.Load().callbacks.OnMutate; f != nil {
		err := protect(func() (err error) { mctx, err = f(m.ctx, m.info()); return err })
		if err != nil {
			return err
		}
	}
	m.c.update(func(tx *txn) {
		if mctx != nil {
			s := m.state.Load()
			tx.mutate(m, submitAction{variables: s.variables, context: mctx, paused: s.paused, at: tx.sched.Now()})
		}
		if m.state.Load().paused && tx.mayMutate(m, true) {
			tx.mutate(m, continueAction{})
		}
	})
	return nil
}

// attempts is the attempt loop.
func (m *mutation) attempts() (any, error) {
	c, p := m.c, m.policy
	c.update(func(*txn) { m.begun = true })
	return retry.Run(m.ctx, c.sched, retry.Plan{
		Gate: m.gate,
		Attempt: func(ctx context.Context) (data any, err error) {
			o := m.opts.Load()
			if o.do == nil {
				c.sched.Yield(2) // a function that fails would have taken its turn, too
				return nil, ErrNoMutationFunc
			}
			err = protect(func() (err error) { data, err = o.do(ctx, m.info()); return err })
			return data, err
		},
		Delay: func(n int, err error) time.Duration { return p.RetryDelay.after(c, n, err) },
		Again: func(n int, err error) bool { return p.Retry.again(c, n, err) },
		Failed: func(n int, err error, delay time.Duration) {
			c.update(func(tx *txn) {
				tx.mutate(m, failedAction{count: n, err: err, retryAt: tx.sched.Now().Add(delay)})
			})
		},
		Disabled: func() bool { return false },
	})
}

// mayMutate reports whether an attempt of m may begin: network, focus and its
// turn in the scope. One that was cleared has no turn and waits for none.
func (tx *txn) mayMutate(m *mutation, first bool) bool {
	free := m.cleared && !tx.quirks.StrandedMutations
	return tx.mayRun(m.policy.NetworkMode, first) && (free || tx.mutations.turnOf(m))
}

func (m *mutation) gate(ctx context.Context, first bool) error {
	var wake chan struct{}
	m.c.update(func(tx *txn) {
		if tx.mayMutate(m, first) {
			return
		}
		wake = make(chan struct{})
		m.wake, m.first = wake, first
		tx.mutate(m, pauseAction{})
	})
	if wake == nil {
		return context.Cause(ctx)
	}
	select {
	case <-wake:
		m.line()
		return nil
	case <-ctx.Done():
		return ErrClosed
	}
}

// resumeMutation lets a paused mutation go on if it may, and a restored one
// begin. Rank is how many are to go on before it at this moment.
func (tx *txn) resumeMutation(m *mutation, rank int) {
	if m.restored && !m.going && m.state.Load().status == StatusPending {
		m.rank = rank
		m.going = tx.launch(m.run)
		return
	}
	if m.wake != nil && tx.mayMutate(m, m.first) {
		tx.mutate(m, continueAction{})
		m.rank = rank
		close(m.wake)
		m.wake = nil
	}
}

// own are the callbacks of the mutation itself, as they are now.
func (m *mutation) own() MutationCallbacks { return m.opts.Load().callbacks }

// succeed calls what comes after success. Its error turns success into failure.
func (m *mutation) succeed(data any) error {
	i, all := m.info(), m.c.onMutate
	return m.firstError(
		func() error { return all.success(m.ctx, i, data) },
		func() error { return m.own().success(m.ctx, i, data) },
		func() error { m.invalidate(); return all.settled(m.ctx, i, data, nil) },
		func() error { return m.own().settled(m.ctx, i, data, nil) },
	)
}

// failed calls what comes after failure. Nothing in it can make it worse; ok is
// whether the last callback succeeded.
func (m *mutation) failed(err error) (ok bool) {
	i, all := m.info(), m.c.onMutate
	m.tell(func() error { return all.failure(m.ctx, i, err) })
	m.tell(func() error { return m.own().failure(m.ctx, i, err) })
	m.invalidate()
	m.tell(func() error { return all.settled(m.ctx, i, nil, err) })
	return m.tell(func() error { return m.own().settled(m.ctx, i, nil, err) })
}

// tell calls a callback whose failure changes nothing but the answer.
func (m *mutation) tell(f func() error) (ok bool) {
	err := protect(f)
	if err != nil {
		m.c.report("mutation callback", err)
	}
	return err == nil
}

// firstError calls callbacks until one fails.
func (m *mutation) firstError(callbacks ...func() error) error {
	for _, f := range callbacks {
		if err := protect(f); err != nil {
			return err
		}
	}
	return nil
}

// invalidate marks what the mutation made stale and starts to refetch it.
func (m *mutation) invalidate() {
	o := m.opts.Load()
	if o.invalidates == nil {
		return
	}
	for _, f := range ask(m.c, "Invalidates", nil, func() []Filter { return o.invalidates(m.vars) }) {
		f.Refetch.NoWait = true
		if err := m.c.Invalidate(m.ctx, f); err != nil {
			m.c.report("Invalidates", err)
		}
	}
}

// The callbacks of mutations may be absent.

func (cb MutationCallbacks) success(ctx context.Context, i MutationInfo, data any) error {
	if cb.OnSuccess == nil {
		return nil
	}
	return cb.OnSuccess(ctx, i, data)
}

func (cb MutationCallbacks) failure(ctx context.Context, i MutationInfo, err error) error {
	if cb.OnError == nil {
		return nil
	}
	return cb.OnError(ctx, i, err)
}

func (cb MutationCallbacks) settled(ctx context.Context, i MutationInfo, data any, err error) error {
	if cb.OnSettled == nil {
		return nil
	}
	return cb.OnSettled(ctx, i, data, err)
}
