package seller_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
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

// market is a tRPC server in memory. It answers from its orders and balance, and
// writes down what it was asked and when.
type market struct {
	mu       sync.Mutex
	orders   []seller.Order // newest first
	balance  seller.PayoutStats
	fail     func(c call) error // nil or a nil error lets the call through
	latency  time.Duration
	calls    []call
	requests []time.Time
	done     map[string]string // answers by idempotency key
}

// call is one procedure call that arrived.
type call struct {
	Procedure string
	Input     string
	At        time.Time
}

// refused is an error that a tRPC server answers with.
type refusedError struct{ code trpc.Code }

func (r refusedError) Error() string { return string(r.code) }

// badGateway is what a proxy answers with when it cannot reach the server.
type badGatewayError struct{}

func (badGatewayError) Error() string { return "bad gateway" }

// order is the n-th order of the market, with the given status.
func order(n int, status seller.OrderStatus) seller.Order {
	at := time.Date(2025, 6, 1, 0, n, 0, 0, time.UTC)
	id := strconv.Itoa(n)
	return seller.Order{
		ID: "ord_" + id, SellerID: "seller_1", Number: n, Status: status, Version: 1,
		Total: usd(1000), Fee: usd(100), Net: usd(900), CreatedAt: at, UpdatedAt: at,
	}
}

func usd(cents int64) seller.Money { return seller.Money{AmountCents: cents, Currency: "USD"} }

// newMarket returns a market with one order of each given status, the last one
// the newest, and 500 dollars to pay out.
func newMarket(statuses ...seller.OrderStatus) *market {
	m := &market{done: map[string]string{}}
	m.balance = seller.PayoutStats{Currency: "USD", Available: usd(50_000), InTransit: usd(1_000)}
	for i, status := range statuses {
		m.orders = append([]seller.Order{order(i+1, status)}, m.orders...)
	}
	return m
}

// setStatus changes an order behind the client's back.
func (m *market) setStatus(id string, status seller.OrderStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.find(id).Status = status
}

// add lets a buyer order something.
func (m *market) add(o seller.Order) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.orders = append([]seller.Order{o}, m.orders...)
}

func (m *market) setFail(fail func(call) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

// failing refuses every call of the procedures, or of all if none is named.
func failing(err error, procedures ...string) func(call) error {
	return func(c call) error {
		if len(procedures) == 0 || slices.Contains(procedures, c.Procedure) {
			return err
		}
		return nil
	}
}

func (m *market) find(id string) *seller.Order {
	i := slices.IndexFunc(m.orders, func(o seller.Order) bool { return o.ID == id })
	if i < 0 {
		return nil
	}
	return &m.orders[i]
}

// RoundTrip answers a request, batched or not.
func (m *market) RoundTrip(req *http.Request) (*http.Response, error) {
	input := req.URL.Query().Get("input")
	if req.Body != nil {
		text, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		input = string(text)
	}
	m.mu.Lock()
	m.requests = append(m.requests, time.Now())
	latency := m.latency
	m.mu.Unlock()
	if latency > 0 {
		select {
		case <-time.After(latency):
		case <-req.Context().Done():
			return nil, context.Cause(req.Context())
		}
	}
	procedures := req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
	if req.URL.Query().Get("batch") != "1" {
		envelope, err := m.answer(procedures, input)
		if errors.Is(err, badGatewayError{}) {
			return response(http.StatusBadGateway, "<html>"), nil
		}
		if err != nil {
			return nil, err
		}
		return response(http.StatusOK, envelope), nil
	}
	var inputs map[string]json.RawMessage
	if err := json.Unmarshal([]byte(input), &inputs); err != nil {
		return nil, err
	}
	var envelopes []string
	for i, procedure := range strings.Split(procedures, ",") {
		envelope, err := m.answer(procedure, string(inputs[strconv.Itoa(i)]))
		if err != nil {
			return nil, err
		}
		envelopes = append(envelopes, envelope)
	}
	return response(http.StatusMultiStatus, "["+strings.Join(envelopes, ",")+"]"), nil
}

func response(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}
}

