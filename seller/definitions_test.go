package seller_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// definition is one row of the contract with what is needed to hold the package
// to it. The market it runs against has a pending, a confirmed and a shipped order.
type definition struct {
	id, procedure      string
	every, stale, keep time.Duration
	alwaysOnFocus      bool
	retries            int
	longestDelay       time.Duration
	probe              func(*seller.Seller) probe
	override           func(*seller.Policies) *query.Policy
}

// probe uses a query whatever its type.
type probe struct {
	policy *query.Policy // of this copy
	watch  func(*shop)
	fetch  func(context.Context, *query.Client) error
	cached func(*query.Client) bool
	result func(*shop) view
}

// view is what a result says, whatever its type.
type view struct {
	hasData bool
	stale   bool
	err     error
}

func probing[T any](q query.Query[T]) probe {
	return probe{
		policy: &q.Policy,
		watch:  func(s *shop) { watch(s, q) },
		fetch: func(ctx context.Context, c *query.Client) error {
			_, err := query.Fetch(ctx, c, q)
			return err
		},
		cached: func(c *query.Client) bool {
			_, ok := query.Get(c, q)
			return ok
		},
		result: func(s *shop) view {
			r := query.Observe(s.client, q).Current()
			return view{r.HasData(), r.IsStale(), r.Err()}
		},
	}
}

const (
	sec  = time.Second
	mins = time.Minute
)

func definitions() []definition {
	all := seller.SalesFilter{}
	return []definition{
		{
			"S1 Dashboard", "finance.getPayoutStats", 5 * sec, 5 * sec, 10 * mins, true, 3, 15 * sec,
			func(s *seller.Seller) probe { return probing(s.Dashboard()) },
			func(p *seller.Policies) *query.Policy { return &p.Dashboard },
		},
		{
			"S2 Sales", "sales.getAllSales", 5 * sec, 3 * sec, 10 * mins, false, 3, 15 * sec,
			func(s *seller.Seller) probe { return probing(s.Sales(all)) },
			func(p *seller.Policies) *query.Policy { return &p.Sales },
		},
		{
			"S2d ArchivedSales", "sales.getAllSales", 60 * sec, 3 * sec, 10 * mins, false, 3, 15 * sec,
			func(s *seller.Seller) probe { return probing(s.ArchivedSales(all)) },
			func(p *seller.Policies) *query.Policy { return &p.ArchivedSales },
		},
		{
			"S3 PendingOrders", "orderStatus.getPendingOrders", 5 * sec, 3 * sec, 10 * mins, true, 3, 10 * sec,
			func(s *seller.Seller) probe { return probing(s.PendingOrders()) },
			func(p *seller.Policies) *query.Policy { return &p.PendingOrders },
		},
		{
			"S4 SaleByID", "sales.getSaleById", 3 * sec, 2 * sec, 5 * mins, true, 2, 10 * sec,
			func(s *seller.Seller) probe { return probing(s.SaleByID("sale_1")) },
			func(p *seller.Policies) *query.Policy { return &p.SaleByID },
		},
		{
			"S5 OrderByID", "orderStatus.getOrderById", 3 * sec, 2 * sec, 5 * mins, true, 2, 10 * sec,
			func(s *seller.Seller) probe { return probing(s.OrderByID("ord_1")) },
			func(p *seller.Policies) *query.Policy { return &p.OrderByID },
		},
		{
			"S6 OrdersByStatus", "orderStatus.getOrdersByStatus", 5 * sec, 3 * sec, 10 * mins, false, 3, 15 * sec,
			func(s *seller.Seller) probe { return probing(s.OrdersByStatus(seller.OrderShipped)) },
			func(p *seller.Policies) *query.Policy { return &p.OrdersByStatus },
		},
		{
			"S7 PayoutStats", "finance.getPayoutStats", 10 * sec, 5 * sec, 10 * mins, true, 3, 15 * sec,
			func(s *seller.Seller) probe { return probing(s.PayoutStats()) },
			func(p *seller.Policies) *query.Policy { return &p.PayoutStats },
		},
		{
			"S8 PayoutHistory", "finance.getPayoutHistory", 10 * sec, 5 * sec, 10 * mins, true, 3, 15 * sec,
			func(s *seller.Seller) probe { return probing(s.PayoutHistory(seller.PayoutFilter{})) },
			func(p *seller.Policies) *query.Policy { return &p.PayoutHistory },
		},
		{
			"S8 PayoutHistoryPages", "finance.getPayoutHistory", 10 * sec, 5 * sec, 10 * mins, true, 3, 15 * sec,
			func(s *seller.Seller) probe { return probing(s.PayoutHistoryPages(seller.PayoutFilter{}).Query()) },
			func(p *seller.Policies) *query.Policy { return &p.PayoutHistory },
		},
		{
			"S9 Listings", "listing.getMyListings", 60 * sec, 30 * sec, 10 * mins, false, 3, 15 * sec,
			func(s *seller.Seller) probe { return probing(s.Listings(seller.ListingFilter{})) },
			func(p *seller.Policies) *query.Policy { return &p.Listings },
		},
		{
			"S10 OrderStats", "orderStatus.getOrderStats", 5 * sec, 3 * sec, 10 * mins, true, 3, 15 * sec,
			func(s *seller.Seller) probe { return probing(s.OrderStats()) },
			func(p *seller.Policies) *query.Policy { return &p.OrderStats },
		},
	}
}

