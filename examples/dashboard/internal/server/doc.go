// Package server is a marketplace's seller backend in miniature: a tRPC v11 server on
// loopback with made-up orders, listings and payouts, so that the dashboard has something
// live to show without a network.
//
// The data is a function of a seed and of what has happened since. It changes by itself
// when [Config].ChangeEvery says so, and by the calls of clients. What goes wrong on real
// networks can be switched on: failing calls, error pages, rate limits, slowness, silence
// and cut connections.
//
// A request passes four stations: server.go receives it, trouble.go delays or spoils it,
// trpc.go splits it into calls and puts the answers together, and procedures.go reads each
// call's input and asks the store. A subscription takes another way: stream.go sends what
// events.go has logged.
package server
