package query

import (
	"time"

	"github.com/freshet-go/freshet/querykey"
)

// Status says what a query has to show.
type Status string

// The statuses of a query. A mutation can also be idle.
const (
	StatusIdle    Status = "idle"    // a mutation that has not run yet
	StatusPending Status = "pending" // no data yet
	StatusSuccess Status = "success" // data, and the last fetch or write succeeded
	StatusError   Status = "error"   // the last fetch failed; older data may still be there
)

// FetchStatus says what a query is doing, whatever it has to show.
type FetchStatus string

// The fetch statuses of a query.
const (
	FetchIdle     FetchStatus = "idle"     // nothing is running
	FetchFetching FetchStatus = "fetching" // running, or waiting for the next attempt
	FetchPaused   FetchStatus = "paused"   // waiting for the network or for focus
)

// Direction says which end of an infinite query a fetch extends. It is empty
// for any other fetch.
type Direction string

// The directions of a page fetch.
const (
	Forward  Direction = "forward"
	Backward Direction = "backward"
)

// state is all an entry knows. It is never changed once it is stored: reduce
// makes the next one. What a hit needs comes first.
type state struct {
	data  any
	since int64  // see hit
	marks uint64 // see stateCell

	dataUpdatedAt time.Time
	*rare         // never nil

	dataUpdateCount uint32 // after the last number comes one
	hasData         bool
	invalidated     bool
	status          stance
	fetchStatus     doing
}

// rare is what most entries never have. Those share one, so that it is changed by
// with alone.
type rare struct {
	under *underlay // set while optimistic patches lie over the data

	err              error
	errorUpdateCount int
	errorUpdatedAt   time.Time

	failureCount  int
	failureReason error
	retryAt       time.Time // when the next attempt is due, zero unless backing off

	direction Direction
}

var nothingRare rare // never changed

// with is s with r instead of what it had.
func (s *state) with(r rare) state {
	next := *s
	if r.err == nil && r.failureReason == nil && r.under == nil && r.direction == "" &&
		r.errorUpdateCount == 0 && r.failureCount == 0 && r.errorUpdatedAt.IsZero() && r.retryAt.IsZero() {
		next.rare = &nothingRare
		return next
	}
	own := r // that r need not be on the heap
	next.rare = &own
	return next
}

// stance is a Status in a byte. No entry is idle.
type stance uint8

const (
	isPending stance = iota
	isSuccess
	isError
)

func stanceOf(s Status) stance {
	switch s {
	case StatusSuccess:
		return isSuccess
	case StatusError:
		return isError
	default:
		return isPending
	}
}

func (s stance) public() Status {
	switch s {
	case isSuccess:
		return StatusSuccess
	case isError:
		return StatusError
	default:
		return StatusPending
	}
}

// doing is a FetchStatus in a byte.
type doing uint8

const (
	isIdle doing = iota
	isFetching
	isPaused
)

func (d doing) public() FetchStatus {
	switch d {
	case isFetching:
		return FetchFetching
	case isPaused:
		return FetchPaused
	default:
		return FetchIdle
	}
}

// underlay keeps the data below the optimistic patches of an entry.
type underlay struct {
	data    any
	hasData bool
}

// base returns the data without optimistic patches.
func (s *state) base() (any, bool) {
	if s.under != nil {
		return s.under.data, s.under.hasData
	}
	return s.data, s.hasData
}

// fetched reports whether the entry has had a result or an error. Initial data
// do not count, written data do.
func (s *state) fetched() bool { return s.dataUpdateCount > 0 || s.errorUpdateCount > 0 }

// staleAfter reports whether the data are too old for t at the time now. The
// order of the tests is query-core's: absent data are stale even when static.
func (s *state) staleAfter(t StaleTime, now time.Time) bool {
	switch {
	case !s.hasData:
		return true
	case t.kind == staleStatic:
		return false
	case s.invalidated:
		return true
	case t.kind == staleNever:
		return false
	default:
		return !s.dataUpdatedAt.Add(t.d).After(now)
	}
}

// sameWrite reports whether no data were written between s and t.
func (s *state) sameWrite(t *state) bool {
	return s.dataUpdateCount == t.dataUpdateCount && s.dataUpdatedAt.Equal(t.dataUpdatedAt)
}

// atRest is s without a fetch under way.
func (s *state) atRest() state {
	r := *s.rare
	r.retryAt = time.Time{}
	next := s.with(r)
	next.fetchStatus = isIdle
	return next
}

// action is a named change of state; see the table of R-STATE-3 in
// query-core's behaviour.
type action interface {
	apply(s state) state
}

type (
	// fetchAction begins a fetch that runs, or waits for the network.
	fetchAction struct {
		paused    bool
		poll      bool
		direction Direction
	}
	// failedAction is a failure that another attempt will follow.
	failedAction struct {
		count   int
		err     error
		strain  strain
		retryAt time.Time
	}
	pauseAction    struct{}
	continueAction struct{}
	// successAction stores data, fetched or written by hand.
	successAction struct {
		data   any
		under  *underlay
		hidden bool // a patch lies over the data and shows none
		at     time.Time
		manual bool

		unchanged bool // the server said so; see remember.go
	}
	// errorAction ends a fetch without data.
	errorAction struct {
		err    error
		strain strain
		at     time.Time
	}
	invalidateAction struct{}
	// patchAction changes what lies over the data.
	patchAction struct {
		data    any
		hasData bool
		under   *underlay
	}
	// setAction replaces the state as a whole: reset, revert, initial data.
	setAction struct{ to state }
)

