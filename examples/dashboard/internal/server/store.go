package server

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/seller"
)

// store holds all accounts. Its methods are safe for concurrent use and give out copies.
type store struct {
	clock  clock.Clock
	offset time.Duration // from the clock to the shop's time

	mu       sync.Mutex // guards what follows
	accounts []*account
	done     map[string]any // answers of mutations by seller, operation and idempotency key
}

func newStore(cfg Config) *store {
	now := cfg.Clock.Now()
	epoch := now
	if !cfg.Epoch.IsZero() {
		epoch = cfg.Epoch
	}
	s := &store{clock: cfg.Clock, offset: epoch.Sub(now), done: map[string]any{}}
	for i := range cfg.Sellers {
		s.accounts = append(s.accounts, newAccount(cfg, i+1, s.now()))
	}
	return s
}

// now is the shop's time, in the precision of the wire.
func (s *store) now() time.Time {
	return s.clock.Now().Add(s.offset).UTC().Truncate(time.Millisecond)
}

// accountLocked finds a seller.
func (s *store) accountLocked(sellerID string) (*account, error) {
	for _, a := range s.accounts {
		if a.id == sellerID {
			return a, nil
		}
	}
	return nil, &refusal{code: "NOT_FOUND", reason: "seller_not_found", message: "No seller " + sellerID}
}

// with runs f on a seller's account under the lock.
func with[T any](s *store, sellerID string, f func(a *account, now time.Time) (T, error)) (T, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.accountLocked(sellerID)
	if err != nil {
		var none T
		return none, err
	}
	return f(a, now)
}

// once is with for mutations: a key that has been seen gets the answer it got before.
// Refusals are not remembered, so the caller may repair and repeat.
func once[T any](s *store, sellerID, operation, key string, f func(a *account, now time.Time) (T, error)) (T, error) {
	return with(s, sellerID, func(a *account, now time.Time) (T, error) {
		if key == "" {
			return f(a, now)
		}
		id := strings.Join([]string{sellerID, operation, key}, "|")
		if answer, ok := s.done[id].(T); ok {
			return answer, nil
		}
		answer, err := f(a, now)
		if err == nil {
			s.done[id] = answer
		}
		return answer, err
	})
}

func (s *store) sales(sellerID string, q salesQuery) (seller.Page[seller.Sale], error) {
	return with(s, sellerID, func(a *account, _ time.Time) (seller.Page[seller.Sale], error) {
		rows := a.ordersWhere(func(o *seller.Order) bool {
			return q.status.has(string(o.Status)) && (period{q.from.at, q.to.at}).includes(o.CreatedAt)
		})
		filter := strings.Join([]string{"sales", a.id, q.status.String(), q.from.text, q.to.text}, "|")
		return pageOf(rows, q.window, filter, orderPlace, saleOf)
	})
}

func (s *store) sale(sellerID, saleID string) (seller.SaleDetail, error) {
	return with(s, sellerID, func(a *account, _ time.Time) (seller.SaleDetail, error) {
		o, ok := a.byID["ord_"+strings.TrimPrefix(saleID, "sale_")]
		if !ok {
			return seller.SaleDetail{}, &refusal{
				code: "NOT_FOUND", reason: "sale_not_found", message: "No sale " + saleID,
				details: map[string]any{"saleId": saleID},
			}
		}
		return seller.SaleDetail{Sale: saleOf(o), Order: *o}, nil
	})
}

func (s *store) pendingOrders(sellerID string, want window) (seller.Page[seller.Order], error) {
	return s.byStatus(sellerID, byStatusQuery{status: seller.OrderPending, window: want})
}

func (s *store) byStatus(sellerID string, q byStatusQuery) (seller.Page[seller.Order], error) {
	return with(s, sellerID, func(a *account, _ time.Time) (seller.Page[seller.Order], error) {
		rows := a.ordersWhere(func(o *seller.Order) bool { return o.Status == q.status })
		filter := fmt.Sprintf("orders|%s|%s", a.id, q.status)
		return pageOf(rows, q.window, filter, orderPlace, func(o *seller.Order) seller.Order { return *o })
	})
}

func orderPlace(o *seller.Order) place { return place{o.CreatedAt, o.ID} }

func (s *store) order(sellerID, orderID string) (seller.Order, error) {
	return with(s, sellerID, func(a *account, _ time.Time) (seller.Order, error) {
		o, err := a.order(orderID)
		if err != nil {
			return seller.Order{}, err
		}
		return *o, nil
	})
}

func (s *store) statsOf(sellerID string, p period) (seller.OrderStats, error) {
	return with(s, sellerID, func(a *account, now time.Time) (seller.OrderStats, error) {
		return a.stats(p, now), nil
	})
}

func (s *store) balance(sellerID string) (seller.PayoutStats, error) {
	return with(s, sellerID, func(a *account, now time.Time) (seller.PayoutStats, error) {
		return a.balance(now), nil
	})
}

func (s *store) payouts(sellerID string, q payoutsQuery) (seller.Page[seller.Payout], error) {
	return with(s, sellerID, func(a *account, _ time.Time) (seller.Page[seller.Payout], error) {
		rows := slices.DeleteFunc(slices.Clone(a.payouts), func(p *seller.Payout) bool { return !q.status.has(string(p.Status)) })
		return pageOf(rows, q.window, "payouts|"+a.id+"|"+q.status.String(),
			func(p *seller.Payout) place { return place{p.CreatedAt, p.ID} },
			func(p *seller.Payout) seller.Payout { return *p })
	})
}

func (s *store) listings(sellerID string, q listingsQuery) (seller.Page[seller.Listing], error) {
	return with(s, sellerID, func(a *account, _ time.Time) (seller.Page[seller.Listing], error) {
		text := strings.ToLower(q.text)
		rows := slices.DeleteFunc(slices.Clone(a.listings), func(l *seller.Listing) bool {
			found := strings.Contains(strings.ToLower(l.Title), text) || strings.Contains(strings.ToLower(l.SKU), text)
			return !found || !q.status.has(string(l.Status))
		})
		filter := strings.Join([]string{"listings", a.id, q.status.String(), text}, "|")
		return pageOf(rows, q.window, filter,
			func(l *seller.Listing) place { return place{l.CreatedAt, l.ID} },
			func(l *seller.Listing) seller.Listing { return *l })
	})
}
