package query

import (
	"context"
	"slices"
	"time"

	"github.com/freshet-go/freshet/querykey"
)

// Mutation says how something is changed at the server: V is what the change
// needs to know, R what the server answers. It is a plain value, like Query. Only
// Do is required.
type Mutation[V, R any] struct {
	// Key names the mutation for filters and defaults. Mutations are never
	// deduplicated by it.
	Key querykey.Key
	// Prepare completes the variables once, before anything else sees them: an
	// idempotency key belongs here, since attempts are repeated and a run may outlive
	// its process.
	Prepare func(v V) V
	// Do makes the change. Its context carries the caller's values and ends when
	// the client is closed, not when the caller gives up.
	Do func(ctx context.Context, v V) (R, error)
	// Scope lets mutations of one scope run one after the other, in the order in
	// which they were made. ScopeOf, if set, finds the scope by the variables.
	Scope   string
	ScopeOf func(v V) string
	// Policy says how it is retried.
	Policy MutationPolicy
	// Optimistic puts patches on what is on screen before the mutation runs; see
	// Patch.
	Optimistic func(tx *Tx, v V)
	// Invalidates says which queries the mutation makes stale. They are marked and
	// refetched once it succeeded, and once it failed, too, since nobody knows how
	// far it got.
	Invalidates func(v V) []Filter

	// OnMutate runs before the first attempt. What it returns is handed to the
	// other callbacks as mctx.
	OnMutate func(ctx context.Context, v V) (mctx any, err error)
	// OnSuccess, OnError and OnSettled run one after the other when the outcome is
	// known and before anybody is told. An error of OnSuccess, or of OnSettled
	// after it, makes the mutation fail; any other is only logged.
	OnSuccess func(ctx context.Context, r R, v V, mctx any) error
	OnError   func(ctx context.Context, err error, v V, mctx any) error
	OnSettled func(ctx context.Context, r R, err error, v V, mctx any) error
	// Meta is for callbacks and filters. It must not be changed.
	Meta map[string]any
}

// MutationPolicy says how mutations are run and kept. Zero fields inherit.
type MutationPolicy struct {
	// Retry decides about failed attempts. Default: NoRetry().
	Retry Retry
	// RetryDelay is the wait before the next attempt. Default:
	// Exponential(time.Second, 30*time.Second).
	RetryDelay RetryDelay
	// NetworkMode says whether the mutation waits for a network. Default:
	// NetworkOnline.
	NetworkMode NetworkMode
	// GCTime is how long a mutation that nobody observes is remembered. Default:
	// GCAfter(5 * time.Minute).
	GCTime GCTime
}

func (p MutationPolicy) over(base MutationPolicy) MutationPolicy {
	q := Policy{Retry: p.Retry, RetryDelay: p.RetryDelay, NetworkMode: p.NetworkMode, GCTime: p.GCTime}
	q = q.over(Policy{Retry: base.Retry, RetryDelay: base.RetryDelay, NetworkMode: base.NetworkMode, GCTime: base.GCTime})
	return MutationPolicy{Retry: q.Retry, RetryDelay: q.RetryDelay, NetworkMode: q.NetworkMode, GCTime: q.GCTime}
}

// MutationDefaults fill the gaps of mutations: those of one key prefix, or all
// of a client.
type MutationDefaults struct {
	Policy MutationPolicy
	// Do makes the change for mutations without Do of their own.
	Do func(ctx context.Context, m MutationInfo) (any, error)
	// Callbacks stand in for those that a mutation does not have.
	Callbacks MutationCallbacks
	Scope     string
	Meta      map[string]any
}

// MutationCallbacks are callbacks of mutations of any type. Where they are
// called around all mutations of a client, what OnMutate returns is ignored.
type MutationCallbacks struct {
	OnMutate  func(ctx context.Context, m MutationInfo) (mctx any, err error)
	OnSuccess func(ctx context.Context, m MutationInfo, data any) error
	OnError   func(ctx context.Context, m MutationInfo, err error) error
	OnSettled func(ctx context.Context, m MutationInfo, data any, err error) error
}

