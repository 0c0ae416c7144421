package seller

import (
	"context"
	"errors"
	"net/http"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/querykey"
)

// ConfirmOrder takes a pending order on. At once it leaves the list of pending
// orders and is counted as confirmed; a refusal, such as trpc.CodeConflict for an
// order that is not pending, takes that back. It waits for earlier mutations of
// the same order.
func (s *Seller) ConfirmOrder() query.Mutation[ConfirmOrderInput, Order] {
	return query.Mutation[ConfirmOrderInput, Order]{
		Key: s.keys.ConfirmOrder(),
		Prepare: func(in ConfirmOrderInput) ConfirmOrderInput {
			in.IdempotencyKey = s.keyed(in.IdempotencyKey)
			return in
		},
		Do: func(ctx context.Context, in ConfirmOrderInput) (Order, error) {
			return confirmOrder.Call(ctx, s.api, in)
		},
		ScopeOf: func(in ConfirmOrderInput) string { return s.orderScope(in.OrderID) },
		Policy:  safeRetries(),
		Optimistic: func(tx *query.Tx, in ConfirmOrderInput) {
			s.move(in.OrderID, OrderConfirmed).patch(tx)
		},
		Invalidates: func(in ConfirmOrderInput) []query.Filter { return s.touchedByOrder(in.OrderID) },
	}
}

// CancelOrder cancels an order that has not been shipped, for a reason that the
// buyer gets to read. At once the order counts as cancelled everywhere; a refusal,
// such as trpc.CodeConflict for a shipped order, takes that back. It waits for
// earlier mutations of the same order.
func (s *Seller) CancelOrder() query.Mutation[CancelOrderInput, Order] {
	return query.Mutation[CancelOrderInput, Order]{
		Key: s.keys.CancelOrder(),
		Prepare: func(in CancelOrderInput) CancelOrderInput {
			in.IdempotencyKey = s.keyed(in.IdempotencyKey)
			return in
		},
		Do: func(ctx context.Context, in CancelOrderInput) (Order, error) {
			return cancelOrder.Call(ctx, s.api, in)
		},
		ScopeOf: func(in CancelOrderInput) string { return s.orderScope(in.OrderID) },
		Policy:  safeRetries(),
		Optimistic: func(tx *query.Tx, in CancelOrderInput) {
			s.move(in.OrderID, OrderCancelled).patch(tx)
		},
		Invalidates: func(in CancelOrderInput) []query.Filter { return s.touchedByOrder(in.OrderID) },
	}
}

// SchedulePayout pays out a part of the available balance. At once that part is
// shown as in transit; a refusal, such as trpc.CodeUnprocessableContent for want of
// money, takes that back. Payouts of one seller follow each other.
func (s *Seller) SchedulePayout() query.Mutation[SchedulePayoutInput, SchedulePayoutResult] {
	return query.Mutation[SchedulePayoutInput, SchedulePayoutResult]{
		Key: s.keys.SchedulePayout(),
		Prepare: func(in SchedulePayoutInput) SchedulePayoutInput {
			in.IdempotencyKey = s.keyed(in.IdempotencyKey)
			return in
		},
		Do: func(ctx context.Context, in SchedulePayoutInput) (SchedulePayoutResult, error) {
			return schedulePayout.Call(ctx, s.api, in)
		},
		Scope:  s.keys.Payouts().String(),
		Policy: safeRetries(),
		Optimistic: func(tx *query.Tx, in SchedulePayoutInput) {
			s.patchPayout(tx, Money{AmountCents: in.AmountCents, Currency: in.Currency})
		},
		Invalidates: func(SchedulePayoutInput) []query.Filter {
			return filters(s.keys.PayoutStats(), s.keys.AllPayoutHistory(), s.keys.Dashboard())
		},
	}
}

// keyed returns the idempotency key of a run: the caller's, or a new one.
func (s *Seller) keyed(given string) string {
	if given != "" {
		return given
	}
	return s.newKey()
}

// orderScope makes mutations of one order follow each other.
func (s *Seller) orderScope(id string) string { return s.keys.OrderByID(id).String() }

// touchedByOrder is what a change of an order makes stale.
func (s *Seller) touchedByOrder(id string) []query.Filter {
	return append(filters(
		s.keys.OrderByID(id),
		s.keys.PendingOrders(),
		s.keys.AllOrdersByStatus(),
		s.keys.OrderStats(),
		s.keys.AllSales(),
		s.keys.Dashboard(),
	), s.saleOf(id))
}

// saleOf chooses the single sale of an order, which has an id of its own.
func (s *Seller) saleOf(orderID string) query.Filter {
	return query.Filter{
		Key: s.keys.saleDetails(),
		Predicate: func(st query.State[any]) bool {
			sale, ok := st.Data().(SaleDetail)
			return ok && sale.OrderID == orderID
		},
	}
}

func filters(prefixes ...querykey.Key) []query.Filter {
	list := make([]query.Filter, len(prefixes))
	for i, key := range prefixes {
		list[i].Key = key
	}
	return list
}

// mutationRetries is how often a mutation is sent again when its answer is lost.
const mutationRetries = 3

// safeRetries repeats a mutation that got no answer, never one that the server
// refused. The idempotency key keeps it from running twice, and the alternative
// would be to show a change as undone that the server has made.
func safeRetries() query.MutationPolicy {
	return query.MutationPolicy{
		Retry: query.RetryFunc(func(failure int, err error) bool { return failure < mutationRetries && unanswered(err) }),
	}
}

// unanswered tells a lost answer from a refusal. The gateways in front of a
// server answer for it when it cannot.
func unanswered(err error) bool {
	var lost *trpc.TransportError
	var gateway *trpc.HTTPError
	switch {
	case errors.As(err, &lost), errors.Is(err, trpc.ErrOutcomeUnknown):
		return true
	case errors.As(err, &gateway):
		return gateway.Status >= http.StatusInternalServerError
	}
	return false
}