// answer returns the envelope for one call. Its error breaks the connection.
func (m *market) answer(procedure, input string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := call{Procedure: procedure, Input: input, At: time.Now()}
	m.calls = append(m.calls, c)
	var err error
	if m.fail != nil {
		err = m.fail(c)
	}
	var result any
	if err == nil {
		result, err = m.result(procedure, input)
	}
	var refusal refusedError
	if errors.As(err, &refusal) {
		return `{"error":{"message":"no","code":-32000,"data":{"code":"` + string(refusal.code) + `","path":"` + procedure + `"}}}`, nil
	}
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"result": map[string]any{"data": result}})
	return string(text), err
}

func (m *market) result(procedure, input string) (any, error) {
	var in struct {
		SaleID, OrderID, IdempotencyKey string
		Status                          any
		Cursor                          seller.Cursor
		AmountCents                     int64
	}
	if input != "" {
		if err := json.Unmarshal([]byte(input), &in); err != nil {
			return nil, err
		}
	}
	switch procedure {
	case "sales.getAllSales":
		return m.sales(), nil
	case "sales.getSaleById":
		return m.saleDetail(in.SaleID)
	case "orderStatus.getOrderById":
		if o := m.find(in.OrderID); o != nil {
			return *o, nil
		}
		return nil, refusedError{trpc.CodeNotFound}
	case "orderStatus.getPendingOrders":
		return m.withStatus(seller.OrderPending), nil
	case "orderStatus.getOrdersByStatus":
		status, _ := in.Status.(string)
		return m.withStatus(seller.OrderStatus(status)), nil
	case "orderStatus.getOrderStats":
		return m.stats(), nil
	case "finance.getPayoutStats":
		return m.balance, nil
	case "finance.getPayoutHistory":
		return payoutPage(in.Cursor), nil
	case "listing.getMyListings":
		return seller.Page[seller.Listing]{Items: []seller.Listing{{ID: "lst_1"}}, Total: 1}, nil
	default:
		return m.once(in.IdempotencyKey, func() (any, error) { return m.change(procedure, in.OrderID, in.AmountCents) })
	}
}

// once runs a change the first time that it hears of its key.
func (m *market) once(key string, change func() (any, error)) (any, error) {
	if text, ok := m.done[key]; ok && key != "" {
		return json.RawMessage(text), nil
	}
	result, err := change()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(result)
	m.done[key] = string(text)
	return result, err
}

func (m *market) change(procedure, orderID string, cents int64) (any, error) {
	o := m.find(orderID)
	switch {
	case procedure == "finance.schedulePayout" && cents <= m.balance.Available.AmountCents:
		m.balance.Available.AmountCents -= cents
		m.balance.InTransit.AmountCents += cents
		return seller.SchedulePayoutResult{Payout: seller.Payout{ID: "pay_1", Amount: usd(cents)}, Balance: m.balance}, nil
	case procedure == "finance.schedulePayout":
		return nil, refusedError{trpc.CodeUnprocessableContent}
	case o == nil:
		return nil, refusedError{trpc.CodeNotFound}
	case procedure == "orderStatus.confirmOrder" && o.Status == seller.OrderPending:
		o.Status = seller.OrderConfirmed
	case procedure == "orderStatus.cancelOrder" && o.Status.Cancellable():
		o.Status = seller.OrderCancelled
	default:
		return nil, refusedError{trpc.CodeConflict}
	}
	o.Version++
	return *o, nil
}

func (m *market) sales() seller.Page[seller.Sale] {
	page := seller.Page[seller.Sale]{Items: []seller.Sale{}, Total: len(m.orders)}
	for _, o := range m.orders {
		page.Items = append(page.Items, saleOf(o))
	}
	return page
}

func saleOf(o seller.Order) seller.Sale {
	return seller.Sale{
		ID: "sale_" + strings.TrimPrefix(o.ID, "ord_"), OrderID: o.ID, Status: o.Status,
		Gross: o.Total, Fee: o.Fee, Net: o.Net, SoldAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}
}

func (m *market) saleDetail(id string) (any, error) {
	if o := m.find("ord_" + strings.TrimPrefix(id, "sale_")); o != nil {
		return seller.SaleDetail{Sale: saleOf(*o), Order: *o}, nil
	}
	return nil, refusedError{trpc.CodeNotFound}
}

func (m *market) withStatus(status seller.OrderStatus) seller.Page[seller.Order] {
	page := seller.Page[seller.Order]{Items: []seller.Order{}}
	for _, o := range m.orders {
		if o.Status == status {
			page.Items = append(page.Items, o)
		}
	}
	page.Total = len(page.Items)
	return page
}

