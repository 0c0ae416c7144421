package trpc

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"
)

// Subscription is a procedure that pushes values. Make it with
// [NewSubscription]. It is an immutable value, may be copied and compared, and
// holds no state, so it can be a package variable.
type Subscription[In, Out any] struct {
	path  string
	after string
}

// NewSubscription returns the subscription at path, the dotted name of the
// procedure such as "orderStatus.onOrderChanged". An invalid path is reported by
// the first event.
func NewSubscription[In, Out any](path string) Subscription[In, Out] {
	return Subscription[In, Out]{path: path}
}

// Path returns the dotted name of the procedure.
func (s Subscription[In, Out]) Path() string { return s.path }

// After returns a subscription that begins behind the event with the given ID,
// one that an earlier process has handled, say. The empty ID means from now on.
func (s Subscription[In, Out]) After(id string) Subscription[In, Out] {
	s.after = id
	return s
}

// EventKind tells what happened to a subscription. The zero kind is invalid.
type EventKind uint8

// The kinds of events, in the order of a subscription's life. It begins while it
// connects, is live from EventConnected or EventResumed on until EventLost, then
// reconnects until it is live again, and ends with EventClosed.
const (
	// EventConnected means live, and that events may have been missed before:
	// what they would have told must be read anew.
	EventConnected EventKind = iota + 1

	// EventResumed means live again, and that the server was told the ID of the
	// last event. It sends what was missed, or an event of its own that says it
	// cannot.
	EventResumed

	// EventData brings a value.
	EventData

	// EventLost means that the connection is lost and will be made again.
	EventLost

	// EventClosed is the last event.
	EventClosed
)

// String returns the kind in one word.
func (k EventKind) String() string {
	switch k {
	case EventConnected:
		return "connected"
	case EventResumed:
		return "resumed"
	case EventData:
		return "data"
	case EventLost:
		return "lost"
	case EventClosed:
		return "closed"
	}
	return fmt.Sprintf("event(%d)", uint8(k))
}

// Event is a step in the life of a subscription.
type Event[T any] struct {
	Kind EventKind

	// ID is that of an EventData which the server tracks. It is empty for values
	// without an ID, which are lost while the connection is.
	ID string

	// Data is the value of an EventData.
	Data T

	// Err is why an EventLost or EventClosed happened; nil for EventClosed means
	// that the server has finished. An EventData has a [*DecodeError] if its value
	// does not fit the Go type.
	Err error

	// RetryIn is how long after an EventLost the next attempt is made.
	RetryIn time.Duration
}

// Events subscribes and yields what happens, until the server has finished, the
// subscription fails for good, ctx or the client ends, or the loop is left. All
// but the last end with an EventClosed. Each range is a subscription of its own.
//
// Events come in order and once: after a lost connection the subscription goes
// on behind the last ID, and events that the server repeats are not handed on
// again. Nothing is dropped when the loop is slow; see [Push]. The loop must
// not call [Client.Close], which waits for it.
func (s Subscription[In, Out]) Events(ctx context.Context, c *Client, in In) iter.Seq[Event[Out]] {
	return func(yield func(Event[Out]) bool) {
		op := Op{Kind: KindSubscription, Path: s.path, After: s.after}
		for raw := range c.subscribe(ctx, op, in) {
			e := Event[Out]{Kind: raw.Kind, ID: raw.ID, Err: raw.Err, RetryIn: raw.RetryIn}
			if raw.Kind == EventData {
				e.Data, e.Err = decodeEvent[Out](c, op, raw.Data)
			}
			if !yield(e) {
				return
			}
		}
	}
}

func decodeEvent[Out any](c *Client, op Op, data json.RawMessage) (Out, error) {
	var out Out
	if err := c.decode(op, data, &out); err != nil {
		var zero Out // decoding may have filled a part of out
		return zero, err
	}
	return out, nil
}

// subscribe encodes in and passes the subscription down its links.
func (c *Client) subscribe(ctx context.Context, op Op, in any) iter.Seq[Event[json.RawMessage]] {
	return func(yield func(Event[json.RawMessage]) bool) {
		fail := func(err error) { yield(Event[json.RawMessage]{Kind: EventClosed, Err: err}) }
		if c == nil {
			fail(fmt.Errorf("trpc: %s: subscription on a nil *Client", op.Path))
			return
		}
		if !c.life.begin() {
			fail(fmt.Errorf("trpc: %s: %w", op.Path, ErrClosed))
			return
		}
		defer c.life.end()
		var err error
		if op.Input, err = encodeInput(c.transformer, in); err != nil {
			fail(fmt.Errorf("trpc: %s: encode input: %w", op.Path, err))
			return
		}
		if err := checkPath(op.Path); err != nil {
			fail(err)
			return
		}
		c.streams(ctx, op)(yield)
	}
}
