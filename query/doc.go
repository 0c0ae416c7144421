// Package query keeps remote data in memory and keeps them fresh: what TanStack
// Query is to the web, for Go services, command-line tools and desktop programs.
//
// A [Query] is a value that says under which key data live, how to fetch them
// and how fresh they must be. A [Client] owns the cache. Four things can be done
// with the two:
//
//	order, err := query.Fetch(ctx, client, Order("o-17"))    // get it, from the cache if fresh
//	for r := range query.Watch(ctx, client, Order("o-17")) { // keep it fresh and hear of changes
//	_, err = query.Mutate(ctx, client, ConfirmOrder, "o-17") // change it at the server
//	err = client.Invalidate(ctx, query.Filter{Key: orders})  // say that it has changed
//
// # Defaults worth knowing
//
// They are TanStack Query's. Data are stale at once, so every new observer, the
// return of focus and the return of the network refetch them; set
// [Policy.StaleTime] to say otherwise. Data that nobody observes are dropped
// after five minutes. A failed fetch of an observed query is tried three more
// times, after one, two and four seconds; Fetch and its relatives do not retry.
// Fetches wait for the network, and retries also for focus. New data that equal
// the old ones leave the old value in place, so that nothing downstream changes.
//
// # Who waits for whom
//
// Everyone who wants a key that is being fetched waits for the one fetch. A
// caller's context bounds the caller's wait and nothing else: the fetch belongs
// to the client. It is cancelled by Cancel, by a refetch that replaces it, by
// Close, and when the last observer leaves, if the fetch function looks at its
// context at all.
//
// # Concurrency
//
// Everything may be called from any goroutine. Get, a fresh Fetch and Current
// take no lock. Fetch functions, mutations and subscribers run on goroutines of
// the client; policy functions, updaters and selects run where the change
// happens, must be quick, and must not call the client. None of them runs under a
// lock, and a panic in one becomes an error. Close waits for every goroutine.
//
// # Time
//
// All time comes from [Config].Clock. Package querytest runs a test on a clock
// that the test moves.
//
// # More
//
// Guides to defaults, keys, polling, optimistic updates, testing and more are in
// the folder docs; TANSTACK.md is the way over from TanStack Query, DIFFERENCES.md
// says where the two part, DESIGN.md how it all works, and PERFORMANCE.md
// what it costs.
//
// The ideas, and most of the names, are those of TanStack Query by Tanner
// Linsley and contributors; where behaviour is not documented here it is that of
// its core, version 5.
package query