func (m *market) stats() seller.OrderStats {
	stats := seller.OrderStats{ByStatus: map[seller.OrderStatus]int{}, Total: len(m.orders), Revenue: usd(0), AverageOrderValue: usd(0)}
	for _, o := range m.orders {
		stats.ByStatus[o.Status]++
		if o.Status != seller.OrderCancelled {
			stats.Revenue.AmountCents += o.Total.AmountCents
			stats.AverageOrderValue = o.Total
		}
	}
	return stats
}

// payoutPage serves three payouts, one a page.
func payoutPage(c seller.Cursor) seller.Page[seller.Payout] {
	n, next := 1, seller.Cursor("2")
	switch c {
	case "2":
		n, next = 2, "3"
	case "3":
		n, next = 3, ""
	}
	return seller.Page[seller.Payout]{Items: []seller.Payout{{ID: "pay_" + strconv.Itoa(n)}}, NextCursor: next, Total: 3}
}

// inputs returns what the procedure was called with, in order.
func (m *market) inputs(procedure string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var inputs []string
	for _, c := range m.calls {
		if c.Procedure == procedure {
			inputs = append(inputs, c.Input)
		}
	}
	return inputs
}

// position returns the places of the procedure's calls among all calls.
func (m *market) position(procedure string) []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	var places []int
	for i, c := range m.calls {
		if c.Procedure == procedure {
			places = append(places, i)
		}
	}
	return places
}

// shop is a seller at work on fake time: everything in it lives in one bubble.
type shop struct {
	*seller.Seller

	t      *testing.T
	market *market
	client *query.Client
	api    *trpc.Client
	opened time.Time
}

// setup describes a shop. Without batching every call is a request of its own
// and takes no time, so that times come out round.
type setup struct {
	market *market
	config seller.Config
	batch  trpc.BatchMode
	cache  query.Config
}

// open returns a shop that is closed with the bubble of t.
func open(t *testing.T, s setup) *shop {
	t.Helper()
	if s.market == nil {
		s.market = newMarket(seller.OrderPending, seller.OrderConfirmed, seller.OrderShipped)
	}
	client, err := query.New(s.cache)
	require.NoError(t, err)
	api, err := trpc.New(trpc.Config{
		URL: "http://market.test/trpc", HTTP: &http.Client{Transport: s.market}, Batch: trpc.Batch{Mode: s.batch},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, client.Close(ctx))
		require.NoError(t, api.Close(ctx))
	})
	s.config.Client, s.config.API, s.config.SellerID = client, api, "seller_1"
	me, err := seller.New(s.config)
	require.NoError(t, err)
	return &shop{Seller: me, t: t, market: s.market, client: client, api: api, opened: time.Now()}
}

// advance lets time pass and everything settle that is due by then.
func (s *shop) advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// times returns when the procedure was called, counted from the opening.
func (s *shop) times(procedure string) []time.Duration {
	s.market.mu.Lock()
	defer s.market.mu.Unlock()
	var at []time.Duration
	for _, c := range s.market.calls {
		if c.Procedure == procedure {
			at = append(at, c.At.Sub(s.opened))
		}
	}
	return at
}

func (s *shop) requests() int {
	s.market.mu.Lock()
	defer s.market.mu.Unlock()
	return len(s.market.requests)
}

func (s *shop) elapsed() time.Duration { return time.Since(s.opened) }

// get returns cached data, which must be there.
func get[T any](s *shop, q query.Query[T]) T {
	s.t.Helper()
	v, ok := query.Get(s.client, q)
	require.True(s.t, ok, "%s must be cached", q.Key)
	return v
}

// load fetches into the cache.
func load[T any](s *shop, q query.Query[T]) T {
	s.t.Helper()
	v, err := query.Fetch(s.t.Context(), s.client, q)
	require.NoError(s.t, err)
	return v
}

// watch observes q until the end of the bubble.
func watch[T any](s *shop, q query.Query[T]) *query.Observer[T] {
	o := query.Observe(s.client, q)
	s.t.Cleanup(o.Subscribe(func(query.Result[T]) {}))
	return o
}

// snapshot renders the cache, for comparing it before and after.
func (s *shop) snapshot() string {
	var b bytes.Buffer
	for _, e := range s.client.Entries(query.Filter{}) {
		text, err := json.Marshal(e.State.Data())
		require.NoError(s.t, err)
		b.WriteString(e.State.Key().String() + " " + string(text) + "\n")
	}
	return b.String()
}
