package fleetsim

import (
	"math"
	"time"
)

// rng is a source of random numbers, of which each seller has some: splitmix64. It is
// a rand.Source.
type rng uint64

// Uint64 returns the next number.
func (r *rng) Uint64() uint64 {
	*r += 0x9e3779b97f4a7c15
	return mix(uint64(*r))
}

// float returns a number from 0 up to 1, as rand.Rand.Float64 makes it of the source.
func (r *rng) float() float64 { return float64(r.Uint64()<<11>>11) / (1 << 53) }

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// stem is what the numbers of a seller are for.
type stem uint64

const (
	stemMarket stem = iota + 1
	stemClient
	stemPlace
	stemQueue
	stemOrders
	stemBalances
)

func newRNG(seed uint64, seller int, s stem) rng {
	return rng(mix(mix(seed^uint64(s)<<56) + uint64(seller)))
}

// kind is what has changed at the server.
type kind uint8

const (
	orderChanged     kind = iota // one of the seller's orders
	openOrderChanged             // the one whose page is open
	balanceChanged
	listingChanged
)

// touched are the pages that show what has changed.
var touched = [...]set{
	orderChanged:     setOf(dashboard, sales, pendingOrders, ordersByStatus, orderStats),
	openOrderChanged: setOf(dashboard, sales, pendingOrders, ordersByStatus, orderStats, saleByID, orderByID),
	balanceChanged:   setOf(dashboard, payoutStats, payoutHistory),
	listingChanged:   setOf(dashboard, listings),
}

// change is what happens at the server to one seller's data.
type change struct {
	at   time.Duration
	kind kind
}

// market makes the changes of a seller: a Poisson process.
type market struct {
	rng  rng
	next change
}

func newMarket(cfg *Config, seller int) market {
	m := market{rng: newRNG(cfg.Seed, seller, stemMarket)}
	m.draw(cfg)
	return m
}

// draw replaces next. Of 100 changes 82 are of an order, 12 of them of the one that
// is open; 14 are of the balance and 4 of a listing.
func (m *market) draw(cfg *Config) {
	if cfg.Changes <= 0 {
		m.next.at = never
		return
	}
	gap := -math.Log(1-m.rng.float()) * float64(time.Hour) / cfg.Changes
	m.next.at += time.Duration(min(gap, float64(never/4)))
	switch x := m.rng.float(); {
	case x < 0.70:
		m.next.kind = orderChanged
	case x < 0.82:
		m.next.kind = openOrderChanged
	case x < 0.96:
		m.next.kind = balanceChanged
	default:
		m.next.kind = listingChanged
	}
}
