package seller

import "encoding/json"

// Cursor is an opaque mark between two pages of one list. The empty cursor means
// the first page when asking, and that there is no further page when answered; on
// the wire an answer carries null for it.
type Cursor string

// MarshalJSON encodes the empty cursor as null, which is how servers spell it.
func (c Cursor) MarshalJSON() ([]byte, error) {
	if c == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(c))
}

// Page is one page of a list. Items are in the list's own order, newest first, and
// NextCursor leads to the page after this one, empty on the last. Total counts the
// whole list as of this answer.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor Cursor `json:"nextCursor"`
	Total      int    `json:"total"`
}

// HasNext reports whether there is a page after this one.
func (p Page[T]) HasNext() bool { return p.NextCursor != "" }

// PageInput asks for one page of a list that has no filter, such as
// orderStatus.getPendingOrders. Limit is 1 to 100; zero leaves it to the server,
// which takes 20. The zero value is the first page.
type PageInput struct {
	Cursor Cursor `json:"cursor,omitempty"`
	Limit  int    `json:"limit,omitempty"`
}
