package fleetsim

import (
	"math/bits"
	"time"

	"github.com/freshet-go/freshet/internal/adapt"
)

// page is one of the seller's pages.
type page uint8

const (
	dashboard page = iota
	sales
	pendingOrders
	saleByID
	orderByID
	ordersByStatus
	payoutStats
	payoutHistory
	listings
	orderStats
	pages // how many there are
)

// set is a set of pages.
type set uint16

const allPages = set(1)<<pages - 1

func setOf(of ...page) (s set) {
	for _, p := range of {
		s |= 1 << p
	}
	return s
}

func (s set) has(p page) bool { return s&(1<<p) != 0 }

// pop removes the first page of s.
func pop(s *set) page {
	p := page(bits.TrailingZeros16(uint16(*s)))
	*s &= *s - 1
	return p
}

// procedure is one of the server's.
type procedure uint8

const (
	getAllSales procedure = iota
	getSaleByID
	getPendingOrders
	getOrdersByStatus
	getOrderByID
	getOrderStats
	getPayoutStats
	getPayoutHistory
	getMyListings
	procedures
)

// bodies are the sizes of answers in bytes: those of the recorded exchanges in
// query/trpc/testdata, with 20 sales, 5 pending orders, 8 orders of a status, 10
// payouts and 20 listings.
var bodies = [procedures]int64{
	getAllSales: 6487, getSaleByID: 1562, getPendingOrders: 6508, getOrdersByStatus: 11319, getOrderByID: 1413,
	getOrderStats: 303, getPayoutStats: 528, getPayoutHistory: 3764, getMyListings: 4945,
}

// What a request weighs besides the bodies of its answers, in bytes.
const (
	responseHead = 150 // and all of an answer that is not modified
	eventSize    = 300
)

// spec is what package seller says of a page. The test beside real clients keeps it
// true.
type spec struct {
	name    string
	poll    time.Duration
	blank   time.Duration // poll before the first answer, if that is different
	longest time.Duration // poll when it is adaptive
	retries int
	delay   time.Duration // the longest before a retry
	calls   []procedure
}

var specs = [pages]spec{
	dashboard: {
		"dashboard", 5 * time.Second, 0, 10 * time.Second, 3, 15 * time.Second,
		[]procedure{getAllSales, getOrderStats, getMyListings, getPayoutStats},
	},
	sales:          {"sales", 5 * time.Second, 15 * time.Second, 10 * time.Second, 3, 15 * time.Second, []procedure{getAllSales}},
	pendingOrders:  {"pending orders", 5 * time.Second, 0, 10 * time.Second, 3, 10 * time.Second, []procedure{getPendingOrders}},
	saleByID:       {"sale", 3 * time.Second, 0, 10 * time.Second, 2, 10 * time.Second, []procedure{getSaleByID}},
	orderByID:      {"order", 3 * time.Second, 0, 10 * time.Second, 2, 10 * time.Second, []procedure{getOrderByID}},
	ordersByStatus: {"orders by status", 5 * time.Second, 0, 10 * time.Second, 3, 15 * time.Second, []procedure{getOrdersByStatus}},
	payoutStats:    {"payout stats", 10 * time.Second, 0, 20 * time.Second, 3, 15 * time.Second, []procedure{getPayoutStats}},
	payoutHistory:  {"payout history", 10 * time.Second, 0, 20 * time.Second, 3, 15 * time.Second, []procedure{getPayoutHistory}},
	listings:       {"listings", time.Minute, 0, 2 * time.Minute, 3, 15 * time.Second, []procedure{getMyListings}},
	orderStats:     {"order stats", 5 * time.Second, 0, 10 * time.Second, 3, 15 * time.Second, []procedure{getOrderStats}},
}

// laws are those of the pages when their intervals are adaptive.
var laws = func() (all [pages]adapt.Law) {
	for p := range pages {
		all[p] = adapt.Law{Min: specs[p].poll, Max: specs[p].longest, Calm: 3, Rest: 10}
	}
	return all
}()

// callsOf is how many procedures a page calls.
var callsOf = func() (all [pages]int64) {
	for p := range pages {
		all[p] = int64(len(specs[p].calls))
	}
	return all
}()

// calls is how many procedures the pages call.
func (s set) calls() (n int64) {
	for s != 0 {
		n += callsOf[pop(&s)]
	}
	return n
}

// bodyOf is the size of the answers of all calls of a page.
var bodyOf = func() (all [pages]int64) {
	for p := range pages {
		for _, c := range specs[p].calls {
			all[p] += bodies[c]
		}
	}
	return all
}()

// first is the lowest procedure that the pages call.
func (s set) first() procedure {
	least := procedures
	for s != 0 {
		for _, c := range specs[pop(&s)].calls {
			least = min(least, c)
		}
	}
	return least
}