// MutationInfo is a look at one run of a mutation. Data and Context are nil
// until there are any.
type MutationInfo struct {
	ID    uint64 // 1, 2, 3… in the order in which they were made
	Key   querykey.Key
	Scope string
	Meta  map[string]any

	Status        Status
	Variables     any
	Data          any
	HasData       bool
	Err           error
	Context       any // what OnMutate returned
	FailureCount  int
	FailureReason error
	RetryAt       time.Time // when the next attempt is due
	IsPaused      bool      // waits for network, focus or its turn
	SubmittedAt   time.Time
}

// mutationOptions are a mutation without its types, with its defaults.
type mutationOptions struct {
	key         querykey.Key
	do          func(ctx context.Context, m MutationInfo) (any, error)
	scope       string
	prepare     func(v any) any
	scopeOf     func(v any) string
	policy      MutationPolicy
	optimistic  func(tx *Tx, v any)
	invalidates func(v any) []Filter
	callbacks   MutationCallbacks
	meta        map[string]any
}

// erase drops the types of m.
func (m Mutation[V, R]) erase() *mutationOptions {
	o := &mutationOptions{key: m.Key, scope: m.Scope, policy: m.Policy, meta: m.Meta}
	if m.Do != nil {
		o.do = func(ctx context.Context, i MutationInfo) (any, error) {
			v, ok := as[V](i.Variables)
			if !ok {
				return nil, ErrTypeMismatch
			}
			return m.Do(ctx, v)
		}
	}
	if m.Prepare != nil {
		o.prepare = func(v any) any { return m.Prepare(cast[V](v)) }
	}
	if m.ScopeOf != nil {
		o.scopeOf = func(v any) string { return m.ScopeOf(cast[V](v)) }
	}
	if m.Optimistic != nil {
		o.optimistic = func(tx *Tx, v any) { m.Optimistic(tx, cast[V](v)) }
	}
	if m.Invalidates != nil {
		o.invalidates = func(v any) []Filter { return m.Invalidates(cast[V](v)) }
	}
	m.eraseCallbacks(&o.callbacks)
	return o
}

func (m Mutation[V, R]) eraseCallbacks(cb *MutationCallbacks) {
	if m.OnMutate != nil {
		cb.OnMutate = func(ctx context.Context, i MutationInfo) (any, error) { return m.OnMutate(ctx, cast[V](i.Variables)) }
	}
	if m.OnSuccess != nil {
		cb.OnSuccess = func(ctx context.Context, i MutationInfo, data any) error {
			return m.OnSuccess(ctx, cast[R](data), cast[V](i.Variables), i.Context)
		}
	}
	if m.OnError != nil {
		cb.OnError = func(ctx context.Context, i MutationInfo, err error) error {
			return m.OnError(ctx, err, cast[V](i.Variables), i.Context)
		}
	}
	if m.OnSettled != nil {
		cb.OnSettled = func(ctx context.Context, i MutationInfo, data any, err error) error {
			return m.OnSettled(ctx, cast[R](data), err, cast[V](i.Variables), i.Context)
		}
	}
}

// resolveMutation returns o with its gaps filled from the defaults for its key.
func (c *Client) resolveMutation(o *mutationOptions) *mutationOptions {
	all := c.defaults.Load()
	if o.key.Len() > 0 {
		for _, p := range slices.Backward(all.byMutate) {
			if o.key.Matches(p.prefix) {
				o.fill(p.d)
			}
		}
	}
	o.fill(all.mutations)
	return o
}

func (o *mutationOptions) fill(d MutationDefaults) {
	o.policy = o.policy.over(d.Policy)
	if o.do == nil {
		o.do = d.Do
	}
	if o.scope == "" && o.scopeOf == nil {
		o.scope = d.Scope
	}
	if o.meta == nil {
		o.meta = d.Meta
	}
	o.callbacks = o.callbacks.over(d.Callbacks)
}

func (cb MutationCallbacks) over(base MutationCallbacks) MutationCallbacks {
	if cb.OnMutate == nil {
		cb.OnMutate = base.OnMutate
	}
	if cb.OnSuccess == nil {
		cb.OnSuccess = base.OnSuccess
	}
	if cb.OnError == nil {
		cb.OnError = base.OnError
	}
	if cb.OnSettled == nil {
		cb.OnSettled = base.OnSettled
	}
	return cb
}
