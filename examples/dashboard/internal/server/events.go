package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/freshet-go/freshet/seller"
)

// maxEvents is how many events a log keeps, for clients that come back.
const maxEvents = 256

// eventLog is what has happened to a seller, in order. The store's lock guards it.
type eventLog struct {
	prefix  string
	entries []any         // the latest ones
	last    int           // number of the latest, from 1
	changed chan struct{} // closed and replaced when there is another
}

func newEventLog(prefix string, index int) *eventLog {
	return &eventLog{prefix: prefix + strconv.Itoa(index), changed: make(chan struct{})}
}

// add appends an event. A shop that is still being made up has no log.
func (l *eventLog) add(event any) {
	if l == nil {
		return
	}
	l.last++
	l.entries = append(l.entries, event)
	if len(l.entries) > maxEvents {
		l.entries = l.entries[1:]
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// number finds the event with an id, and reports whether the log goes on behind it. No id
// is the latest event.
func (l *eventLog) number(id string) (n int, ok bool) {
	if id == "" {
		return l.last, true
	}
	digits, ok := strings.CutPrefix(id, l.prefix+"-")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n <= l.last && n >= l.last-len(l.entries)
}

func (l *eventLog) id(n int) string { return fmt.Sprintf("%s-%d", l.prefix, n) }

// since returns what came behind the n-th event.
func (l *eventLog) since(n int) []any { return l.entries[len(l.entries)-(l.last-n):] }

// tellOrder logs what has become of an order, and of the balance by it.
func (a *account) tellOrder(o *seller.Order, before *seller.OrderStatus) {
	e := seller.OrderEvent{
		Type: seller.OrderStatusChangedEvent, OrderID: o.ID, Status: o.Status, PreviousStatus: before,
		Version: o.Version, Total: o.Total, At: o.UpdatedAt,
	}
	switch {
	case before == nil:
		e.Type = seller.OrderCreatedEvent
	case o.Status == seller.OrderCancelled:
		e.Type = seller.OrderCancelledEvent
	}
	a.orderLog.add(e)
	if before != nil && (before.InEscrow() != o.Status.InEscrow() || o.Status == seller.OrderCompleted) {
		a.tellBalance(seller.BalanceEvent{Reason: "order_" + string(o.Status), OrderID: o.ID}, o.UpdatedAt)
	}
}

func (a *account) tellPayout(p *seller.Payout, at time.Time) {
	a.tellBalance(seller.BalanceEvent{Reason: "payout_" + string(p.Status), PayoutID: p.ID}, at)
}

func (a *account) tellBalance(e seller.BalanceEvent, at time.Time) {
	if a.balanceLog == nil {
		return
	}
	b := a.balance(at)
	e.Type, e.At = seller.BalanceChangedEvent, at
	e.Available, e.Pending, e.InTransit = b.Available, b.Pending, b.InTransit
	a.balanceLog.add(e)
}

// follower is a subscription's place in a log.
type follower struct {
	log   *eventLog
	n     int  // of the event before the next
	gap   bool // events are missing
	after string
}

// follow opens a subscription behind the event with the id.
func (s *store) follow(path, sellerID, after string) (*follower, error) {
	return with(s, sellerID, func(a *account, _ time.Time) (*follower, error) {
		f := &follower{log: a.orderLog, after: after}
		if path == onBalanceChanged {
			f.log = a.balanceLog
		}
		n, ok := f.log.number(after)
		f.n, f.gap = n, !ok
		return f, nil
	})
}

// event is one that is to be sent.
type event struct {
	id   string
	data any
}

// next returns what there is to send, and what is closed when there is more.
func (s *store) next(f *follower) (news []event, more <-chan struct{}) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.gap || f.n < f.log.last-len(f.log.entries) {
		f.gap, f.n = false, f.log.last
		// A resync of balances reads the same.
		resync := seller.OrderEvent{Type: seller.OrderResync, Reason: "log_truncated", LastEventID: &f.after, At: now}
		news = append(news, event{f.log.id(f.n), resync})
	}
	for _, e := range f.log.since(f.n) {
		f.n++
		news = append(news, event{f.log.id(f.n), e})
	}
	return news, f.log.changed
}
