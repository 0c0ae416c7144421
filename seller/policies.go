package seller

import (
	"errors"
	"reflect"
	"time"

	"github.com/freshet-go/freshet/query"
)

// Policies hold one policy for each definition. In a [Config] they override the
// package's own numbers, field by field; zero fields leave them.
type Policies struct {
	Dashboard      query.Policy
	Sales          query.Policy
	ArchivedSales  query.Policy
	PendingOrders  query.Policy
	SaleByID       query.Policy
	OrderByID      query.Policy
	OrdersByStatus query.Policy
	PayoutStats    query.Policy
	PayoutHistory  query.Policy
	Listings       query.Policy
	OrderStats     query.Policy
}

// Intervals are the paces at which lists of sales and orders are polled,
// according to the liveliest order in them. Zero fields mean the default.
type Intervals struct {
	Processing time.Duration // being processed, shipped or in transit; 5 s
	Pending    time.Duration // pending or confirmed, and statuses unknown here; 15 s
	Settled    time.Duration // nothing but delivered, completed and cancelled ones; 60 s
	Archived   time.Duration // views of what is over; 60 s
}

func (i Intervals) withDefaults() (Intervals, error) {
	if min(i.Processing, i.Pending, i.Settled, i.Archived) < 0 {
		return i, errors.New("seller: negative value in Config.Intervals")
	}
	standard := Intervals{
		Processing: 5 * time.Second,
		Pending:    15 * time.Second,
		Settled:    60 * time.Second,
		Archived:   60 * time.Second,
	}
	fillZero(&i, standard)
	return i, nil
}

// maxReturnAge is how old data may be that are not refetched on return, even if
// they are not stale yet.
const maxReturnAge = 10 * time.Second

// firstRetryDelay is the wait before the first retry; it doubles from then on.
const firstRetryDelay = time.Second

// row is one line of the table of freshness.
type row struct {
	poll    query.RefetchInterval
	stale   time.Duration
	keep    time.Duration // after the last observer has left
	focus   query.RefetchPolicy
	retries int
	longest time.Duration // delay before a retry
}

// policies is the table of freshness, seen through own.
func (p pace) policies(own Policies) Policies {
	const s, m = time.Second, time.Minute
	i := p.intervals
	always, ifStale := query.Always, p.ifStale()
	table := Policies{
		//                     poll each           stale   keep    on focus retries longest delay
		Dashboard:      p.of(row{p.every(5 * s), 5 * s, 10 * m, always, 3, 15 * s}),
		Sales:          p.of(row{p.bySales(), 3 * s, 10 * m, ifStale, 3, 15 * s}),
		ArchivedSales:  p.of(row{p.every(i.Archived), 3 * s, 10 * m, ifStale, 3, 15 * s}),
		PendingOrders:  p.of(row{p.every(5 * s), 3 * s, 10 * m, always, 3, 10 * s}),
		SaleByID:       p.of(row{p.every(3 * s), 2 * s, 5 * m, always, 2, 10 * s}),
		OrderByID:      p.of(row{p.every(3 * s), 2 * s, 5 * m, always, 2, 10 * s}),
		OrdersByStatus: p.of(row{p.byStatus(), 3 * s, 10 * m, ifStale, 3, 15 * s}),
		PayoutStats:    p.of(row{p.every(10 * s), 5 * s, 10 * m, always, 3, 15 * s}),
		PayoutHistory:  p.of(row{p.every(10 * s), 5 * s, 10 * m, always, 3, 15 * s}),
		Listings:       p.of(row{p.every(60 * s), 30 * s, 10 * m, ifStale, 3, 15 * s}),
		OrderStats:     p.of(row{p.every(5 * s), 3 * s, 10 * m, always, 3, 15 * s}),
	}
	fillZero(&own, table)
	return own
}

// of turns a row into a policy, adding what all of them have in common.
func (p pace) of(r row) query.Policy {
	return query.Policy{
		StaleTime:                   query.StaleAfter(r.stale),
		GCTime:                      query.GCAfter(r.keep),
		RefetchInterval:             r.poll,
		RefetchIntervalInBackground: query.On,
		RefetchOnFocus:              r.focus,
		RefetchOnReconnect:          query.Always,
		Retry:                       p.retries(r.retries),
		RetryDelay:                  query.Exponential(firstRetryDelay, r.longest),
	}
}

// fillZero gives the zero fields of a struct, and of the policies in it, the
// values that they have in standard.
func fillZero[T any](own *T, standard T) {
	fillZeroFields(reflect.ValueOf(own).Elem(), reflect.ValueOf(standard))
}

func fillZeroFields(own, standard reflect.Value) {
	for i := range own.NumField() {
		switch field := own.Field(i); {
		case field.Type() == reflect.TypeFor[query.Policy]():
			fillZeroFields(field, standard.Field(i))
		case field.IsZero():
			field.Set(standard.Field(i))
		}
	}
}
