package seller_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/seller"
)

func TestOrderStatus_unknownIsKeptNotRejected_S38(t *testing.T) {
	t.Parallel()
	var o seller.Order
	require.NoError(t, json.Unmarshal([]byte(`{"status":"on_hold","timeline":[{"status":"on_hold","at":"2025-06-01T00:00:00Z"}]}`), &o))
	require.Equal(t, seller.OrderStatus("on_hold"), o.Status)
	require.False(t, o.Status.Known())
	require.False(t, o.Status.Terminal())
	require.False(t, o.Status.Cancellable())
	require.False(t, o.Status.InEscrow())
	_, ok := o.Status.Next()
	require.False(t, ok)

	out, err := json.Marshal(o)
	require.NoError(t, err)
	require.Contains(t, string(out), `"status":"on_hold"`)

	var stats seller.OrderStats
	require.NoError(t, json.Unmarshal([]byte(`{"byStatus":{"on_hold":2}}`), &stats))
	require.Equal(t, 2, stats.ByStatus["on_hold"])
}

func TestOrderStatus_lifeLeadsFromPendingToCompleted(t *testing.T) {
	t.Parallel()
	want := seller.OrderStatuses()
	path := []seller.OrderStatus{seller.OrderPending}
	for {
		next, ok := path[len(path)-1].Next()
		if !ok {
			break
		}
		path = append(path, next)
	}
	require.Equal(t, want[:len(want)-1], path)
	require.Equal(t, seller.OrderCancelled, want[len(want)-1])
}

func TestOrderStatus_predicates(t *testing.T) {
	t.Parallel()
	type facts struct{ terminal, cancellable, escrow bool }
	for status, want := range map[seller.OrderStatus]facts{
		seller.OrderPending:    {cancellable: true},
		seller.OrderConfirmed:  {cancellable: true, escrow: true},
		seller.OrderProcessing: {cancellable: true, escrow: true},
		seller.OrderShipped:    {escrow: true},
		seller.OrderInTransit:  {escrow: true},
		seller.OrderDelivered:  {escrow: true},
		seller.OrderCompleted:  {terminal: true},
		seller.OrderCancelled:  {terminal: true},
	} {
		require.True(t, status.Known())
		require.Equal(t, want, facts{status.Terminal(), status.Cancellable(), status.InEscrow()}, status)
	}
}

func TestPayoutAndListingStatus_unknownIsKeptNotRejected_S38(t *testing.T) {
	t.Parallel()
	var p seller.Payout
	require.NoError(t, json.Unmarshal([]byte(`{"status":"held"}`), &p))
	require.Equal(t, seller.PayoutStatus("held"), p.Status)
	require.False(t, p.Status.Known())
	require.False(t, p.Status.Terminal())
	require.True(t, seller.PayoutProcessing.Known())
	require.True(t, seller.PayoutFailed.Terminal())

	var l seller.Listing
	require.NoError(t, json.Unmarshal([]byte(`{"status":"archived"}`), &l))
	require.Equal(t, seller.ListingStatus("archived"), l.Status)
	require.False(t, l.Status.Known())
	require.True(t, seller.ListingSoldOut.Known())
}
