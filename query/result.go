package query

import (
	"time"

	"github.com/freshet-go/freshet/internal/share"
	"github.com/freshet-go/freshet/querykey"
)

// result is what observers show: the state of their entry seen through their
// options. It is never changed once it is shown.
type result struct {
	*state // the entry's, or a copy where placeholder data or a select change it

	key               *querykey.Key
	fetchedAfterMount bool
	placeholder       bool
	stale             bool
	enabled           bool
	hasNext, hasPrev  bool // of an infinite query

	push *PushState // nil if none covers the query
}

// Field names a part of a result, for Policy.NotifyOn.
type Field uint8

// The fields of a result that can change.
const (
	FieldData Field = iota + 1
	FieldErr
	FieldStatus
	FieldFetchStatus
	FieldDataUpdatedAt
	FieldErrorUpdatedAt
	FieldErrorUpdateCount
	FieldFailureCount
	FieldFailureReason
	FieldRetryAt
	FieldIsFetched
	FieldIsFetchedAfterMount
	FieldIsPlaceholderData
	FieldIsStale
	FieldIsEnabled
	FieldDirection // IsFetchingNextPage and its relatives
	FieldHasNextPage
	FieldHasPreviousPage
	FieldPush
)

// changed returns the fields in which r differs from s.
func (r *result) changed(s *result) fieldSet {
	var f fieldSet
	if r.state != s.state {
		f = r.state.changed(s.state)
	}
	f.note(FieldIsFetchedAfterMount, r.fetchedAfterMount != s.fetchedAfterMount)
	f.note(FieldIsPlaceholderData, r.placeholder != s.placeholder)
	f.note(FieldIsStale, r.stale != s.stale)
	f.note(FieldIsEnabled, r.enabled != s.enabled)
	f.note(FieldHasNextPage, r.hasNext != s.hasNext)
	f.note(FieldHasPreviousPage, r.hasPrev != s.hasPrev)
	f.note(FieldPush, r.push != s.push)
	if r.key != s.key && *r.key != *s.key {
		f |= otherKey
	}
	return f
}

// changed returns the fields of results in which s differs from t.
func (s *state) changed(t *state) fieldSet {
	var f fieldSet
	f.note(FieldData, s.hasData != t.hasData || !share.Same(open(s.data), open(t.data)))
	f.note(FieldErr, !share.Same(s.err, t.err))
	f.note(FieldStatus, s.status != t.status)
	f.note(FieldFetchStatus, s.fetchStatus != t.fetchStatus)
	f.note(FieldDataUpdatedAt, !s.dataUpdatedAt.Equal(t.dataUpdatedAt))
	f.note(FieldErrorUpdatedAt, !s.errorUpdatedAt.Equal(t.errorUpdatedAt))
	f.note(FieldErrorUpdateCount, s.errorUpdateCount != t.errorUpdateCount)
	f.note(FieldFailureCount, s.failureCount != t.failureCount)
	f.note(FieldFailureReason, !share.Same(s.failureReason, t.failureReason))
	f.note(FieldRetryAt, !s.retryAt.Equal(t.retryAt))
	f.note(FieldIsFetched, s.fetched() != t.fetched())
	f.note(FieldDirection, s.direction != t.direction)
	return f
}

// fieldSet is a set of fields; otherKey stands for none that can be asked for.
type fieldSet uint32

const otherKey fieldSet = 1

func (f *fieldSet) note(field Field, differs bool) {
	if differs {
		*f |= 1 << field
	}
}

// fieldsOf returns the changes of which somebody wants to hear who names the
// fields in list; nil is all.
func fieldsOf(list []Field) fieldSet {
	if list == nil {
		return ^fieldSet(0)
	}
	var f fieldSet
	for _, x := range list {
		f.note(x, true)
	}
	return f
}

// Result is what an observer shows at one moment. It does not change and may be
// shared. The zero Result is a query that has not begun.
type Result[T any] shown

// shown is a result and whose it is, of those that may show the same.
type shown struct {
	r *result
	o *observer
}

var noResult = result{state: &blank, key: new(querykey.Key), stale: true, enabled: true}

func (v Result[T]) get() *result {
	if v.r == nil {
		return &noResult
	}
	return v.r
}

// Key returns the key of the query that is shown.
func (v Result[T]) Key() querykey.Key { return *v.get().key }

