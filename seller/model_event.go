package seller

import "time"

// OrderEventType says what an OrderEvent reports. Types this package has no name for
// come from newer servers and are kept.
type OrderEventType string

// The types of order events. After OrderResync events have been lost, and orders should
// be read again.
const (
	OrderCreatedEvent       OrderEventType = "order.created"
	OrderStatusChangedEvent OrderEventType = "order.status_changed"
	OrderCancelledEvent     OrderEventType = "order.cancelled"
	OrderResync             OrderEventType = "resync"
)

// OrderEvent is one value of the subscription orderStatus.onOrderChanged. Version is the
// order's after the change; PreviousStatus is nil for a new order. A resync carries no
// order, only Reason, the id the client resumed from (nil if none) and At.
type OrderEvent struct {
	Type           OrderEventType `json:"type"`
	OrderID        string         `json:"orderId,omitempty"`
	Status         OrderStatus    `json:"status,omitempty"`
	PreviousStatus *OrderStatus   `json:"previousStatus,omitempty"`
	Version        int            `json:"version,omitempty"`
	Total          Money          `json:"total,omitzero"`
	Reason         string         `json:"reason,omitempty"`
	LastEventID    *string        `json:"lastEventId,omitempty"`
	At             time.Time      `json:"at"`
}

// OrderEventsInput narrows orderStatus.onOrderChanged to some orders or statuses; empty
// lists mean all. ReplayLast asks for that many past events first, LastEventID for those
// after the one with this id.
type OrderEventsInput struct {
	OrderIDs    []string      `json:"orderIds,omitempty"`
	Statuses    []OrderStatus `json:"statuses,omitempty"`
	ReplayLast  int           `json:"replayLast,omitempty"`
	LastEventID string        `json:"lastEventId,omitempty"`
}

// BalanceEventType says what a BalanceEvent reports; unknown types are kept.
type BalanceEventType string

// The types of balance events. After BalanceResync events have been lost, and the
// balances should be read again.
const (
	BalanceChangedEvent BalanceEventType = "balance.changed"
	BalanceResync       BalanceEventType = "resync"
)

// BalanceEvent is one value of the subscription finance.onBalanceChanged. Reason names the
// cause, such as "order_completed", and OrderID or PayoutID what it happened to. A resync
// carries no balances, only Reason, the id the client resumed from (nil if none) and At.
type BalanceEvent struct {
	Type        BalanceEventType `json:"type"`
	Reason      string           `json:"reason"`
	OrderID     string           `json:"orderId,omitempty"`
	PayoutID    string           `json:"payoutId,omitempty"`
	Available   Money            `json:"available,omitzero"`
	Pending     Money            `json:"pending,omitzero"`
	InTransit   Money            `json:"inTransit,omitzero"`
	LastEventID *string          `json:"lastEventId,omitempty"`
	At          time.Time        `json:"at"`
}

// BalanceEventsInput says where finance.onBalanceChanged starts: ReplayLast asks for that
// many past events first, LastEventID for those after the one with this id. The zero
// value starts with the next event.
type BalanceEventsInput struct {
	ReplayLast  int    `json:"replayLast,omitempty"`
	LastEventID string `json:"lastEventId,omitempty"`
}
