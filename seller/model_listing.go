package seller

import "time"

// ListingStatus says whether a listing can be bought. Like OrderStatus it is plain
// text, so that a status of a newer server is kept.
type ListingStatus string

// The statuses of a listing. Only active ones can be bought.
const (
	ListingActive  ListingStatus = "active"
	ListingPaused  ListingStatus = "paused"
	ListingSoldOut ListingStatus = "sold_out"
	ListingDraft   ListingStatus = "draft"
)

// Known reports whether this package has a name for the status.
func (s ListingStatus) Known() bool {
	switch s {
	case ListingActive, ListingPaused, ListingSoldOut, ListingDraft:
		return true
	default:
		return false
	}
}

// Listing is something the seller offers, one row of listing.getMyListings. Stock is
// what is left to sell, SoldCount the pieces sold so far.
type Listing struct {
	ID        string        `json:"id"`
	SKU       string        `json:"sku"`
	Title     string        `json:"title"`
	Status    ListingStatus `json:"status"`
	Price     Money         `json:"price"`
	Stock     int           `json:"stock"`
	Views     int           `json:"views"`
	SoldCount int           `json:"soldCount"`
	CreatedAt time.Time     `json:"createdAt"`
	UpdatedAt time.Time     `json:"updatedAt"`
}

// ListingFilter selects a page of listing.getMyListings, newest first. No Status means
// every status; Query searches title and SKU without regard to case. Limit is 1 to 100;
// zero leaves it to the server, which takes 20.
type ListingFilter struct {
	Status []ListingStatus `json:"status,omitempty"`
	Query  string          `json:"query,omitempty"`
	Cursor Cursor          `json:"cursor,omitempty"`
	Limit  int             `json:"limit,omitempty"`
}