// Data returns the data, selected or placeholder included, or the zero T.
func (v Result[T]) Data() T {
	data, _ := as[T](v.get().data)
	return data
}

// HasData reports whether there are data to show. A nil can be data.
func (v Result[T]) HasData() bool {
	if !v.get().hasData {
		return false
	}
	_, ok := as[T](v.get().data)
	return ok
}

// Status returns what there is to show.
func (v Result[T]) Status() Status { return v.get().status.public() }

// FetchStatus returns what the query is doing.
func (v Result[T]) FetchStatus() FetchStatus { return v.get().fetchStatus.public() }

// Err returns the error of the last fetch or of the select function.
func (v Result[T]) Err() error { return v.get().err }

// DataUpdatedAt returns when the data were fetched or written, zero if never.
// Placeholder data never were.
func (v Result[T]) DataUpdatedAt() time.Time { return v.get().dataUpdatedAt }

// ErrorUpdatedAt returns when the query last failed, zero if never.
func (v Result[T]) ErrorUpdatedAt() time.Time { return v.get().errorUpdatedAt }

// ErrorUpdateCount returns how many fetches failed for good.
func (v Result[T]) ErrorUpdateCount() int { return v.get().errorUpdateCount }

// FailureCount returns how often the present or last fetch has failed so far:
// after k failures attempt k+1 is due.
func (v Result[T]) FailureCount() int { return v.get().failureCount }

// FailureReason returns the latest failure of the present or last fetch.
func (v Result[T]) FailureReason() error { return v.get().failureReason }

// RetryAt returns when the next attempt is due, zero unless backing off.
func (v Result[T]) RetryAt() time.Time {
	if v.o == nil {
		return time.Time{}
	}
	return v.o.c.ahead(v.get().retryAt)
}

// Age returns how old the data are by the client's clock, counted anew at each
// call; zero without data.
func (v Result[T]) Age() time.Duration {
	at := v.DataUpdatedAt()
	if v.o == nil || at.IsZero() {
		return 0
	}
	return max(0, v.o.c.sched.Now().Sub(at))
}

// NextPollAt returns when the observer will poll next, as of now; zero when it
// does not poll.
func (v Result[T]) NextPollAt() time.Time {
	if v.o == nil {
		return time.Time{}
	}
	return v.o.pollsAt()
}

// IsPending reports whether there are no data yet.
func (v Result[T]) IsPending() bool { return v.Status() == StatusPending }

// IsSuccess reports whether there are data, and no newer error.
func (v Result[T]) IsSuccess() bool { return v.Status() == StatusSuccess }

// IsError reports whether the last fetch or the select function failed.
func (v Result[T]) IsError() bool { return v.Status() == StatusError }

// IsFetching reports whether a fetch runs or backs off.
func (v Result[T]) IsFetching() bool { return v.FetchStatus() == FetchFetching }

// IsPaused reports whether a fetch waits for network or focus.
func (v Result[T]) IsPaused() bool { return v.FetchStatus() == FetchPaused }

// IsLoading reports whether the first data are being fetched.
func (v Result[T]) IsLoading() bool { return v.IsPending() && v.IsFetching() }

// IsRefetching reports whether a fetch runs while there is something to show.
// The fetch of one more page is none.
func (v Result[T]) IsRefetching() bool {
	return !v.IsPending() && v.IsFetching() && v.get().direction == ""
}

// IsLoadingError reports whether the query failed without ever having data.
func (v Result[T]) IsLoadingError() bool { return v.IsError() && !v.get().hasData }

// IsRefetchError reports whether the query failed and still shows older data.
// The failure to get one more page is none.
func (v Result[T]) IsRefetchError() bool {
	return v.IsError() && v.get().hasData && v.get().direction == ""
}

// IsFetched reports whether the query has had data or an error.
func (v Result[T]) IsFetched() bool { return v.get().fetched() }

// IsFetchedAfterMount reports whether it has had them since this observer turned
// to it.
func (v Result[T]) IsFetchedAfterMount() bool { return v.get().fetchedAfterMount }

// IsPlaceholderData reports whether the data stand in for data not there yet.
func (v Result[T]) IsPlaceholderData() bool { return v.get().placeholder }

// IsStale reports whether the data were too old when the result was made. The
// result of an observed query is made anew when they become so.
func (v Result[T]) IsStale() bool { return v.get().stale }

// IsEnabled reports whether the query may fetch by itself.
func (v Result[T]) IsEnabled() bool { return v.get().enabled }