// reduce is the only maker of states.
func reduce(s *state, a action) *state {
	next := a.apply(*s)
	next.since = 0 // not known here
	return &next
}

func (a fetchAction) apply(s state) state {
	r := *s.rare
	r.failureCount, r.failureReason, r.retryAt = 0, nil, time.Time{}
	s.fetchStatus = isFetching
	if a.paused {
		s.fetchStatus = isPaused
	}
	if !s.hasData {
		r.err, s.status = nil, isPending
	}
	r.direction = a.direction
	return s.with(r)
}

func (a failedAction) apply(s state) state {
	r := *s.rare
	r.failureCount, r.failureReason, r.retryAt = a.count, a.err, a.retryAt
	return s.with(r)
}

func (pauseAction) apply(s state) state {
	r := *s.rare
	r.retryAt = time.Time{}
	s.fetchStatus = isPaused
	return s.with(r)
}

func (continueAction) apply(s state) state {
	s.fetchStatus = isFetching
	return s
}

func (a successAction) apply(s state) state {
	r := *s.rare
	s.data, s.hasData, r.under = a.data, !a.hidden, a.under
	s.dataUpdateCount = max(1, s.dataUpdateCount+1)
	s.dataUpdatedAt = a.at
	r.err, s.invalidated, s.status = nil, false, isSuccess
	if a.hidden {
		s.status = isPending
	}
	if !a.manual {
		s.fetchStatus, r.failureCount, r.failureReason = isIdle, 0, nil
		r.retryAt = time.Time{}
	}
	return s.with(r)
}

func (a errorAction) apply(s state) state {
	r := *s.rare
	r.err, r.failureReason = a.err, a.err
	r.errorUpdateCount++
	r.errorUpdatedAt = a.at
	r.failureCount++
	r.retryAt = time.Time{}
	s.fetchStatus, s.status, s.invalidated = isIdle, isError, true
	return s.with(r)
}

func (invalidateAction) apply(s state) state {
	s.invalidated = true
	return s
}

func (a patchAction) apply(s state) state {
	r := *s.rare
	s.data, s.hasData, r.under = a.data, a.hasData, a.under
	switch {
	case s.hasData && s.status == isPending:
		s.status = isSuccess
	case !s.hasData && s.status == isSuccess:
		s.status = isPending
	}
	return s.with(r)
}

func (a setAction) apply(state) state { return a.to }

// State is a look at one cache entry: its data and what is happening to it. It
// does not change after it was taken and may be shared. T is the type of the
// data; State[any] shows any entry. The zero State is an entry that has never
// been heard of.
type State[T any] struct {
	key  querykey.Key
	meta map[string]any
	s    *state
	push *PushState
}

// blank is how most entries begin, and begun how they go on.
var (
	blank = state{rare: &nothingRare}
	begun = *reduce(&blank, fetchAction{})
)

func (v State[T]) get() *state {
	if v.s == nil {
		return &blank
	}
	return v.s
}

// retype shows the state of an untyped entry with data of type T.
func retype[T any](v State[any]) State[T] { return State[T](v) }

// Key returns the entry's key.
func (v State[T]) Key() querykey.Key { return v.key }

// Meta returns the metadata of the query that was last used on the entry. It
// must not be changed.
func (v State[T]) Meta() map[string]any { return v.meta }

// Data returns the data, or the zero T when there are none or they are of
// another type. See HasData.
func (v State[T]) Data() T {
	data, _ := as[T](v.get().data)
	return data
}

// HasData reports whether there are data of type T. A stored nil is data.
func (v State[T]) HasData() bool {
	if !v.get().hasData {
		return false
	}
	_, ok := as[T](v.get().data)
	return ok
}

// Status returns what the entry has to show.
func (v State[T]) Status() Status { return v.get().status.public() }

// FetchStatus returns what the entry is doing.
func (v State[T]) FetchStatus() FetchStatus { return v.get().fetchStatus.public() }

// Err returns the error of the last fetch, nil once a later one has succeeded.
func (v State[T]) Err() error { return v.get().err }

// DataUpdatedAt returns when the data were fetched or written, zero if never.
func (v State[T]) DataUpdatedAt() time.Time { return v.get().dataUpdatedAt }

// DataUpdateCount returns how often data were fetched or written.
func (v State[T]) DataUpdateCount() int { return int(v.get().dataUpdateCount) }

// ErrorUpdatedAt returns when a fetch last failed for good, zero if never.
func (v State[T]) ErrorUpdatedAt() time.Time { return v.get().errorUpdatedAt }

// ErrorUpdateCount returns how many fetches failed for good.
func (v State[T]) ErrorUpdateCount() int { return v.get().errorUpdateCount }

// FailureCount returns how often the present or last fetch has failed so far.
func (v State[T]) FailureCount() int { return v.get().failureCount }

// FailureReason returns the latest failure of the present or last fetch.
func (v State[T]) FailureReason() error { return v.get().failureReason }

// RetryAt returns when the next attempt was due at the last failure, zero if
// none was. It may be past: then that attempt runs.
func (v State[T]) RetryAt() time.Time { return v.get().retryAt }

// IsInvalidated reports whether the data were marked stale, by hand or by a
// failed fetch.
func (v State[T]) IsInvalidated() bool { return v.get().invalidated }

// Direction returns which end of an infinite query the present or last fetch
// extends, empty for other fetches.
func (v State[T]) Direction() Direction { return v.get().direction }
