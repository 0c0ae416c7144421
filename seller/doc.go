// Package seller is the data layer of a marketplace seller's dashboard: what a
// seller looks at, how current each part of it is kept, and what the seller can
// change, over a tRPC server.
//
// A [Seller] is made once per person who is signed in. Its methods return
// definitions, plain values that the functions of package query work with:
//
//	me, err := seller.New(seller.Config{Client: client, API: api, SellerID: "seller_1"})
//
//	for r := range query.Watch(ctx, client, me.Dashboard()) {
//		show(r.Data(), r.Age())
//	}
//	_, err = query.Mutate(ctx, client, me.ConfirmOrder(), seller.ConfirmOrderInput{OrderID: "ord_1_00042"})
//
// # Freshness
//
// Every definition comes with a policy: how often it is polled, when its data
// turn stale, how long they are kept, what happens on focus and on reconnect, and
// how failures are retried. The numbers are in policies.go. They can be changed
// for all definitions by [Config], and for one use of a definition by assigning
// to its policy:
//
//	q := me.OrderByID(id)
//	q.Policy.RefetchInterval = query.Every(time.Second)
//
// Polling goes on while the application is hidden. There a failure is not
// retried, since the next poll is the retry; see also Config.HiddenFactor.
//
// # Changes
//
// Mutations show their effect at once, take it back if the server refuses, and
// then make everything stale that the change reaches. Those of one order run one
// after the other. They wait while there is no network. Each run carries an
// idempotency key, the same for all its attempts, so that an answer lost on the
// way is asked for again instead of being taken for a failure.
//
// # Events
//
// [Seller.Listen] lets the server tell what changes. While its streams are healthy
// polling slows down, and what an event concerns is refetched at once; when one is
// lost, polling is as before.
//
// # Many sellers
//
// The seller's id begins every key, so one client can serve any number of
// sellers, and [Keys.Root] reaches everything of one: to forget a seller who signs
// out, remove what it matches.
package seller
