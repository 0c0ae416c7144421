package seller

import (
	"encoding/json"
	"time"
)

// Order is one order of a buyer in full, as orderStatus.getOrderById and the order
// lists return it. Pointers are nil until what they stand for has happened. Version
// grows with every change and guards ConfirmOrderInput against acting on old data.
type Order struct {
	ID       string      `json:"id"`
	SellerID string      `json:"sellerId"`
	Number   int         `json:"number"`
	Status   OrderStatus `json:"status"`
	Version  int         `json:"version"`
	Buyer    Buyer       `json:"buyer"`
	Items    []OrderItem `json:"items"`

	// Subtotal + Shipping + Tax = Total; Total - Fee = Net, the seller's share.
	Subtotal Money `json:"subtotal"`
	Shipping Money `json:"shipping"`
	Tax      Money `json:"tax"`
	Total    Money `json:"total"`
	Fee      Money `json:"fee"`
	Net      Money `json:"net"`

	Tracking     *Tracking `json:"tracking"`
	Note         *string   `json:"note"`
	CancelReason *string   `json:"cancelReason"`

	CreatedAt   time.Time  `json:"createdAt"`
	UpdatedAt   time.Time  `json:"updatedAt"`
	ConfirmedAt *time.Time `json:"confirmedAt"`
	ShippedAt   *time.Time `json:"shippedAt"`
	DeliveredAt *time.Time `json:"deliveredAt"`
	CompletedAt *time.Time `json:"completedAt"`
	CancelledAt *time.Time `json:"cancelledAt"`

	// Timeline lists every status the order has had, the oldest first.
	Timeline []TimelineEntry `json:"timeline"`
}

// Buyer is who an order is for. Country is an ISO 3166 code of two letters.
type Buyer struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	City    string `json:"city"`
	Country string `json:"country"`
}

// OrderItem is one line of an order. Title and UnitPrice are those of the moment
// of sale; the listing may have changed since. Total is UnitPrice times Quantity.
type OrderItem struct {
	ListingID string `json:"listingId"`
	SKU       string `json:"sku"`
	Title     string `json:"title"`
	Quantity  int    `json:"quantity"`
	UnitPrice Money  `json:"unitPrice"`
	Total     Money  `json:"total"`
}

// Tracking names the carrier of a shipped order and its parcel number there.
type Tracking struct {
	Carrier string `json:"carrier"`
	Number  string `json:"number"`
}

// TimelineEntry says when an order got a status.
type TimelineEntry struct {
	Status OrderStatus `json:"status"`
	At     time.Time   `json:"at"`
}

// OrderStats counts the orders of a period by status. Revenue leaves cancelled
// orders out. ByStatus has an entry for each status the server knows, zeros
// included. AsOf is the server's time of counting.
type OrderStats struct {
	Total             int                 `json:"total"`
	ByStatus          map[OrderStatus]int `json:"byStatus"`
	Revenue           Money               `json:"revenue"`
	AverageOrderValue Money               `json:"averageOrderValue"`
	AsOf              time.Time           `json:"asOf"`
}

// OrderByIDInput asks orderStatus.getOrderById for one order.
type OrderByIDInput struct {
	OrderID string `json:"orderId"`
}

// OrdersByStatusInput asks orderStatus.getOrdersByStatus for a page of the orders
// with one status, newest first. Limit is 1 to 100; zero leaves it to the server,
// which takes 20.
type OrdersByStatusInput struct {
	Status OrderStatus `json:"status"`
	Cursor Cursor      `json:"cursor,omitempty"`
	Limit  int         `json:"limit,omitempty"`
}

// OrderStatsFilter bounds orderStatus.getOrderStats to orders created at or after
// From and before To. A zero time leaves that side open. Times are sent in UTC.
type OrderStatsFilter struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// MarshalJSON encodes the times in UTC, because servers refuse other offsets.
func (f OrderStatsFilter) MarshalJSON() ([]byte, error) {
	type plain OrderStatsFilter
	f.From, f.To = f.From.UTC(), f.To.UTC()
	return json.Marshal(plain(f))
}

// ConfirmOrderInput asks orderStatus.confirmOrder to take a pending order on. A
// non-zero ExpectedVersion makes the server refuse (PRECONDITION_FAILED) when the
// order has changed meanwhile. An IdempotencyKey makes repeating the call harmless.
type ConfirmOrderInput struct {
	OrderID         string `json:"orderId"`
	Note            string `json:"note,omitempty"`
	ExpectedVersion int    `json:"expectedVersion,omitempty"`
	IdempotencyKey  string `json:"idempotencyKey,omitempty"`
}

// CancelOrderInput asks orderStatus.cancelOrder to cancel an order that has not
// been shipped. Reason is required, at most 500 characters. An IdempotencyKey
// makes repeating the call harmless.
type CancelOrderInput struct {
	OrderID        string `json:"orderId"`
	Reason         string `json:"reason"`
	IdempotencyKey string `json:"idempotencyKey,omitempty"`
}
