package query

import (
	"time"

	"github.com/freshet-go/freshet/internal/adapt"
	"github.com/freshet-go/freshet/internal/sched"
)

// Toggle is a switch that can also be left alone: the zero Toggle means inherit
// in a policy and any in a filter.
type Toggle uint8

// The positions of a Toggle.
const (
	On Toggle = iota + 1
	Off
)

// or returns whether t is On, with fallback for a toggle left alone.
func (t Toggle) or(fallback bool) bool {
	if t == 0 {
		return fallback
	}
	return t == On
}

// EnabledPolicy is On, Off or an EnabledFunc.
type EnabledPolicy interface {
	enabled(c *Client, s State[any]) bool
}

func (t Toggle) enabled(*Client, State[any]) bool { return t != Off }

func (t Toggle) retriesOnMount(*Client, State[any]) bool { return t != Off }

type enabledFunc func(State[any]) bool

func (f enabledFunc) enabled(c *Client, s State[any]) bool {
	return ask(c, "Enabled", true, func() bool { return f(s) })
}

// EnabledFunc enables a query by its state. It is asked whenever the query
// changes or its options are set, must be quick and must not use the client.
func EnabledFunc[T any](f func(State[T]) bool) EnabledPolicy {
	if f == nil {
		return nil
	}
	return enabledFunc(func(s State[any]) bool { return f(retype[T](s)) })
}

// clampDelay gives a negative duration the meaning of zero and cuts one that no
// clock reaches.
func clampDelay(d time.Duration) time.Duration { return min(max(d, 0), sched.Forever) }

type staleKind uint8

const (
	staleInherit staleKind = iota
	staleAfter
	staleNever
	staleStatic
	staleFunc
)

// StaleTime is how long data count as fresh. The zero StaleTime means inherit.
type StaleTime struct {
	kind staleKind
	d    time.Duration
	f    func(State[any]) StaleTime
}

// StaleAfter makes data stale d after they were fetched or written. A negative
// d is zero: stale at once.
func StaleAfter(d time.Duration) StaleTime { return StaleTime{kind: staleAfter, d: clampDelay(d)} }

// StaleNever keeps data fresh until they are invalidated.
func StaleNever() StaleTime { return StaleTime{kind: staleNever} }

// StaleStatic keeps data fresh for good: even invalidated they are not
// refetched, except by the refetch interval and by an observer's Refetch.
func StaleStatic() StaleTime { return StaleTime{kind: staleStatic} }

// StaleFunc chooses the stale time by the state. It must be quick and must not
// use the client.
func StaleFunc[T any](f func(State[T]) StaleTime) StaleTime {
	if f == nil {
		return StaleTime{}
	}
	return StaleTime{kind: staleFunc, f: func(s State[any]) StaleTime { return f(retype[T](s)) }}
}

// resolve asks a function value. The result is never a function; one that says
// nothing means stale at once.
func (t StaleTime) resolve(c *Client, s State[any]) StaleTime {
	if t.kind == staleFunc {
		t = ask(c, "StaleTime", StaleTime{}, func() StaleTime { return t.f(s) })
	}
	if t.kind == staleFunc || t.kind == staleInherit {
		return StaleTime{}
	}
	return t
}

type gcKind uint8

const (
	gcInherit gcKind = iota
	gcAfter
	gcNever
)

// GCTime is how long data that nobody observes are kept. The zero GCTime means
// inherit.
type GCTime struct {
	kind gcKind
	d    time.Duration
}

const defaultGCTime = 5 * time.Minute

// GCAfter drops an entry d after its last observer left, its last fetch ended,
// or it was made, whichever is last. A negative d is zero: as soon as possible. With
// hundreds of entries on the system clock it may take up to a fiftieth of d
// longer, 100 ms at most, so that many go together.
func GCAfter(d time.Duration) GCTime { return GCTime{kind: gcAfter, d: clampDelay(d)} }

// GCNever keeps an entry until it is removed.
func GCNever() GCTime { return GCTime{kind: gcNever} }

func (g GCTime) orDefault() GCTime {
	if g.kind == gcInherit {
		return GCAfter(defaultGCTime)
	}
	return g
}

// longer returns the longer of two times; never is the longest.
func (g GCTime) longer(h GCTime) GCTime {
	if g.kind == gcNever || h.kind == gcInherit {
		return g
	}
	if g.kind == gcInherit || h.kind == gcNever || h.d > g.d {
		return h
	}
	return g
}

type intervalKind uint8

const (
	intervalInherit intervalKind = iota
	intervalOff
	intervalEvery
	intervalFunc
)

// RefetchInterval polls an observed query. The zero RefetchInterval means
// inherit. The interval counts from the last change of the query, so that with
// slow answers the period is the interval plus the duration of the fetch.
type RefetchInterval struct {
	kind intervalKind
	d    time.Duration
	f    func(State[any]) time.Duration
	law  *adapt.Law // of a function that is one; never changed
}

// Every polls each d. A d of zero or less turns polling off. With hundreds of keys
// polled on the system clock a poll may come up to a fiftieth of d sooner, 100 ms
// at most, so that many share a wake-up.
func Every(d time.Duration) RefetchInterval {
	if d <= 0 {
		return NoInterval()
	}
	return RefetchInterval{kind: intervalEvery, d: clampDelay(d)}
}

// NoInterval turns polling off.
func NoInterval() RefetchInterval { return RefetchInterval{kind: intervalOff} }

// EveryFunc chooses the interval by the state, anew after each of its changes;
// zero or less means off for now. It must be quick and must not use the client.
func EveryFunc[T any](f func(State[T]) time.Duration) RefetchInterval {
	if f == nil {
		return RefetchInterval{}
	}
	return RefetchInterval{kind: intervalFunc, f: func(s State[any]) time.Duration { return f(retype[T](s)) }}
}

