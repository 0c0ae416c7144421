package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// switches are what can be tried beyond polling each query by itself.
type switches struct {
	push      bool // the server tells what changes
	batch     bool // calls that start together share a request
	selective bool // what has not changed is not decoded
	adaptive  bool // intervals follow the server and the data
}

// String lists them with their state.
func (w switches) String() string {
	var words []string
	for _, s := range listOf(&w) {
		words = append(words, s.name+" "+pick(*s.on, "on", "off"))
	}
	return strings.Join(words, ", ")
}

// namedSwitch is one of the switches, and the key that turns it.
type namedSwitch struct {
	key, name string
	on        *bool
}

// listOf is how they are told and turned.
func listOf(w *switches) []namedSwitch {
	return []namedSwitch{
		{"P", "push", &w.push},
		{"B", "batch", &w.batch},
		{"S", "selective", &w.selective},
		{"A", "adaptive", &w.adaptive},
	}
}

// turn sets the switches, for pages that are live as well. Data and observers stay.
func (s *session) turn(to switches) error {
	shop, err := s.sellerWith(to)
	if err != nil {
		return err
	}
	s.shop = shop
	if err := s.pages.ask(shop, s.orderID()); err != nil {
		return err
	}
	switch {
	case to.push && s.stopPush == nil:
		if s.stopPush, err = shop.Listen(); err != nil {
			return fmt.Errorf("push: %w", err)
		}
	case !to.push && s.stopPush != nil:
		s.stopPush()
		s.stopPush = nil
	}
	s.switches = to
	return nil
}

// sellerWith is the seller whose queries go by the switches.
func (s *session) sellerWith(w switches) (*seller.Seller, error) {
	api := s.single
	if w.batch {
		api = s.batched
	}
	return seller.New(seller.Config{
		Client: s.client, API: api, SellerID: s.backend.seller,
		Selective: w.selective, Adaptive: w.adaptive, PushDashboard: true,
	})
}

// newAPI makes a client of the server whose requests are counted.
func (s *session) newAPI(b trpc.Batch) (*trpc.Client, error) {
	counted := *s.backend.http
	counted.Transport = s.rate.over(counted.Transport)
	return trpc.New(trpc.Config{
		URL: s.backend.url, HTTP: &counted, Auth: trpc.BearerToken(s.backend.token), Batch: b, Clock: s.clock,
	})
}

// traffic adds up both ways to call.
func (s *session) traffic() trpc.Stats {
	sum, single := s.batched.Stats(), s.single.Stats()
	sum.Calls += single.Calls
	sum.Requests += single.Requests
	sum.Batches += single.Batches
	sum.BytesReceived += single.BytesReceived
	sum.Broken += single.Broken
	return sum
}

func (s *session) closeAPIs(ctx context.Context) error {
	return errors.Join(s.batched.Close(ctx), s.single.Close(ctx))
}
