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
// makes the next one.
type state struct {
	data            any
	hasData         bool
	under           *underlay // set while optimistic patches lie over the data
	dataUpdateCount int
	dataUpdatedAt   time.Time

	err              error
	errorUpdateCount int
	errorUpdatedAt   time.Time

	failureCount  int
	failureReason error
	retryAt       time.Time // when the next attempt is due, zero unless backing off

	direction   Direction
	invalidated bool
	status      Status
	fetchStatus FetchStatus

	marks uint64 // see stateCell
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
func (s *state) fetched() bool { return s.dataUpdateCount+s.errorUpdateCount > 0 }

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
	return &next
}

func (a fetchAction) apply(s state) state {
	s.failureCount, s.failureReason, s.retryAt = 0, nil, time.Time{}
	s.fetchStatus = FetchFetching
	if a.paused {
		s.fetchStatus = FetchPaused
	}
	if !s.hasData {
		s.err, s.status = nil, StatusPending
	}
	s.direction = a.direction
	return s
}

func (a failedAction) apply(s state) state {
	s.failureCount, s.failureReason, s.retryAt = a.count, a.err, a.retryAt
	return s
}

func (pauseAction) apply(s state) state {
	s.fetchStatus, s.retryAt = FetchPaused, time.Time{}
	return s
}

func (continueAction) apply(s state) state {
	s.fetchStatus = FetchFetching
	return s
}

func (a successAction) apply(s state) state {
	s.data, s.hasData, s.under = a.data, !a.hidden, a.under
	s.dataUpdateCount++
	s.dataUpdatedAt = a.at
	s.err, s.invalidated, s.status = nil, false, StatusSuccess
	if a.hidden {
		s.status = StatusPending
	}
	if !a.manual {
		s.fetchStatus, s.failureCount, s.failureReason = FetchIdle, 0, nil
		s.retryAt = time.Time{}
	}
	return s
}

func (a errorAction) apply(s state) state {
	s.err, s.failureReason = a.err, a.err
	s.errorUpdateCount++
	s.errorUpdatedAt = a.at
	s.failureCount++
	s.retryAt = time.Time{}
	s.fetchStatus, s.status, s.invalidated = FetchIdle, StatusError, true
	return s
}

func (invalidateAction) apply(s state) state {
	s.invalidated = true
	return s
}

func (a patchAction) apply(s state) state {
	s.data, s.hasData, s.under = a.data, a.hasData, a.under
	switch {
	case s.hasData && s.status == StatusPending:
		s.status = StatusSuccess
	case !s.hasData && s.status == StatusSuccess:
		s.status = StatusPending
	}
	return s
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

var blank = state{status: StatusPending, fetchStatus: FetchIdle}

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
func (v State[T]) Status() Status { return v.get().status }

// FetchStatus returns what the entry is doing.
func (v State[T]) FetchStatus() FetchStatus { return v.get().fetchStatus }

// Err returns the error of the last fetch, nil once a later one has succeeded.
func (v State[T]) Err() error { return v.get().err }

// DataUpdatedAt returns when the data were fetched or written, zero if never.
func (v State[T]) DataUpdatedAt() time.Time { return v.get().dataUpdatedAt }

// DataUpdateCount returns how often data were fetched or written.
func (v State[T]) DataUpdateCount() int { return v.get().dataUpdateCount }

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