// resolve returns the interval, zero for none.
func (i RefetchInterval) resolve(c *Client, s State[any]) time.Duration {
	switch i.kind {
	case intervalEvery:
		return i.d
	case intervalFunc:
		return clampDelay(ask(c, "RefetchInterval", 0, func() time.Duration { return i.f(s) }))
	default:
		return 0
	}
}

// RefetchPolicy is IfStale, Always, Never or a RefetchFunc.
type RefetchPolicy interface {
	mode(c *Client, s State[any]) RefetchMode
}

// RefetchMode says when an occasion to refetch is taken.
type RefetchMode uint8

// The modes of refetching. None of them applies to disabled queries or static
// data.
const (
	IfStale RefetchMode = iota // when the data are stale
	Always                     // even when they are fresh
	Never
)

func (m RefetchMode) mode(*Client, State[any]) RefetchMode { return m }

type refetchFunc func(State[any]) RefetchMode

func (f refetchFunc) mode(c *Client, s State[any]) RefetchMode {
	return ask(c, "RefetchFunc", IfStale, func() RefetchMode { return f(s) })
}

// RefetchFunc chooses by the state. It must be quick and must not use the
// client.
func RefetchFunc[T any](f func(State[T]) RefetchMode) RefetchPolicy {
	if f == nil {
		return nil
	}
	return refetchFunc(func(s State[any]) RefetchMode { return f(retype[T](s)) })
}

// RetryOnMountPolicy is On, Off or a RetryOnMountFunc.
type RetryOnMountPolicy interface {
	retriesOnMount(c *Client, s State[any]) bool
}

type retryOnMountFunc func(State[any]) bool

func (f retryOnMountFunc) retriesOnMount(c *Client, s State[any]) bool {
	return ask(c, "RetryOnMount", true, func() bool { return f(s) })
}

// RetryOnMountFunc decides by the state of a query that failed without data:
// State.Err, for one, may say that there is no point in another attempt. It must
// be quick and must not use the client.
func RetryOnMountFunc[T any](f func(State[T]) bool) RetryOnMountPolicy {
	if f == nil {
		return nil
	}
	return retryOnMountFunc(func(s State[any]) bool { return f(retype[T](s)) })
}

type retryKind uint8

const (
	retryInherit retryKind = iota
	retryTimes
	retryForever
	retryFunc
)

// Retry decides whether a failed attempt is followed by another. The zero Retry
// means inherit.
type Retry struct {
	kind retryKind
	n    int
	f    func(n int, err error) bool
}

// Retries allows n attempts after the first. A negative n is zero.
func Retries(n int) Retry { return Retry{kind: retryTimes, n: max(n, 0)} }

// NoRetry lets the first failure be final.
func NoRetry() Retry { return Retry{kind: retryTimes} }

// RetryForever retries until an attempt succeeds or the query is cancelled.
func RetryForever() Retry { return Retry{kind: retryForever} }

// RetryFunc decides by the number of the failure, counted from zero, and its
// error.
func RetryFunc(f func(n int, err error) bool) Retry {
	if f == nil {
		return Retry{}
	}
	return Retry{kind: retryFunc, f: f}
}

func (r Retry) or(fallback Retry) Retry {
	if r.kind == retryInherit {
		return fallback
	}
	return r
}

// again decides about failure number n, counted from zero.
func (r Retry) again(c *Client, n int, err error) bool {
	switch r.kind {
	case retryTimes:
		return n < r.n
	case retryForever:
		return true
	case retryFunc:
		return ask(c, "Retry", false, func() bool { return r.f(n, err) })
	default:
		return false
	}
}

type delayKind uint8

const (
	delayInherit delayKind = iota
	delayConstant
	delayExponential
	delayFunc
)

// RetryDelay is the wait before the next attempt. The zero RetryDelay means
// inherit.
type RetryDelay struct {
	kind      delayKind
	base, top time.Duration
	f         func(n int, err error) time.Duration
}

// ConstantDelay waits d before each attempt. A negative d is zero.
func ConstantDelay(d time.Duration) RetryDelay {
	return RetryDelay{kind: delayConstant, base: clampDelay(d)}
}

// Exponential waits base, twice base, four times base and so on, at most top.
func Exponential(base, top time.Duration) RetryDelay {
	return RetryDelay{kind: delayExponential, base: clampDelay(base), top: clampDelay(top)}
}

// DelayFunc computes the wait from the number of the failure, counted from zero,
// and its error. A negative result is zero.
func DelayFunc(f func(n int, err error) time.Duration) RetryDelay {
	if f == nil {
		return RetryDelay{}
	}
	return RetryDelay{kind: delayFunc, f: f}
}

// after returns the wait after failure number n, counted from zero.
func (r RetryDelay) after(c *Client, n int, err error) time.Duration {
	switch r.kind {
	case delayConstant:
		return r.base
	case delayExponential:
		return adapt.Doubled(r.base, n, r.top)
	case delayFunc:
		return clampDelay(ask(c, "RetryDelay", 0, func() time.Duration { return r.f(n, err) }))
	default:
		return adapt.Doubled(time.Second, n, 30*time.Second)
	}
}

// NetworkMode says what waits for the network.
type NetworkMode uint8

// The network modes; the zero NetworkMode means inherit.
const (
	NetworkOnline       NetworkMode = iota + 1 // every attempt needs a connection
	NetworkAlways                              // none does
	NetworkOfflineFirst                        // the first attempt does not, retries do
)
