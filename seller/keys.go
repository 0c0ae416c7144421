package seller

import "github.com/freshet-go/freshet/querykey"

// Keys is the tree of the keys of one seller's data. A method for a group gives
// the prefix of everything in it, for filters; the others give the key of one
// query. Keys are the same in every process, so they may be stored.
type Keys struct {
	// SellerID tells sellers apart and is part of every key.
	SellerID string
}

// Root is the prefix of every key of the seller.
func (k Keys) Root() querykey.Key { return querykey.Of("seller", k.SellerID) }

// Dashboard is the key of the composed dashboard.
func (k Keys) Dashboard() querykey.Key { return k.Root().With("dashboard") }

// AllSales is the prefix of the lists of sales, whatever their filter. Single
// sales are not among them.
func (k Keys) AllSales() querykey.Key { return k.Root().With("sales", "list") }

// Sales is the key of one page of sales. As a prefix it matches every list whose
// filter has at least the members of f.
func (k Keys) Sales(f SalesFilter) querykey.Key { return k.AllSales().With(f) }

// SaleByID is the key of one sale with its order.
func (k Keys) SaleByID(id string) querykey.Key { return k.saleDetails().With(id) }

func (k Keys) saleDetails() querykey.Key { return k.Root().With("sales", "detail") }

// Orders is the prefix of every query about orders: pending ones, those by
// status, single ones and the counts.
func (k Keys) Orders() querykey.Key { return k.Root().With("orders") }

// PendingOrders is the key of the orders that wait to be confirmed.
func (k Keys) PendingOrders() querykey.Key { return k.Orders().With("pending") }

// AllOrdersByStatus is the prefix of the lists of orders by status.
func (k Keys) AllOrdersByStatus() querykey.Key { return k.Orders().With("status") }

// OrdersByStatus is the key of the orders with one status.
func (k Keys) OrdersByStatus(s OrderStatus) querykey.Key { return k.AllOrdersByStatus().With(s) }

// OrderByID is the key of one order.
func (k Keys) OrderByID(id string) querykey.Key { return k.Orders().With("detail", id) }

// OrderStats is the key of the counts of orders by status.
func (k Keys) OrderStats() querykey.Key { return k.Orders().With("stats") }

// Payouts is the prefix of every query about payouts and balances.
func (k Keys) Payouts() querykey.Key { return k.Root().With("payouts") }

// PayoutStats is the key of the balances.
func (k Keys) PayoutStats() querykey.Key { return k.Payouts().With("stats") }

// AllPayoutHistory is the prefix of the lists of payouts, single pages and
// infinite lists alike.
func (k Keys) AllPayoutHistory() querykey.Key { return k.Payouts().With("history") }

// PayoutHistory is the key of one page of payouts.
func (k Keys) PayoutHistory(f PayoutFilter) querykey.Key { return k.AllPayoutHistory().With("page", f) }

// PayoutHistoryPages is the key of the infinite list of payouts.
func (k Keys) PayoutHistoryPages(f PayoutFilter) querykey.Key {
	return k.AllPayoutHistory().With("pages", f)
}

// Listings is the prefix of every query about listings.
func (k Keys) Listings() querykey.Key { return k.Root().With("listings") }

// MyListings is the key of one page of listings.
func (k Keys) MyListings(f ListingFilter) querykey.Key { return k.Listings().With(f) }

// ConfirmOrder is the key of the mutation that confirms an order. Mutations have
// a key space of their own, in which [Keys.Root] is their prefix, too.
func (k Keys) ConfirmOrder() querykey.Key { return k.Root().With("confirmOrder") }

// CancelOrder is the key of the mutation that cancels an order.
func (k Keys) CancelOrder() querykey.Key { return k.Root().With("cancelOrder") }

// SchedulePayout is the key of the mutation that schedules a payout.
func (k Keys) SchedulePayout() querykey.Key { return k.Root().With("schedulePayout") }
