package main

import (
	"context"
	"errors"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/seller"
)

// change is something the user wants the server to do.
type change struct {
	title string // as an offer: "confirm #121"
	final bool   // it cannot be taken back
	do    func(ctx context.Context, s *session) error
}

// outcome is what became of a change.
type outcome struct {
	title string
	err   error
}

// String tells the outcome to people.
func (o outcome) String() string {
	if o.err != nil {
		return fmt.Sprintf("%s: refused and undone: %s", o.title, reason(o.err))
	}
	return o.title + ": done"
}

// perform makes a change. What is on screen shows its effect at once; the message
// comes when the server has spoken, which may be after the network has returned.
func perform(ctx context.Context, s *session, c change) tea.Cmd {
	return func() tea.Msg {
		err := c.do(ctx, s)
		if ctx.Err() != nil {
			return nil
		}
		return doneMsg{outcome{c.title, err}}
	}
}

// changeOrder is what the keys c and x do to an order.
func changeOrder(key string, o seller.Order, ok bool) (change, error) {
	switch {
	case !ok:
		return change{}, errors.New("select an order first: on the pages 2, 3 or 4")
	case key == "c" && o.Status == seller.OrderPending:
		return confirmOrder(o), nil
	case key == "c":
		return change{}, fmt.Errorf("%s is %s: only pending orders can be confirmed", label(o.ID), statusName(o.Status))
	case o.Status.Cancellable():
		return cancelOrder(o), nil
	default:
		return change{}, fmt.Errorf("%s is %s: it is too late to cancel", label(o.ID), statusName(o.Status))
	}
}

func confirmOrder(o seller.Order) change {
	return change{
		title: "confirm " + label(o.ID),
		do: func(ctx context.Context, s *session) error {
			in := seller.ConfirmOrderInput{OrderID: o.ID, ExpectedVersion: o.Version}
			_, err := query.Mutate(ctx, s.client, s.shop.ConfirmOrder(), in)
			return err
		},
	}
}

func cancelOrder(o seller.Order) change {
	return change{
		title: "cancel " + label(o.ID), final: true,
		do: func(ctx context.Context, s *session) error {
			in := seller.CancelOrderInput{OrderID: o.ID, Reason: "cancelled by the seller"}
			_, err := query.Mutate(ctx, s.client, s.shop.CancelOrder(), in)
			return err
		},
	}
}

// schedulePayout pays out the least that the server lets go, so that it can be
// tried more than once.
func schedulePayout(p seller.PayoutStats, ok bool) (change, error) {
	least := p.MinimumPayout
	if !ok || least.AmountCents <= 0 {
		return change{}, errors.New("the balance is not known yet")
	}
	if p.Available.AmountCents < least.AmountCents {
		return change{}, fmt.Errorf("%s are available, the least payout is %s", amount(p.Available), amount(least))
	}
	return change{
		title: fmt.Sprintf("pay out %s of %s", amount(least), amount(p.Available)), final: true,
		do: func(ctx context.Context, s *session) error {
			in := seller.SchedulePayoutInput{AmountCents: least.AmountCents, Currency: least.Currency}
			_, err := query.Mutate(ctx, s.client, s.shop.SchedulePayout(), in)
			return err
		},
	}, nil
}
