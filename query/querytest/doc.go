// Package querytest tests code that uses package query, on a clock that stands
// still until the test moves it: no sleeps, no flakes, and hours take no time.
//
//	func TestOrder_isPolled(t *testing.T) {
//		querytest.Run(t, func(h *querytest.Harness) {
//			orders := querytest.Script(h, querytest.Value("packed"), querytest.Value("sent"))
//			r := querytest.Watch(h, query.Query[string]{
//				Key:    querykey.Of("order", "o-17"),
//				Fetch:  orders.Fetch,
//				Policy: query.Policy{RefetchInterval: query.Every(3 * time.Second)},
//			})
//			require.Equal(h, "packed", r.Last().Data())
//
//			h.Advance(3 * time.Second)
//			require.Equal(h, "sent", r.Last().Data())
//			require.Equal(h, 2, orders.Calls())
//		})
//	}
//
// # The bubble
//
// Run plays the test in a bubble of package testing/synctest with a new client.
// At the end it closes the client, and the test fails with the stacks of all
// goroutines if one is left over: fetch functions have to heed their context.
//
// A [Harness] is the test's testing.TB in the bubble: give it to require, and
// take contexts from its Context method. The Context of a testing.T outside the
// bubble must not be used inside.
//
// # Two times
//
// The client lives by the harness's clock, which only Advance moves. Package
// time has a clock of its own in the bubble; it moves by itself, by a few
// milliseconds, whenever the harness lets other goroutines run. So a fetch
// function should not sleep: a [Script] takes its time on the harness's clock. And
// a call that waits for that clock needs a goroutine of its own, because the
// goroutine of the test is the one that advances it.
//
// # Every result
//
// Subscribers of a query may miss results that are replaced at once. To make
// what a [Recorder] records exact, the fetch functions of scripts, of watched
// queries and of the client's defaults begin only when everything else is at
// rest, so that "fetching" is seen before what comes of it.
package querytest
