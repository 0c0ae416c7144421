package trpc

import (
	"context"
	"iter"

	"github.com/freshet-go/freshet/query"
)

// Source returns the subscription as the Source of a [query.Push], which keeps
// queries fresh by what it brings. It begins behind the ID that it is given, else
// where After says. Losses are mended here and told there; when the subscription is
// over, the push runs it again. A value that cannot be decoded makes a resync, and so
// must [query.Push.On] for one by which the server says that it has lost some: it
// returns an error. c must be closed after the query client, or after the push was
// stopped.
func (s Subscription[In, Out]) Source(c *Client, in In) func(ctx context.Context, after string) iter.Seq[query.PushEvent[Out]] {
	return func(ctx context.Context, after string) iter.Seq[query.PushEvent[Out]] {
		if after != "" {
			s.after = after
		}
		return func(yield func(query.PushEvent[Out]) bool) {
			for e := range s.Events(ctx, c, in) {
				if !yield(pushEvent(e)) {
					return
				}
			}
		}
	}
}

func pushEvent[T any](e Event[T]) query.PushEvent[T] {
	told := query.PushEvent[T]{ID: e.ID, Data: e.Data, Err: e.Err}
	switch e.Kind {
	case EventConnected:
		told.Kind = query.PushConnected
	case EventResumed:
		told.Kind = query.PushResumed
	case EventLost, EventClosed:
		told.Kind = query.PushDisconnected
	case EventData:
		told.Kind = query.PushData
		told.Distinct = true // Events leaves repetitions out
	}
	return told
}