// each runs f for every definition, with a shop of its own.
func each(t *testing.T, cfg seller.Config, f func(*shop, definition, probe)) {
	t.Helper()
	for _, d := range definitions() {
		t.Run(d.id, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{batch: trpc.BatchOff, config: cfg})
				f(s, d, d.probe(s.Seller))
			})
		})
	}
}

// every lists the times of polls up to n intervals after the first fetch.
func every(d time.Duration, n int) []time.Duration {
	at := make([]time.Duration, n+1)
	for i := range at {
		at[i] = time.Duration(i) * d
	}
	return at
}

func TestDefinitions_arePolledAtTheirInterval(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.watch(s)
		s.advance(4*d.every - 1)
		require.Equal(s.t, every(d.every, 3), s.times(d.procedure))
	})
}

func TestDefinitions_areFetchedAgainOnceStale(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		require.NoError(s.t, p.fetch(s.t.Context(), s.client))
		s.advance(d.stale - 1)
		require.NoError(s.t, p.fetch(s.t.Context(), s.client))
		require.Len(s.t, s.times(d.procedure), 1, "still fresh")
		s.advance(1)
		require.NoError(s.t, p.fetch(s.t.Context(), s.client))
		require.Len(s.t, s.times(d.procedure), 2, "stale")
	})
}

func TestDefinitions_areForgottenWhenNobodyWantsThem(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		require.NoError(s.t, p.fetch(s.t.Context(), s.client))
		s.advance(d.keep - 1)
		require.True(s.t, p.cached(s.client))
		s.advance(1)
		require.False(s.t, p.cached(s.client))
	})
}

func TestDefinitions_refetchOnFocusAsTheirRowSays(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.watch(s)
		s.advance(sec)
		s.client.Focus().Set(false)
		s.client.Focus().Set(true)
		s.advance(0)
		want := []time.Duration{0}
		if d.alwaysOnFocus {
			want = append(want, sec)
		}
		require.Equal(s.t, want, s.times(d.procedure), "while fresh")
	})
}

func TestDefinitions_thatAreStaleRefetchOnFocus(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.policy.RefetchInterval = query.NoInterval()
		p.watch(s)
		s.advance(d.stale)
		s.client.Focus().Set(false)
		s.client.Focus().Set(true)
		s.advance(0)
		require.Equal(s.t, []time.Duration{0, d.stale}, s.times(d.procedure))
	})
}

func TestDefinitions_retryWithDoublingDelays_S14(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.policy.RefetchInterval = query.NoInterval()
		s.market.setFail(failing(refusedError{trpc.CodeInternalServerError}, d.procedure))
		p.watch(s)
		s.advance(mins)
		want := []time.Duration{0, 1 * sec, 3 * sec, 7 * sec}[:d.retries+1]
		require.Equal(s.t, want, s.times(d.procedure))
		require.ErrorIs(s.t, p.result(s).err, trpc.CodeInternalServerError, "the error reaches the caller")
	})
}

func TestDefinitions_retryDelayIsCapped_S14(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.policy.RefetchInterval = query.NoInterval()
		p.policy.Retry = query.Retries(6)
		s.market.setFail(failing(refusedError{trpc.CodeInternalServerError}, d.procedure))
		p.watch(s)
		s.advance(mins)
		want := []time.Duration{0, 1 * sec, 3 * sec, 7 * sec, 15 * sec}
		for range 2 {
			want = append(want, want[len(want)-1]+d.longestDelay)
		}
		require.Equal(s.t, want, s.times(d.procedure))
	})
}

func TestDefinitions_keepTheDataOfTheLastSuccess_S14(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.watch(s)
		s.advance(0)
		s.market.setFail(failing(refusedError{trpc.CodeInternalServerError}))
		s.advance(d.every + 8*sec)
		r := p.result(s)
		require.True(s.t, r.hasData)
		require.ErrorIs(s.t, r.err, trpc.CodeInternalServerError)
	})
}

