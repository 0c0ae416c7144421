package seller

import (
	"encoding/json"
	"time"
)

// Sale is an order as the bookkeeper sees it: one row of sales.getAllSales. Gross
// less Fee is Net. Each sale belongs to exactly one order, OrderID, and has its status.
type Sale struct {
	ID        string      `json:"id"`
	OrderID   string      `json:"orderId"`
	Status    OrderStatus `json:"status"`
	BuyerName string      `json:"buyerName"`
	ItemCount int         `json:"itemCount"`
	Gross     Money       `json:"gross"`
	Fee       Money       `json:"fee"`
	Net       Money       `json:"net"`
	SoldAt    time.Time   `json:"soldAt"`
	UpdatedAt time.Time   `json:"updatedAt"`
}

// SaleDetail is a sale together with its whole order, as sales.getSaleById
// returns it.
type SaleDetail struct {
	Sale
	Order Order `json:"order"`
}

// SaleByIDInput asks sales.getSaleById for one sale.
type SaleByIDInput struct {
	SaleID string `json:"saleId"`
}

// SalesFilter selects a page of sales.getAllSales, newest first. The zero value
// means all: no Status is every status, a zero From or To leaves that side open
// (From is included, To is not). Limit is 1 to 100; zero leaves it to the server,
// which takes 20. A Cursor is only good for the filter it came from.
type SalesFilter struct {
	Status []OrderStatus `json:"status,omitempty"`
	From   time.Time     `json:"from,omitzero"`
	To     time.Time     `json:"to,omitzero"`
	Cursor Cursor        `json:"cursor,omitempty"`
	Limit  int           `json:"limit,omitempty"`
}

// MarshalJSON encodes the times in UTC, because servers refuse other offsets.
func (f SalesFilter) MarshalJSON() ([]byte, error) {
	type plain SalesFilter
	f.From, f.To = f.From.UTC(), f.To.UTC()
	return json.Marshal(plain(f))
}
