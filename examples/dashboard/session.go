package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// batchWindow collects the polls that fall due close together. It is longer than
// the client's default because nobody waits for a poll.
const batchWindow = 20 * time.Millisecond

// session is a running dashboard without a face.
type session struct {
	clock   clock.Clock
	backend *backend
	batched *trpc.Client // calls that start together share requests
	single  *trpc.Client // each has one of its own
	rate    *rate
	client  *query.Client
	shop    *seller.Seller
	meter   *meter
	journal *journal
	pages   pages
	began   time.Time
	order   atomic.Pointer[string] // the id of that on the order page; nil before there is one

	switches switches
	stopPush func() // nil while it is off
}

// newSession connects the pages to the backend, which it owns from then on, but
// fetches nothing yet.
func newSession(b *backend, c clock.Clock, w switches) (*session, error) {
	s := &session{clock: c, backend: b, meter: &meter{clock: c}, journal: newJournal(c), began: c.Now()}
	s.rate = &rate{clock: c, began: s.began}
	var err error
	if s.batched, err = s.newAPI(trpc.Batch{Window: batchWindow}); err != nil {
		return nil, err
	}
	if s.single, err = s.newAPI(trpc.Batch{Mode: trpc.BatchOff}); err != nil {
		return nil, err
	}
	// Polls of one interval drift apart by the windows that they have waited for.
	together := query.Together{On: query.On, Window: 3 * batchWindow}
	if s.client, err = query.New(query.Config{Clock: c, Focus: query.NewSignal(true), Together: together}); err != nil {
		return nil, err
	}
	if s.shop, err = s.sellerWith(w); err != nil {
		return nil, err
	}
	s.pages = newPages(s.client, s.shop, s.meter)
	return s, s.turn(w)
}

// watch keeps all pages live until stop.
func (s *session) watch() (stop func()) {
	var stops []func()
	for _, source := range s.pages.all() {
		stops = append(stops, source.watch(s.journal))
	}
	stops = append(stops, s.pages.sales.observer.Subscribe(func(r query.Result[seller.Page[seller.Sale]]) {
		s.chooseFirst(r.Data().Items)
	}))
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// connect waits for the first answer, to find out whether the server is there and
// lets us in. The pages must be watched already, so that their first requests
// travel together.
func (s *session) connect(ctx context.Context) error {
	for r := range s.pages.balance.observer.Results(ctx) {
		if r.HasData() {
			return nil
		}
		if err := r.FailureReason(); err != nil {
			return fmt.Errorf("no answer from %s: %s", s.backend.name, clean(reason(err)))
		}
	}
	return fmt.Errorf("no answer from %s: %w", s.backend.name, context.Cause(ctx))
}

// chooseFirst puts the newest order that is still open on the order page, unless
// there is one already.
func (s *session) chooseFirst(sales []seller.Sale) {
	if len(sales) == 0 {
		return
	}
	newest := sales[0].OrderID
	for _, sale := range sales {
		if !sale.Status.Terminal() {
			newest = sale.OrderID
			break
		}
	}
	if s.order.CompareAndSwap(nil, &newest) {
		_ = s.pages.order.show(s.shop.OrderByID(newest)) // cannot fail: the type is right and the client is open
	}
}

// open puts an order on the order page.
func (s *session) open(orderID string) error {
	s.order.Store(&orderID)
	return s.pages.order.show(s.shop.OrderByID(orderID))
}

// orderID is that of the order page, empty before there is one.
func (s *session) orderID() string {
	if id := s.order.Load(); id != nil {
		return *id
	}
	return ""
}

// conditions are what the dashboard works under.
type conditions struct {
	focused bool // somebody looks
	online  bool // the machine says that it has a network
	intact  bool // requests get through
}

func goodConditions() conditions { return conditions{focused: true, online: true, intact: true} }

func (c conditions) good() bool { return c == goodConditions() }

// apply brings the conditions about.
func (s *session) apply(c conditions) {
	if s.backend.cut != nil {
		s.backend.cut(!c.online || !c.intact)
	}
	s.meter.attend(c.good())
	s.client.Online().Set(c.online)
	s.client.Focus().Set(c.focused)
}

// close ends everything the session has begun.
func (s *session) close(ctx context.Context) error {
	err := errors.Join(s.client.Close(ctx), s.closeAPIs(ctx))
	s.backend.http.CloseIdleConnections()
	return errors.Join(err, s.backend.close(ctx))
}
