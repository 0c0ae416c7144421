package seller

import "slices"

// OrderStatus is where an order stands. It is plain text so that a status which
// a newer server invents is kept and shown rather than refused; Known tells the
// ones this package has names for.
type OrderStatus string

// The statuses an order passes through, in this order; cancelled can follow any
// of the first three.
const (
	OrderPending    OrderStatus = "pending"
	OrderConfirmed  OrderStatus = "confirmed"
	OrderProcessing OrderStatus = "processing"
	OrderShipped    OrderStatus = "shipped"
	OrderInTransit  OrderStatus = "in_transit"
	OrderDelivered  OrderStatus = "delivered"
	OrderCompleted  OrderStatus = "completed"
	OrderCancelled  OrderStatus = "cancelled"
)

// OrderStatuses returns the known statuses in the order of an order's life, with
// cancelled last. The slice is the caller's own.
func OrderStatuses() []OrderStatus {
	return []OrderStatus{
		OrderPending, OrderConfirmed, OrderProcessing, OrderShipped,
		OrderInTransit, OrderDelivered, OrderCompleted, OrderCancelled,
	}
}

// Known reports whether this package has a name for the status. Unknown ones come
// from newer servers; they are neither terminal nor cancellable, as far as is known.
func (s OrderStatus) Known() bool { return slices.Contains(OrderStatuses(), s) }

// Terminal reports whether the order is over, which is true of completed and
// cancelled. An unknown status counts as alive, so that the order stays watched.
func (s OrderStatus) Terminal() bool { return s == OrderCompleted || s == OrderCancelled }

// Cancellable reports whether the seller may still cancel: until the order has
// been shipped. The server has the last word.
func (s OrderStatus) Cancellable() bool {
	return s == OrderPending || s == OrderConfirmed || s == OrderProcessing
}

// InEscrow reports whether the order's net amount counts into the pending balance:
// it is confirmed, but its money has not been released to the seller yet.
func (s OrderStatus) InEscrow() bool {
	switch s {
	case OrderConfirmed, OrderProcessing, OrderShipped, OrderInTransit, OrderDelivered:
		return true
	default:
		return false
	}
}

// Next returns the status that regularly follows. ok is false after the last one,
// for a cancelled order and for an unknown status.
func (s OrderStatus) Next() (next OrderStatus, ok bool) {
	switch s {
	case OrderPending:
		return OrderConfirmed, true
	case OrderConfirmed:
		return OrderProcessing, true
	case OrderProcessing:
		return OrderShipped, true
	case OrderShipped:
		return OrderInTransit, true
	case OrderInTransit:
		return OrderDelivered, true
	case OrderDelivered:
		return OrderCompleted, true
	default:
		return "", false
	}
}
