package server

import (
	"fmt"
	"time"

	"github.com/freshet-go/freshet/seller"
)

func (s *store) confirm(sellerID string, in seller.ConfirmOrderInput) (seller.Order, error) {
	return once(s, sellerID, "confirm:"+in.OrderID, in.IdempotencyKey, func(a *account, now time.Time) (seller.Order, error) {
		o, err := a.order(in.OrderID)
		if err != nil {
			return seller.Order{}, err
		}
		if in.ExpectedVersion != 0 && in.ExpectedVersion != o.Version {
			return seller.Order{}, &refusal{
				code: "PRECONDITION_FAILED", reason: "version_mismatch",
				message: fmt.Sprintf("Order %s is at version %d", o.ID, o.Version), details: map[string]any{"version": o.Version},
			}
		}
		if o.Status != seller.OrderPending {
			return seller.Order{}, wrongStatus(o, "order_not_pending")
		}
		if in.Note != "" {
			o.Note = &in.Note
		}
		a.stamp(o, seller.OrderConfirmed, now)
		return *o, nil
	})
}

func (s *store) cancel(sellerID string, in seller.CancelOrderInput) (seller.Order, error) {
	return once(s, sellerID, "cancel:"+in.OrderID, in.IdempotencyKey, func(a *account, now time.Time) (seller.Order, error) {
		o, err := a.order(in.OrderID)
		if err != nil {
			return seller.Order{}, err
		}
		if !o.Status.Cancellable() {
			return seller.Order{}, wrongStatus(o, "order_not_cancellable")
		}
		o.CancelReason = &in.Reason
		a.stamp(o, seller.OrderCancelled, now)
		return *o, nil
	})
}

func wrongStatus(o *seller.Order, reason string) *refusal {
	return &refusal{
		code: "CONFLICT", reason: reason, message: fmt.Sprintf("Order %s is %s", o.ID, o.Status),
		details: map[string]any{"status": o.Status},
	}
}

func (s *store) schedulePayout(sellerID string, in seller.SchedulePayoutInput) (seller.SchedulePayoutResult, error) {
	return once(s, sellerID, "payout", in.IdempotencyKey, func(a *account, now time.Time) (seller.SchedulePayoutResult, error) {
		if err := a.mayPayOut(in, now); err != nil {
			return seller.SchedulePayoutResult{}, err
		}
		due := in.ScheduledFor
		if due.IsZero() {
			due = now.Add(payoutDelay)
		}
		p := a.newPayout(in.AmountCents, now, due)
		return seller.SchedulePayoutResult{Payout: *p, Balance: a.balance(now)}, nil
	})
}

func (a *account) mayPayOut(in seller.SchedulePayoutInput, now time.Time) error {
	available := a.balance(now).Available.AmountCents
	switch {
	case in.Currency != a.currency:
		return &refusal{
			code: "BAD_REQUEST", reason: "currency_mismatch", message: "Account currency is " + a.currency,
			details: map[string]any{"currency": a.currency},
		}
	case in.AmountCents < minimumPayout:
		return &refusal{
			code: "BAD_REQUEST", reason: "below_minimum", message: "Amount is below the minimum payout",
			details: map[string]any{"minimumCents": minimumPayout},
		}
	case in.AmountCents > available:
		return &refusal{
			code: "UNPROCESSABLE_CONTENT", reason: "insufficient_funds", message: "Not enough available balance",
			details: map[string]any{"availableCents": available},
		}
	}
	return nil
}

// createOrder lets a buyer order something.
func (s *store) createOrder(sellerID string) (seller.Order, error) {
	return with(s, sellerID, func(a *account, now time.Time) (seller.Order, error) {
		return *a.newOrder(now), nil
	})
}

// advanceOrder moves an order to its next status, as the warehouse or the carrier does.
func (s *store) advanceOrder(sellerID, orderID string) (seller.Order, error) {
	return with(s, sellerID, func(a *account, now time.Time) (seller.Order, error) {
		o, err := a.order(orderID)
		if err != nil {
			return seller.Order{}, err
		}
		next, ok := o.Status.Next()
		if !ok {
			return seller.Order{}, wrongStatus(o, "order_terminal")
		}
		a.stamp(o, next, now)
		return *o, nil
	})
}

// step lets one thing happen to every seller.
func (s *store) step() {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		a.change(now)
	}
}
