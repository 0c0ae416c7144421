package seller

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
)

// Config makes a Seller. Client, API and SellerID are required; everything else
// has a default. A Config is copied.
type Config struct {
	// Client holds the data. Any number of sellers may share one.
	Client *query.Client
	// API reaches the server with this seller's authorization.
	API *trpc.Client
	// SellerID becomes part of every key. It must be the identity that API
	// authorizes, or sellers would see each other's data.
	SellerID string
	// Policies change how definitions are kept fresh, field by field. Zero fields
	// stay as documented at the definition.
	Policies Policies
	// Intervals change the paces of lists that poll by what is in them.
	Intervals Intervals
	// HiddenFactor stretches the intervals of this package while the application
	// is hidden: with 3, what is polled each 5 s is polled each 15 s. Intervals
	// given in Policies stay as they are. It takes effect at the first poll after
	// hiding; on return everything is refetched. Default: 1, the same pace.
	HiddenFactor float64
	// Selective lets the cache remember answers as they came: one that is the same
	// again is not decoded and tells nobody, and of a list only the rows are decoded
	// that have changed. That takes the memory of the answers. The infinite list of
	// payouts has no part in it. Default: off.
	Selective bool
	// Adaptive lets the intervals that are fixed follow how busy the server is and how
	// often data change, see query.Adaptive: up to 10 s, and those of 10 s and more up
	// to twice as long. HiddenFactor does not stretch them further. Lists go by what is
	// in them all the same. Default: off.
	Adaptive bool
	// PushDashboard lets Listen keep the dashboard fresh, too: while both of its streams
	// are healthy, it is polled once a minute only. No event tells of its listings, which
	// then are as old as those of Listings. Default: off, the dashboard keeps its pace.
	PushDashboard bool
	// NewIdempotencyKey makes the key of one run of a mutation that comes without.
	// It may be called concurrently and must never return the same text again.
	// Default: 26 random characters.
	NewIdempotencyKey func() string
}

// Seller makes the definitions of one seller's queries and mutations. It owns no
// goroutine, needs no closing, and may be used concurrently.
type Seller struct {
	client   *query.Client
	api      *trpc.Client
	keys     Keys
	pace     pace
	policies Policies
	newKey   func() string

	selective, pushDashboard bool
}

// New returns a seller. The error tells which field of cfg is missing or invalid.
func New(cfg Config) (*Seller, error) {
	switch f := cfg.HiddenFactor; {
	case cfg.Client == nil:
		return nil, errors.New("seller: Config.Client is nil")
	case cfg.API == nil:
		return nil, errors.New("seller: Config.API is nil")
	case cfg.SellerID == "":
		return nil, errors.New("seller: Config.SellerID is empty")
	case f != 0 && (f < 1 || math.IsNaN(f) || math.IsInf(f, 0)):
		return nil, fmt.Errorf("seller: Config.HiddenFactor is %g, must be at least 1", f)
	}
	s := &Seller{client: cfg.Client, api: cfg.API, keys: Keys{SellerID: cfg.SellerID}, selective: cfg.Selective, pushDashboard: cfg.PushDashboard}
	if err := s.keys.Root().Err(); err != nil {
		return nil, fmt.Errorf("seller: Config.SellerID: %w", err)
	}
	intervals, err := cfg.Intervals.withDefaults()
	if err != nil {
		return nil, err
	}
	s.pace = pace{focus: cfg.Client.Focus(), factor: max(cfg.HiddenFactor, 1), intervals: intervals, adaptive: cfg.Adaptive, now: cfg.Client.Now}
	s.policies = s.pace.policies(cfg.Policies)
	s.newKey = cfg.NewIdempotencyKey
	if s.newKey == nil {
		s.newKey = rand.Text
	}
	return s, nil
}

// Keys returns the seller's tree of keys.
func (s *Seller) Keys() Keys { return s.keys }
