// Package bus keeps the caches of several clients in step, in one process or in
// several. What one client fetches or writes the others get, too, so that they
// neither fetch it again nor show something older.
//
//	hub := new(bus.Local)
//	a, err := bus.Attach(ctx, client, hub, bus.Options{})
//	…
//	defer a.Close(ctx)
//
// Between processes the messages travel over a [Bus], an interface of two methods
// that any message broker fits. [Hub] and [Dial] are one over sockets of the
// system, for processes on one machine. Package bustest has the tests that an
// implementation must pass.
//
// # What travels
//
// Data that were fetched or written are sent as "updated", initial data of a new
// entry as "added", and "removed" says that an entry was removed while somebody
// observed it. Nothing else is told: neither errors, invalidations and fetches,
// nor mutations, nor optimistic patches, which belong to a mutation.
//
// A client that receives data stores them, if there are none yet that are newer,
// and does not send them on. Data arrive as JSON and get their type from the query
// that uses them; those that do not fit are refused. A message that tells of a
// removal spares data that are newer than the removal, and "added" fills only
// entries without data. So the clocks of the processes should agree; times more
// than a minute ahead count as now.
//
// A bus may lose messages: then a client keeps what it has until the next message
// about that key, or its next fetch.
//
// # Trust
//
// Who may write to a bus may write to the cache. What arrives is checked and
// bounded, but not authenticated: that is for the transport. Entries that are made
// of it are collected like others. Data go to everybody on the bus, so keys should
// say whose they are, and [Options.Share] keep back what is for one process alone.
//
// # The wire
//
// A message is a JSON object: v is 1, from names the sender, kind is one of the
// above, key is a list, at is a time in RFC 3339, infinite is true for pages, and
// data is any value, absent from "removed". Members that are not known are
// ignored; a message of another v is refused.
package bus

import "context"

// Bus carries messages to all who subscribe, in the process that publishes and in
// others. It may lose, repeat and delay them, but must bring those of one sender
// that do arrive to each subscriber in order. All methods may be called
// concurrently.
type Bus interface {
	// Publish sends a message, which the caller will not change any more. It
	// returns when the bus has taken it, or when ctx is done.
	Publish(ctx context.Context, message []byte) error
	// Subscribe calls deliver with every message from now on until stop is called.
	// Calls for messages of different senders may overlap. deliver may keep the
	// message, but not change it, and does not publish. stop may be called more than
	// once, and from deliver; it does not wait for a call that is running.
	Subscribe(deliver func(message []byte)) (stop func(), err error)
}
