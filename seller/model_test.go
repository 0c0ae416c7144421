package seller_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/seller"
)

// exchange is one recorded request to a real server, with its answer.
type exchange struct {
	Note    string `json:"note"`
	Request struct {
		Target string `json:"target"`
		Body   string `json:"body"`
	} `json:"request"`
	Response struct {
		Status int    `json:"status"`
		Body   string `json:"body"`
	} `json:"response"`
}

func (e exchange) procedure() string {
	path, _, _ := strings.Cut(e.Request.Target, "?")
	return strings.TrimPrefix(path, "/trpc/")
}

func (e exchange) input(t *testing.T) string {
	t.Helper()
	if e.Request.Body != "" {
		return e.Request.Body
	}
	u, err := url.Parse(e.Request.Target)
	require.NoError(t, err)
	return u.Query().Get("input")
}

// output is the value inside the tRPC envelope.
func (e exchange) output(t *testing.T) string {
	t.Helper()
	var envelope struct {
		Result struct {
			Data json.RawMessage `json:"data"`
		} `json:"result"`
	}
	require.NoError(t, json.Unmarshal([]byte(e.Response.Body), &envelope))
	require.NotEmpty(t, envelope.Result.Data, "the exchange must be a success")
	return string(envelope.Result.Data)
}

func recorded(t *testing.T, name string) []exchange {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var file struct {
		Exchanges []exchange `json:"exchanges"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.NotEmpty(t, file.Exchanges)
	return file.Exchanges
}

// roundTrip decodes text as a T, refusing fields that T lacks, and encodes it again.
func roundTrip[T any](t *testing.T, text string) string {
	t.Helper()
	var v T
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&v))
	out, err := json.Marshal(v)
	require.NoError(t, err)
	return string(out)
}

// requireSameJSON compares by value; two spellings of one time are equal.
func requireSameJSON(t *testing.T, want, got string) {
	t.Helper()
	var w, g any
	require.NoError(t, json.Unmarshal([]byte(want), &w))
	require.NoError(t, json.Unmarshal([]byte(got), &g))
	require.Equal(t, withPlainTimes(w), withPlainTimes(g))
}

func withPlainTimes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = withPlainTimes(v[k])
		}
		return v
	case []any:
		for i := range v {
			v[i] = withPlainTimes(v[i])
		}
		return v
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	}
	return v
}

func TestOutputs_keepEveryFieldOfTheServersAnswers_S38(t *testing.T) {
	t.Parallel()
	again := map[string]func(*testing.T, string) string{
		"sales.getAllSales":             roundTrip[seller.Page[seller.Sale]],
		"sales.getSaleById":             roundTrip[seller.SaleDetail],
		"orderStatus.getPendingOrders":  roundTrip[seller.Page[seller.Order]],
		"orderStatus.getOrdersByStatus": roundTrip[seller.Page[seller.Order]],
		"orderStatus.getOrderById":      roundTrip[seller.Order],
		"orderStatus.getOrderStats":     roundTrip[seller.OrderStats],
		"orderStatus.confirmOrder":      roundTrip[seller.Order],
		"orderStatus.cancelOrder":       roundTrip[seller.Order],
		"finance.getPayoutStats":        roundTrip[seller.PayoutStats],
		"finance.getPayoutHistory":      roundTrip[seller.Page[seller.Payout]],
		"finance.schedulePayout":        roundTrip[seller.SchedulePayoutResult],
		"listing.getMyListings":         roundTrip[seller.Page[seller.Listing]],
	}
	seen := map[string]bool{}
	for _, e := range append(recorded(t, "procedures.json"), recorded(t, "paging.json")...) {
		if e.Response.Status != 200 {
			continue
		}
		require.Contains(t, again, e.procedure())
		seen[e.procedure()] = true
		want := e.output(t)
		requireSameJSON(t, want, again[e.procedure()](t, want))
	}
	require.Len(t, seen, len(again), "each procedure must have been recorded")
}

func TestInputs_keepEveryFieldOfTheRecordedCalls_S38(t *testing.T) {
	t.Parallel()
	again := map[string]func(*testing.T, string) string{
		"sales.getSaleById":             roundTrip[seller.SaleByIDInput],
		"orderStatus.getPendingOrders":  roundTrip[seller.PageInput],
		"orderStatus.getOrdersByStatus": roundTrip[seller.OrdersByStatusInput],
		"orderStatus.getOrderById":      roundTrip[seller.OrderByIDInput],
		"orderStatus.confirmOrder":      roundTrip[seller.ConfirmOrderInput],
		"orderStatus.cancelOrder":       roundTrip[seller.CancelOrderInput],
		"finance.getPayoutHistory":      roundTrip[seller.PayoutFilter],
		"finance.schedulePayout":        roundTrip[seller.SchedulePayoutInput],
	}
	seen := map[string]bool{}
	for _, e := range append(recorded(t, "procedures.json"), recorded(t, "paging.json")...) {
		encode, ok := again[e.procedure()]
		if want := e.input(t); ok && want != "" {
			seen[e.procedure()] = true
			requireSameJSON(t, want, encode(t, want))
		}
	}
	require.Len(t, seen, len(again), "each procedure must have been recorded")
}

func TestInputs_leaveOutWhatIsNotSet_S38(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]any{
		`{}`:                               seller.SalesFilter{},
		`{"status":"pending"}`:             seller.OrdersByStatusInput{Status: seller.OrderPending},
		`{"status":["paid"]}`:              seller.PayoutFilter{Status: []seller.PayoutStatus{seller.PayoutPaid}},
		`{"query":"mug","limit":5}`:        seller.ListingFilter{Query: "mug", Limit: 5},
		`{"cursor":"c","limit":3}`:         seller.PageInput{Cursor: "c", Limit: 3},
		`{"orderId":"o"}`:                  seller.ConfirmOrderInput{OrderID: "o"},
		`{"orderId":"o","reason":"r"}`:     seller.CancelOrderInput{OrderID: "o", Reason: "r"},
		`{"amountCents":1,"currency":"€"}`: seller.SchedulePayoutInput{AmountCents: 1, Currency: "€"},
	} {
		got, err := json.Marshal(in)
		require.NoError(t, err)
		require.JSONEq(t, want, string(got))
	}
}

func TestInputs_sendTimesInUTC_S38(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 6, 1, 1, 30, 0, 0, time.FixedZone("", 2*60*60))
	for want, in := range map[string]any{
		`{"from":"2025-05-31T23:30:00Z","to":"2025-06-01T23:30:00Z"}`: seller.SalesFilter{From: at, To: at.Add(24 * time.Hour)},
		`{"from":"2025-05-31T23:30:00Z"}`:                             seller.OrderStatsFilter{From: at},
		`{"amountCents":1,"currency":"USD","scheduledFor":"2025-05-31T23:30:00Z"}`: seller.SchedulePayoutInput{
			AmountCents: 1, Currency: "USD", ScheduledFor: at,
		},
	} {
		got, err := json.Marshal(in)
		require.NoError(t, err)
		require.JSONEq(t, want, string(got))
	}
}

func TestPage_nullCursorIsTheLastPage_S38(t *testing.T) {
	t.Parallel()
	var last, middle seller.Page[seller.Sale]
	require.NoError(t, json.Unmarshal([]byte(`{"items":[],"nextCursor":null,"total":3}`), &last))
	require.NoError(t, json.Unmarshal([]byte(`{"items":[],"nextCursor":"abc","total":3}`), &middle))
	require.False(t, last.HasNext())
	require.True(t, middle.HasNext())
	require.Equal(t, seller.Cursor("abc"), middle.NextCursor)

	out, err := json.Marshal(last)
	require.NoError(t, err)
	require.JSONEq(t, `{"items":[],"nextCursor":null,"total":3}`, string(out))
}

func TestEvents_decodeChangesAndResyncs_S38(t *testing.T) {
	t.Parallel()
	var created, resync seller.OrderEvent
	require.NoError(t, json.Unmarshal([]byte(`{"type":"order.created","orderId":"ord_1_00122","status":"pending",
		"previousStatus":null,"version":1,"total":{"amountCents":74388,"currency":"USD"},"at":"2025-06-01T00:00:02.000Z"}`), &created))
	require.Equal(t, seller.OrderEvent{
		Type: seller.OrderCreatedEvent, OrderID: "ord_1_00122", Status: seller.OrderPending, Version: 1,
		Total: seller.Money{AmountCents: 74388, Currency: "USD"}, At: time.Date(2025, 6, 1, 0, 0, 2, 0, time.UTC),
	}, created)

	require.NoError(t, json.Unmarshal([]byte(`{"type":"resync","reason":"log_truncated","lastEventId":"o1-1","at":"2025-06-01T00:00:03.000Z"}`), &resync))
	require.Equal(t, seller.OrderResync, resync.Type)
	require.Equal(t, "o1-1", *resync.LastEventID)

	var balance seller.BalanceEvent
	require.NoError(t, json.Unmarshal([]byte(`{"type":"balance.changed","reason":"order_confirmed","orderId":"ord_1_00121",
		"available":{"amountCents":1,"currency":"USD"},"pending":{"amountCents":2,"currency":"USD"},
		"inTransit":{"amountCents":3,"currency":"USD"},"at":"2025-06-01T00:00:03.000Z"}`), &balance))
	require.Equal(t, seller.Money{AmountCents: 2, Currency: "USD"}, balance.Pending)
	require.Equal(t, "ord_1_00121", balance.OrderID)
}
