// Package trpc calls tRPC servers, versions 10 and 11, over HTTP, and listens to
// what they push.
//
// A procedure is a value that ties its path to the Go types of its input and
// output; it is declared once, usually as a package variable:
//
//	var orderByID = trpc.NewQuery[OrderInput, Order]("orderStatus.getOrderById")
//
//	client, err := trpc.New(trpc.Config{URL: "https://api.example.com/trpc"})
//	order, err := orderByID.Call(ctx, client, OrderInput{OrderID: "o-17"})
//
// # Batching
//
// Calls that start within [Batch].Window of each other travel as one HTTP
// request, queries and mutations apart, and only if their headers are equal, so
// two users never share a request. A call that is alone goes as a plain request,
// except a mutation without input, which only a batch of one carries to all
// servers. Each call has its own context: leaving a batch does not disturb the
// others, and the HTTP request is cancelled when its last call has left.
//
// With [BatchStream] each call is answered as soon as it is done, whatever
// becomes of the others. If the stream is cut, only the calls without an answer
// fail, with [ErrStreamCut]. Such results may hold promises and generators: the
// call waits for them, a generator becomes an array of what it yields, and if
// one fails the call does.
//
// # Subscriptions
//
// A [Subscription] is a loop over what happens to it:
//
//	for event := range orderChanged.Events(ctx, client, trpc.NoInput{}) {
//		switch event.Kind {
//		case trpc.EventConnected: // live; read anew what may have been missed
//		case trpc.EventResumed:   // live again, nothing is missed
//		case trpc.EventData:      // event.Data, event.ID
//		case trpc.EventLost:      // event.Err; it reconnects after event.RetryIn
//		case trpc.EventClosed:    // over; event.Err tells why
//		}
//	}
//
// It travels as server-sent events or over a WebSocket that all subscriptions of
// a user share; see [Push]. Servers track values by IDs, behind which a lost
// connection goes on. What a server does that cannot go on there is up to its
// procedure, which may send an event that says so.
//
// # Errors
//
// What went wrong decides the type, which [errors.As] finds:
//
//   - [*Error]: the procedure, or the server for it, refused. Compare codes with
//     errors.Is(err, trpc.CodeConflict).
//   - [*HTTPError]: a complete response that is not tRPC, as proxies and login
//     pages send.
//   - [*TransportError]: no complete response. It unwraps to the network's
//     error, to [io.ErrUnexpectedEOF] for a body cut short, or to the cause of
//     the caller's context.
//   - [*DecodeError]: the call succeeded, the result does not fit the Go type.
//
// A mutation whose answer is lost may have run: errors.Is(err,
// [ErrOutcomeUnknown]) tells. No error text holds the token or the URL.
//
// # Values
//
// Inputs and outputs are JSON; [SuperJSON] speaks to servers with that
// transformer. JavaScript validators accept an absent field where they refuse
// null: give optional fields of inputs omitempty or omitzero, and give times in
// UTC. A nil pointer, map or slice as the whole input means no input.
//
// # Links
//
// A call passes through Config.Links, then headers, authorization and batching,
// and ends in the HTTP request. A [Link] sees single calls and may observe,
// change, repeat or answer them. Subscriptions pass through Push.Links.
// [LogCalls], [LogEvents], [Timeout], [Dedupe] and [Split] are links.
package trpc