func TestDefinitions_arePolledWhileHidden_S11(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		s.client.Focus().Set(false)
		p.watch(s)
		s.advance(4*d.every - 1)
		require.Equal(s.t, every(d.every, 3), s.times(d.procedure))
	})
}

func TestDefinitions_failureWhileHiddenDoesNotStopPolling_S11(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		s.client.Focus().Set(false)
		p.watch(s)
		s.advance(0)
		s.market.setFail(failing(refusedError{trpc.CodeInternalServerError}, d.procedure))
		s.advance(2*d.every + 1)
		s.market.setFail(nil)
		s.advance(d.every)
		require.Equal(s.t, every(d.every, 3), s.times(d.procedure))
		require.NoError(s.t, p.result(s).err)
	})
}

func TestDefinitions_callerTurnsBackgroundPollingOff_S11(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.policy.RefetchIntervalInBackground = query.Off
		s.client.Focus().Set(false)
		p.watch(s)
		s.advance(4*d.every - 1)
		require.Equal(s.t, []time.Duration{0}, s.times(d.procedure))
	})
}

func TestHiddenFactor_stretchesIntervalsUntilReturn_S11(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{HiddenFactor: 3}, func(s *shop, d definition, p probe) {
		s.client.Focus().Set(false)
		p.watch(s)
		slow := 3 * d.every
		back := 2*slow + sec // while fresh, so that only the pace is a reason to refetch
		s.advance(back)
		s.client.Focus().Set(true)
		s.advance(3*d.every - 1)
		require.Equal(s.t, []time.Duration{0, slow, 2 * slow, back, back + d.every, back + 2*d.every}, s.times(d.procedure))
	})
}

func TestDefinitions_refetchOnReconnectEvenIfFresh_S12(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.watch(s)
		s.advance(sec)
		s.client.Online().Set(false)
		s.client.Online().Set(true)
		s.advance(0)
		require.Equal(s.t, []time.Duration{0, sec}, s.times(d.procedure))
	})
}

func TestDefinitions_returnRefetchesWhatIsOlderThanTenSeconds_S13(t *testing.T) {
	t.Parallel()
	for age, refetched := range map[time.Duration]bool{10 * sec: false, 10*sec + 1: true} {
		t.Run(age.String(), func(t *testing.T) {
			t.Parallel()
			each(t, seller.Config{}, func(s *shop, d definition, p probe) {
				p.policy.RefetchInterval = query.NoInterval()
				p.watch(s)
				s.client.Focus().Set(false)
				s.advance(age)
				s.client.Focus().Set(true)
				s.advance(0)
				want := []time.Duration{0}
				if refetched || d.alwaysOnFocus || d.stale <= age {
					want = append(want, age)
				}
				require.Equal(s.t, want, s.times(d.procedure))
			})
		})
	}
}

func TestPolicies_overrideFieldByField_S15(t *testing.T) {
	t.Parallel()
	for _, d := range definitions() {
		t.Run(d.id, func(t *testing.T) {
			t.Parallel()
			var cfg seller.Config
			d.override(&cfg.Policies).RefetchInterval = query.Every(7 * sec)
			d.override(&cfg.Policies).RetryDelay = query.ConstantDelay(2 * sec)
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{batch: trpc.BatchOff, config: cfg})
				p := d.probe(s.Seller)
				s.market.setFail(failing(refusedError{trpc.CodeInternalServerError}, d.procedure))
				p.watch(s)
				s.advance(6*sec + 1)
				s.market.setFail(nil)
				s.advance(14 * sec)
				want := []time.Duration{0, 2 * sec, 4 * sec, 6 * sec}[:d.retries+1]
				last := want[len(want)-1]
				for at := last + 7*sec; at <= 20*sec; at += 7 * sec {
					want = append(want, at)
				}
				require.Equal(t, want, s.times(d.procedure), "the number of retries is inherited")
			})
		})
	}
}

func TestDefinitions_overridePerCall_S15(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.policy.RefetchInterval = query.Every(11 * sec)
		p.watch(s)
		s.advance(40 * sec)
		require.Equal(s.t, every(11*sec, 3), s.times(d.procedure))
	})
}

func TestDefinitions_overridePerCallLeavesOtherCallsAlone_S15(t *testing.T) {
	t.Parallel()
	each(t, seller.Config{}, func(s *shop, d definition, p probe) {
		p.policy.RefetchInterval = query.Every(11 * sec)
		d.probe(s.Seller).watch(s)
		s.advance(2*d.every - 1)
		require.Equal(s.t, every(d.every, 1), s.times(d.procedure))
	})
}
