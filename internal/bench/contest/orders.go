package contest

import (
	"encoding/json"
	"fmt"
)

// Order is one element of the list of W9.
type Order struct {
	ID        int64    `json:"id"`
	Number    string   `json:"number"`
	Status    string   `json:"status"`
	Currency  string   `json:"currency"`
	Total     int64    `json:"total"`
	Paid      bool     `json:"paid"`
	CreatedAt string   `json:"created_at"`
	UpdatedAt string   `json:"updated_at"`
	Customer  Customer `json:"customer"`
	Items     []Item   `json:"items"`
	Tags      []string `json:"tags"`
	Note      *string  `json:"note"`
}

// Customer is who ordered.
type Customer struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Item is one line of an order.
type Item struct {
	SKU   string `json:"sku"`
	Title string `json:"title"`
	Qty   int    `json:"qty"`
	Price int64  `json:"price"`
}

// Orders returns n orders. The one at index changed, if there is such a one, is
// cancelled and costs nothing.
func Orders(n, changed int) []*Order {
	list := make([]*Order, n)
	for i := range list {
		list[i] = order(i)
	}
	if changed >= 0 && changed < n {
		list[changed].Status, list[changed].Total = "cancelled", 0
	}
	return list
}

func order(i int) *Order {
	customer := i % 137
	o := &Order{
		ID:        int64(1_000_000 + i),
		Number:    fmt.Sprintf("SO-2026-%08d", i),
		Status:    []string{"new", "paid", "shipped", "delivered"}[i%4],
		Currency:  "EUR",
		Total:     int64(1999 + i*37),
		Paid:      i%4 != 0,
		CreatedAt: fmt.Sprintf("2026-03-%02dT%02d:%02d:00Z", i%28+1, i%24, i%60),
		UpdatedAt: fmt.Sprintf("2026-04-%02dT%02d:%02d:30Z", i%28+1, i%24, i%60),
		Customer: Customer{
			ID:    int64(customer),
			Name:  fmt.Sprintf("Customer Number %d", customer),
			Email: fmt.Sprintf("customer%d@example.com", customer),
		},
		Items: []Item{
			{SKU: fmt.Sprintf("SKU-%05d", i*7%9999), Title: "Blue cotton shirt, size M", Qty: 1 + i%3, Price: 1999},
			{SKU: fmt.Sprintf("SKU-%05d", i*11%9999), Title: "Socks (pair), \"warm\"", Qty: 2, Price: int64(37 * i)},
		},
		Tags: []string{"web", "priority"},
	}
	if i%5 == 0 {
		note := "leave at the door, ring twice"
		o.Note = &note
	}
	return o
}

// Encode returns the body of a response that carries list.
func Encode(list []*Order) ([]byte, error) { return json.Marshal(list) }

// Decode reads such a body.
func Decode(body []byte) ([]*Order, error) {
	var list []*Order
	err := json.Unmarshal(body, &list)
	return list, err
}
