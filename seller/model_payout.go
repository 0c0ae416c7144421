package seller

import (
	"encoding/json"
	"time"
)

// PayoutStatus is where a payout stands. Like OrderStatus it is plain text, so that
// a status of a newer server is kept.
type PayoutStatus string

// The statuses of a payout: scheduled, then processing, then paid or failed. A
// scheduled one may be cancelled.
const (
	PayoutScheduled  PayoutStatus = "scheduled"
	PayoutProcessing PayoutStatus = "processing"
	PayoutPaid       PayoutStatus = "paid"
	PayoutFailed     PayoutStatus = "failed"
	PayoutCancelled  PayoutStatus = "cancelled"
)

// Known reports whether this package has a name for the status.
func (s PayoutStatus) Known() bool {
	switch s {
	case PayoutScheduled, PayoutProcessing, PayoutPaid, PayoutFailed, PayoutCancelled:
		return true
	default:
		return false
	}
}

// Terminal reports whether the payout is over: paid, failed or cancelled. An unknown
// status counts as alive.
func (s PayoutStatus) Terminal() bool {
	return s == PayoutPaid || s == PayoutFailed || s == PayoutCancelled
}

// Payout is one transfer to the seller's account. Amount less Fee is Net. PaidAt is
// nil until it is paid, FailureReason unless it failed.
type Payout struct {
	ID            string       `json:"id"`
	SellerID      string       `json:"sellerId"`
	Status        PayoutStatus `json:"status"`
	Amount        Money        `json:"amount"`
	Fee           Money        `json:"fee"`
	Net           Money        `json:"net"`
	Method        PayoutMethod `json:"method"`
	CreatedAt     time.Time    `json:"createdAt"`
	ScheduledFor  time.Time    `json:"scheduledFor"`
	PaidAt        *time.Time   `json:"paidAt"`
	FailureReason *string      `json:"failureReason"`
}

// PayoutMethod is where a payout goes: the kind of account and its last four digits.
type PayoutMethod struct {
	Type  string `json:"type"`
	Last4 string `json:"last4"`
}

// PayoutStats are the seller's balances as of AsOf, the server's time. Available can
// be paid out now, Pending is held back until orders complete, InTransit is on its way.
// All amounts are in Currency. LastPayoutAt and NextPayoutAt are nil when there is none.
type PayoutStats struct {
	Currency      string     `json:"currency"`
	Available     Money      `json:"available"`
	Pending       Money      `json:"pending"`
	InTransit     Money      `json:"inTransit"`
	PaidOut       Money      `json:"paidOut"`
	LifetimeGross Money      `json:"lifetimeGross"`
	LifetimeFees  Money      `json:"lifetimeFees"`
	MinimumPayout Money      `json:"minimumPayout"`
	LastPayoutAt  *time.Time `json:"lastPayoutAt"`
	NextPayoutAt  *time.Time `json:"nextPayoutAt"`
	AsOf          time.Time  `json:"asOf"`
}

// PayoutFilter selects a page of finance.getPayoutHistory, newest first. No Status
// means every status. Limit is 1 to 100; zero leaves it to the server, which takes 20.
type PayoutFilter struct {
	Status []PayoutStatus `json:"status,omitempty"`
	Cursor Cursor         `json:"cursor,omitempty"`
	Limit  int            `json:"limit,omitempty"`
}

// SchedulePayoutInput asks finance.schedulePayout to pay out part of the available
// balance, in minor units of the account's currency. A zero ScheduledFor leaves the
// day to the server; it is sent in UTC. An IdempotencyKey makes repeating harmless.
type SchedulePayoutInput struct {
	AmountCents    int64     `json:"amountCents"`
	Currency       string    `json:"currency"`
	ScheduledFor   time.Time `json:"scheduledFor,omitzero"`
	IdempotencyKey string    `json:"idempotencyKey,omitempty"`
}

// MarshalJSON encodes the time in UTC, because servers refuse other offsets.
func (in SchedulePayoutInput) MarshalJSON() ([]byte, error) {
	type plain SchedulePayoutInput
	in.ScheduledFor = in.ScheduledFor.UTC()
	return json.Marshal(plain(in))
}

// SchedulePayoutResult is the answer of finance.schedulePayout: the new payout and
// the balances after it.
type SchedulePayoutResult struct {
	Payout  Payout      `json:"payout"`
	Balance PayoutStats `json:"balance"`
}
