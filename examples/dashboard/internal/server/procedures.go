package server

import (
	"encoding/json"
	"time"

	"github.com/freshet-go/freshet/seller"
)

// kind is what a procedure does, which decides the HTTP method.
type kind string

const (
	query    kind = "query"
	mutation kind = "mutation"

	subscription kind = "subscription"
)

func (k kind) method() string {
	if k == mutation {
		return "POST"
	}
	return "GET"
}

// procedure is one function of the API. Its answer asks for the input only if it has one.
type procedure struct {
	kind   kind
	cache  string // cache-control of a successful answer
	answer func(s *store, sellerID string, input inputFunc) (any, error)
}

// inputFunc delivers a call's JSON input, nil if there is none.
type inputFunc func() (json.RawMessage, error)

func procedures() map[string]procedure {
	return map[string]procedure{
		"sales.getAllSales":             {kind: query, answer: reading(optional, readSalesQuery, (*store).sales)},
		"sales.getSaleById":             {kind: query, answer: reading(required, readID("saleId"), (*store).sale)},
		onOrderChanged:                  {kind: subscription},
		onBalanceChanged:                {kind: subscription},
		"orderStatus.getPendingOrders":  {kind: query, answer: reading(optional, (*fields).window, (*store).pendingOrders)},
		"orderStatus.getOrdersByStatus": {kind: query, answer: reading(required, readByStatus, (*store).byStatus)},
		"orderStatus.getOrderById":      {kind: query, answer: reading(required, readID("orderId"), (*store).order)},
		"orderStatus.getOrderStats":     {kind: query, answer: reading(optional, readPeriod, (*store).statsOf)},
		"orderStatus.confirmOrder":      {kind: mutation, answer: reading(required, readConfirm, (*store).confirm)},
		"orderStatus.cancelOrder":       {kind: mutation, answer: reading(required, readCancel, (*store).cancel)},
		"finance.getPayoutHistory":      {kind: query, answer: reading(optional, readPayoutsQuery, (*store).payouts)},
		"finance.schedulePayout":        {kind: mutation, answer: reading(required, readSchedule, (*store).schedulePayout)},
		"finance.getPayoutStats": {kind: query, answer: func(s *store, sellerID string, _ inputFunc) (any, error) {
			return s.balance(sellerID)
		}},
		"listing.getMyListings": {
			kind: query, cache: "private, max-age=1, stale-while-revalidate=5",
			answer: reading(optional, readListingsQuery, (*store).listings),
		},
	}
}

// reading makes an answer from a reader of the input and the store's method it is for.
func reading[In, Out any](
	n need, read func(*fields) In, run func(*store, string, In) (Out, error),
) func(*store, string, inputFunc) (any, error) {
	return func(s *store, sellerID string, input inputFunc) (any, error) {
		raw, err := input()
		if err != nil {
			return nil, err
		}
		f, err := openFields(raw, n)
		if err != nil {
			return nil, err
		}
		in := read(f)
		if err := f.err(); err != nil {
			return nil, err
		}
		return run(s, sellerID, in)
	}
}

type salesQuery struct {
	status   choices
	from, to moment
	window   window
}

func readSalesQuery(f *fields) salesQuery {
	return salesQuery{
		status: f.oneOrMany("status", orderStatuses()),
		from:   f.moment("from"),
		to:     f.moment("to"),
		window: f.window(),
	}
}

type byStatusQuery struct {
	status seller.OrderStatus
	window window
}

func readByStatus(f *fields) byStatusQuery {
	return byStatusQuery{status: seller.OrderStatus(f.one("status", orderStatuses())), window: f.window()}
}

type payoutsQuery struct {
	status choices
	window window
}

func readPayoutsQuery(f *fields) payoutsQuery {
	return payoutsQuery{status: f.oneOrMany("status", []string{
		string(seller.PayoutScheduled), string(seller.PayoutProcessing), string(seller.PayoutPaid),
		string(seller.PayoutFailed), string(seller.PayoutCancelled),
	}), window: f.window()}
}

type listingsQuery struct {
	status choices
	text   string
	window window
}

func readListingsQuery(f *fields) listingsQuery {
	return listingsQuery{
		status: f.oneOrMany("status", []string{
			string(seller.ListingActive), string(seller.ListingPaused),
			string(seller.ListingSoldOut), string(seller.ListingDraft),
		}),
		text:   f.text("query", textRule{most: 200}),
		window: f.window(),
	}
}

// period is a span of time; a zero end is open.
type period struct{ from, to time.Time }

func readPeriod(f *fields) period {
	return period{from: f.moment("from").at, to: f.moment("to").at}
}

func readID(name string) func(*fields) string {
	return func(f *fields) string { return f.text(name, textRule{need: required, least: 1}) }
}

func readConfirm(f *fields) seller.ConfirmOrderInput {
	in := seller.ConfirmOrderInput{
		OrderID: readID("orderId")(f),
		Note:    f.text("note", textRule{most: 500}),
	}
	version, _ := f.whole("expectedVersion", optional, 0)
	in.ExpectedVersion = int(version)
	in.IdempotencyKey = readIdempotencyKey(f)
	return in
}

func readCancel(f *fields) seller.CancelOrderInput {
	return seller.CancelOrderInput{
		OrderID:        readID("orderId")(f),
		Reason:         f.text("reason", textRule{need: required, least: 1, most: 500}),
		IdempotencyKey: readIdempotencyKey(f),
	}
}

func readSchedule(f *fields) seller.SchedulePayoutInput {
	amount, ok := f.whole("amountCents", required, 0)
	if ok && amount <= 0 {
		f.wrong("amountCents", notPositive())
	}
	return seller.SchedulePayoutInput{
		AmountCents:    amount,
		Currency:       f.text("currency", textRule{need: required, least: 3, most: 3}),
		ScheduledFor:   f.moment("scheduledFor").at,
		IdempotencyKey: readIdempotencyKey(f),
	}
}

func readIdempotencyKey(f *fields) string {
	return f.text("idempotencyKey", textRule{least: 1, most: 200})
}

func orderStatuses() []string {
	var names []string
	for _, status := range seller.OrderStatuses() {
		names = append(names, string(status))
	}
	return names
}
